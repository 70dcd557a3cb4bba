"""Structs with as many fields as there can be: all are found by the walkers when objects move."""

from __future__ import annotations

import pytest

from jit_runtime.source.diagnostics import OmniError
from jit_runtime.types.structs import MOST_FIELDS, MOST_REFERENCES
from tests.memory.program import MODES, open_session


def definition(words: int, raw: int) -> str:
    fields = [f"[w{i}]" for i in range(words)] + [f"[r{i} {{Int}}]" for i in range(raw)]
    return f"(define {{struct W}} {' '.join(fields)})"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("words", "raw"), [(MOST_REFERENCES, 0), (MOST_REFERENCES, MOST_FIELDS - MOST_REFERENCES)])
def test_every_field_survives_moves(mode: str, words: int, raw: int) -> None:
    session = open_session(mode)
    made = " ".join([*(f"(list x {i})" for i in range(words)), *(f"(+ x {i})" for i in range(raw))])
    session.eval(f"{definition(words, raw)} (define make x (W {made})) (define kept (make 1))")
    session.eval("(define churn n (let loop [i 0 last kept] (if (= i n) last (loop (+ i 1) (make i)))))")
    session.eval("(define other (churn 300))")
    last = f"w{words - 1}" if raw == 0 else f"r{raw - 1}"
    expected = f"(1 {words - 1}) (299 {words - 1})" if raw == 0 else f"{raw} {299 + raw - 1}"
    assert session.eval(f"(list kept.{last} other.{last} (= kept (make 1)) (= other (make 299)))").value_text == f"({expected} true true)"
    session.close()


def test_the_identity_of_a_mutable_struct_counts() -> None:
    """Its word may name fields that the struct got later, so it is walked like a field."""
    session = open_session("stress")
    session.eval(definition(MOST_REFERENCES - 1, 3).replace("struct", "mutable-struct"))
    session.eval(f"(define w (W {' '.join(f'(list {i})' for i in range(MOST_REFERENCES - 1))} 1 2 3)) (define d #{{}})")
    session.eval("(dict-set! d w 'here) (put! w.r2 7)")
    assert session.eval(f"(list (get d w) w.w{MOST_REFERENCES - 2} w.r0 w.r2)").value_text == f"(here ({MOST_REFERENCES - 2}) 1 7)"
    with pytest.raises(OmniError, match="too many fields"):
        session.eval(definition(MOST_REFERENCES, 0).replace("struct", "mutable-struct"))
    session.close()


@pytest.mark.parametrize(("words", "raw"), [(MOST_REFERENCES + 1, 0), (0, MOST_FIELDS + 1)])
def test_one_more_is_an_error(words: int, raw: int) -> None:
    session = open_session("normal")
    with pytest.raises(OmniError, match="too many fields"):
        session.eval(definition(words, raw))
    with pytest.raises(OmniError, match="unknown type"):
        session.eval("{W}")
    session.close()
