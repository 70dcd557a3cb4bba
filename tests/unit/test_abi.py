"""docs/abi.md, executed: layouts and conventions as words in memory and in the code of real programs."""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.engine.native import Struct
from jit_runtime.infer.code import rep_of
from jit_runtime.infer.conventions import call_rep
from jit_runtime.infer.machine_calls import BUFFER, place_arguments
from jit_runtime.ir.nodes import Imm
from jit_runtime.layout import words
from jit_runtime.layout.objects import BY_NAME, LAYOUTS, TYPE_SHIFT
from jit_runtime.layout.records import RECORDS
from jit_runtime.options import Options
from jit_runtime.pipeline import BUILD
from jit_runtime.session import Session
from jit_runtime.source.diagnostics import OmniError
from jit_runtime.types.kinds import ANY, BIT

OWNED = 2


@pytest.fixture
def session() -> Iterator[Session]:
    opened = Session(Options(check=True, verify=True))
    yield opened
    opened.close()


def load(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value


# ---- values ----


def test_tags_are_distinct_and_fixnums_need_two_bits():
    tags = [words.PAIR_TAG, words.IMMEDIATE_TAG, words.OBJECT_TAG, words.FORWARD_TAG]
    assert tags == [0b001, 0b011, 0b101, 0b111] and all(tag & 1 for tag in tags)
    assert words.fixnum(5) == 20 and words.fixnum(-1) == 2**64 - 4


@given(st.floats(allow_nan=False))
def test_a_flonum_is_tagged_10_and_decodes_exactly(value):
    word = words.flonum(value)
    if word is not None:
        assert word & 3 == 0b10
        assert struct.pack("<d", words.flonum_value(word)) == struct.pack("<d", value)


def test_false_are_exactly_nothing_and_false():
    constants = [words.NOTHING, words.FALSE, words.TRUE, words.NULL, words.UNINITIALIZED, words.UNBOUND, words.DEFAULT, words.char(0), 0]
    assert [w for w in constants if (w & ~0x100) == 3] == [words.NOTHING, words.FALSE]
    assert not any(w & 1 and w & 7 != 3 for w in constants)  # none may name an object


def test_every_header_has_its_type_and_no_tag_of_a_forwarding_mark():
    for row in LAYOUTS:
        assert row.header >> TYPE_SHIFT & 0xFF == row.id and row.header & 7 == 0
    assert len({row.id for row in LAYOUTS}) == len(LAYOUTS)
    assert BY_NAME["closure"].offsets["entry"] == BY_NAME["function"].offsets["entry"]
    assert BY_NAME["closure"].offsets["info"] == BY_NAME["function"].offsets["info"]


# ---- representations, calls ----


def test_representations():
    sets = [BIT["Int"], BIT["Float"], BIT["Bool"], BIT["Int"] | BIT["Float"], BIT["Null"], ANY]
    assert [rep_of(m) for m in sets] == ["i64", "f64", "i1", "ref", "ref", "ref"]
    assert [call_rep(m) for m in sets] == ["i64", "f64", "ref", "ref", "ref", "ref"]


@given(st.lists(st.sampled_from(["i64", "ref", "f64"]), max_size=30))
def test_arguments_go_left_to_right_into_three_words_eight_doubles_and_the_buffer(reps):
    ints, doubles, spilled = place_arguments(reps)
    assert ints == [i for i, r in enumerate(reps) if r != "f64"][:3]
    assert doubles == [i for i, r in enumerate(reps) if r == "f64"][:8]
    assert sorted(ints + doubles + spilled) == list(range(len(reps)))
    assert RECORDS["Task"].types["arguments"] == ("i64", BUFFER)


def test_a_spilled_argument_lies_at_its_position_among_all(session):
    modules = []
    session.pipeline.watch = lambda stage, made: modules.append(made) if stage is BUILD else None
    session.eval("(define (f a b c d e) (- e d)) (f 1 2 3 40 50)")
    form = next(fn for module in modules for fn in module.functions if fn.name == "form")
    first = RECORDS["Task"].offsets["arguments"]
    offsets = [ins.args[1].value - first for block in form.blocks for ins in block.ins if ins.op == "offset" and isinstance(ins.args[1], Imm)]
    assert [at for at in offsets if at >= 0] == [8 * 3, 8 * 4]
    callee = next(fn for module in modules for fn in module.functions if fn.name.startswith("fn.f."))
    assert [p.type for p in callee.params] == ["ptr", "ptr", "ref", "i64", "i64", "i64"]


def test_a_function_pops_its_argument_area(session):
    session.eval("(define (f x) (+ x 1)) (f 1)")
    assert re.search(r"retq\s+\$8", session.dump("f", "asm"))


def test_signatures_and_slots_survive_redefinition(session):
    session.eval("(define (f x) (* x 2)) (define (g x) (f x)) (g 1)")
    slots = session.compiler.slots
    slot = slots["slot.f.1.1.1"].slot
    assert slot.signature == "i>i"
    word, target = slot.address, slot.target
    session.eval("(define (f x) (* x 3)) (g 1)")
    assert slots["slot.f.1.1.1"].slot.address == word and slot.target != target
    assert session.eval('(define (f x) "s") (g 1)').value_text == '"s"'
    assert slots["slot.f.1.1.20"].slot.signature == "i>r" and slots["slot.f.1.1.1"].slot.address == word


# ---- regions, chunks ----


def test_a_destination_is_a_region_whose_lanes_stand_first():
    region, lane = RECORDS["Region"], RECORDS["Lane"]
    assert region.offsets["pairs"] == 0 and region.offsets["objects"] == lane.size == 24
    assert (lane.offsets["bump"], lane.offsets["end"]) == (0, 8)


def value_of(session: Session, name: str) -> tuple[int, Struct]:
    """The word of a global and its cell."""
    cell = Struct(RECORDS["Cell"], session.compiler.cells[name].cell)
    return cell.read("value"), cell


def owner_of(word: int) -> int:
    return load((word & ~0xFFFFF) + 8 * (word >> 9 & 2047))


@pytest.mark.parametrize(("text", "tag"), [("(list 1 2)", words.PAIR_TAG), ("[1 2]", words.OBJECT_TAG), ("(make-array 5000 0)", words.OBJECT_TAG)])
def test_the_owner_table_knows_the_region_of_a_word(session, text, tag):
    session.eval(f"(define v {text})")
    word, cell = value_of(session, "v")
    assert word & words.TAG_MASK == tag
    region = Struct(RECORDS["Region"], owner_of(word))
    assert region.address == cell.read("region") and region.read("state") == OWNED and region.read("owner") == cell.address


def test_pairs_are_two_words_and_objects_begin_with_a_header(session):
    session.eval("(define p (cons 7 true)) (define b (box 9))")
    pair, _ = value_of(session, "p")
    assert (load(pair - words.PAIR_TAG), load(pair - words.PAIR_TAG + 8)) == (words.fixnum(7), words.TRUE)
    box, _ = value_of(session, "b")
    at = box - words.OBJECT_TAG
    assert load(at) >> TYPE_SHIFT & 0xFF == BY_NAME["box"].id
    assert load(at + BY_NAME["box"].offsets["value"]) == words.fixnum(9)


def test_the_log_entry_and_a_cell_are_told_apart_by_their_tags(session):
    assert RECORDS["LogEntry"].size == 16
    session.eval("(define v 1)")
    assert session.compiler.cells["v"].cell & 7 == 0


# ---- errors, guard ----


def test_an_error_restores_every_height(session):
    session.eval("(define (deep n) (if (= n 0) (car n) (cons n (deep (- n 1)))))")
    before = heights(session)
    with pytest.raises(OmniError, match="car"):
        session.eval("(deep 50)")
    assert heights(session) == before
    assert session.eval("(handle (deep 50) [error [e] 'caught])").value_text == "caught"
    assert heights(session) == before


def heights(session: Session) -> list[int]:
    task, segment = session.engine.task, session.engine.segment.record
    return [*(task.read(f) for f in ("root_top", "handler", "youngest")), *(segment.read(f) for f in ("height", "youngest", "handler"))]


def test_the_limit_is_a_hint_that_the_slow_path_resets(session):
    task, segment = session.engine.task, session.engine.segment.record
    task.write(limit=2**64 - 1)  # something seems to be pending, nothing is
    assert session.eval("(let loop [i 0] (if (= i 10) i (loop (+ i 1))))").value_text == "10"
    assert task.read("limit") == segment.read("limit")


def test_a_closure_has_its_number_of_arguments_in_info(session):
    session.eval("(define f (fn [a b] (+ a b))) (define r (fn [a .. b] b))")
    infos = []
    for name in ("f", "r"):
        word, _ = value_of(session, name)
        infos.append(load(word - words.OBJECT_TAG + BY_NAME["closure"].offsets["info"]) & 0x1FF)
    assert infos[0] == 2 and infos[1] & 0x100
