"""Texts that the reader must survive: pieces of syntax in any order, or any characters."""

from hypothesis import strategies as st

_PIECES = st.sampled_from(
    [*"()[]{}'`,.:#^\"\\;$@|& \n\t_-+0123456789abcxnλ日", "#{", '#fmt"', "$(", "$a.b", "#|", "|#", "#\\", "#_", "^:doc ", "..", '#raw"', "|>"]
)
ANY_TEXT = st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=40)
