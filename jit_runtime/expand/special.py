"""THE table of special forms: name -> its expander, `(Expander, f.List, Scope) -> Core`.

A lexical variable shadows any of them. At top level a name of SPECIAL cannot be defined; one of REPLACEABLE can, and
then means the user's definition.
"""

from __future__ import annotations

from jit_runtime.expand.bindings import expand_let, expand_let_rec, expand_let_seq, expand_set
from jit_runtime.expand.control import (
    expand_and,
    expand_assert,
    expand_assert_eq,
    expand_cond,
    expand_do,
    expand_for,
    expand_foreach,
    expand_if,
    expand_or,
    expand_unless,
    expand_when,
    expand_while,
)
from jit_runtime.expand.definitions import expand_global_define, expand_global_do, misplaced_define
from jit_runtime.expand.functions import expand_lambda
from jit_runtime.expand.handlers import (
    expand_handle,
    expand_misplaced_clause,
    expand_try,
)
from jit_runtime.expand.kinds import expand_computed_kind
from jit_runtime.expand.later import expand_later
from jit_runtime.expand.matching import expand_match
from jit_runtime.expand.memory_forms import expand_with_memory_limit, expand_with_stats
from jit_runtime.expand.paths import expand_pipe, expand_put, expand_update, expand_update_in_place
from jit_runtime.expand.quotes import expand_quasiquote, expand_quote, expand_unquote

SPECIAL = {
    # bindings
    "define": misplaced_define,
    "let": expand_let,
    "let*": expand_let_seq,
    "letrec": expand_let_rec,
    "set!": expand_set,
    # functions
    "fn": expand_lambda,
    "lambda": expand_lambda,
    "λ": expand_lambda,
    "->": expand_lambda,
    "clambda": expand_lambda,
    # control
    "if": expand_if,
    "cond": expand_cond,
    "when": expand_when,
    "unless": expand_unless,
    "do": expand_do,
    "begin": expand_do,
    "progn": expand_do,
    "and": expand_and,
    "or": expand_or,
    "while": expand_while,
    "for": expand_for,
    "foreach": expand_foreach,
    "match": expand_match,
    "|>": expand_pipe,
    # quotes
    "quote": expand_quote,
    "quasiquote": expand_quasiquote,
    "unquote": expand_unquote,
    "unquote-splicing": expand_unquote,
    # errors and effects
    "handle": expand_handle,
    "try": expand_try,
    "catch": expand_misplaced_clause,
    "finally": expand_misplaced_clause,
    # not yet
    "define-syntax": expand_later,
    "defmacro": expand_later,
    "module": expand_later,
    "import": expand_later,
    "lift": expand_later,
    "EM": expand_later,
}
REPLACEABLE = {
    "put!": expand_put,
    "update!": expand_update_in_place,
    "update": expand_update,
    "assert": expand_assert,
    "assert-eq": expand_assert_eq,
    "with-memory-limit": expand_with_memory_limit,
    "with-stats": expand_with_stats,
    "union": expand_computed_kind,
    # not yet
    "perform": expand_later,
    "prompt": expand_later,
    "control": expand_later,
    "with-fibers": expand_later,
}
TOPLEVEL = {
    "define": expand_global_define,
    "do": expand_global_do,
    "begin": expand_global_do,
    "progn": expand_global_do,
}
"""Forms that mean something else at top level, `(Expander, f.Form) -> Core`."""
