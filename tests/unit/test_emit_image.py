"""The runtime image: only reviewed symbols; the cache finds, rejects and replaces files; pasted text links with the object."""

from __future__ import annotations

import os
import pathlib

import pytest

from jit_runtime.codegen import image as images
from jit_runtime.codegen import image_build
from jit_runtime.codegen.emit import emit_module
from jit_runtime.codegen.image import Image, image_key, image_path, load_image, runtime_sources
from jit_runtime.codegen.image_build import image_of, undefined_symbols
from jit_runtime.codegen.pipelines import compile_to_object
from jit_runtime.infer.externs import ENGINE, EXTERNS, LIBC
from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.nodes import Function, Ins, Module, Symbol, Temp
from jit_runtime.ir.ops import Call
from jit_runtime.ir.verify import verify_module
from jit_runtime.source.text import Source
from tests.unit.both_ways import module_of

SMALL = """
(define LINE 512)
(define ^:noinline slow [n {I64}] {I64} (* n LINE))
(define ^:inline ^:export rt-fast [n {I64}] {I64} (if (< n 10) (helper n) (slow n)))
(define ^:inline helper [n {I64}] {I64} (+ n (%cast {I64} ("label" n))))
""".replace('("label" n)', '(let [p "A"] p.[0])')


def test_the_runtime_is_right_ir_and_needs_only_reviewed_symbols() -> None:
    module = compile_sources([Source(path, pathlib.Path(path).read_text(encoding="utf-8")) for path in runtime_sources()])
    verify_module(module)
    defined = {fn.name for fn in module.functions}
    callees = [ins.attr.callee for fn in module.functions for block in fn.blocks for ins in block.ins if ins.op == "call"]
    called = {callee.name for callee in callees if isinstance(callee, Symbol)}
    assert called - defined <= set(EXTERNS)
    assert not defined & set(EXTERNS)


def test_the_object_needs_only_reviewed_symbols(real: Image) -> None:
    assert set(real.needed_externals) <= set(LIBC) | set(ENGINE)
    assert real.needed_externals == undefined_symbols(real.object)
    assert {"rt_raise", "rt_safepoint"} <= set(real.exports)


@pytest.fixture(scope="module")
def real() -> Image:
    return load_image()


def test_every_inline_function_can_be_pasted_and_linked(real: Image) -> None:
    """A module that calls all of them imports only what the object exports, and libc."""
    functions = []
    for number, (name, signature) in enumerate((n, s) for n, s in real.signatures.items() if n in real.inline_text):
        fn = Function(f"use{number}", [Temp(i + 1, t) for i, t in enumerate(signature.args)], signature.result, "ccc", attributes={"export"})
        result = None if signature.result == "void" else Temp(99, signature.result)
        call = Ins("call", tuple(fn.params), result, Call(Symbol(name), signature.args, signature.result))
        fn.next_id = 99
        fn.block("entry").ins = [call, Ins("ret", () if result is None else (result,))]
        functions.append(fn)
    object = compile_to_object(emit_module(Module("uses", functions), real.inline_text), 0)
    assert set(undefined_symbols(object)) <= set(real.exports) | set(EXTERNS)


def test_inline_functions_and_what_they_call() -> None:
    image = image_of(module_of(SMALL))
    assert set(image.inline_text) == {"rt_fast", "omni.helper"} and set(image.exports) == {"rt_fast", "omni.slow"}
    assert image.signatures["rt_fast"].args == ("i64",) and image.signatures["rt_fast"].result == "i64"
    assert image.inline_text["rt_fast"].text.startswith("define internal ")
    call = Ins("call", (Temp(1, "i64"),), Temp(2, "i64"), Call(Symbol("rt_fast"), ("i64",), "i64"))
    fn = Function("use", [Temp(1, "i64")], "i64", "ccc", attributes={"export"})
    fn.block("entry").ins = [call, Ins("ret", (Temp(2, "i64"),))]
    for tier in (0, 1):
        assert undefined_symbols(compile_to_object(emit_module(Module("m", [fn]), image.inline_text), tier)) == ["omni.slow"]


def test_an_unreviewed_symbol_is_refused() -> None:
    module = module_of("(define ^:export f [] {I64} 1)")
    fn = module.functions[0]
    fn.blocks[0].ins.insert(0, Ins("call", (), None, Call(Symbol("system"), (), "void")))
    with pytest.raises(ValueError, match="system"):
        image_of(module)


# ---- cache ----


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A fresh cache folder and a small runtime; the list of what was announced."""
    monkeypatch.setenv("OMNI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(image_build, "build_image", lambda: image_of(module_of(SMALL)))
    return []


def test_second_load_builds_nothing(cache: list[str]) -> None:
    first = load_image(cache.append)
    assert load_image(cache.append) == first and len(cache) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign"])
def test_damaged_file_is_rebuilt(cache: list[str], damage: str) -> None:
    first = load_image(cache.append)
    path = pathlib.Path(str(image_path()))
    data = path.read_bytes()
    path.write_bytes({"cut": data[:-7], "flipped": data[:100] + bytes([data[100] ^ 1]) + data[101:], "empty": b"", "foreign": b"x" * 1000}[damage])
    assert load_image(cache.append) == first and len(cache) == 2
    assert path.read_bytes() == data


def test_folder_that_cannot_be_made_is_tolerated(cache: list[str], tmp_path: pathlib.Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    load_image(cache.append)
    assert load_image(cache.append).exports and len(cache) == 2


def test_no_cache_when_the_variable_is_empty(cache: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_CACHE", "")
    assert image_path() is None and load_image(cache.append).exports


def test_nothing_but_the_image_is_left(cache: list[str], tmp_path: pathlib.Path) -> None:
    load_image(cache.append)
    assert os.listdir(tmp_path / "cache" / "runtime") == [image_key()]


def test_images_of_old_versions_go(cache: list[str], tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "cache" / "runtime"
    folder.mkdir(parents=True)
    for number in range(20):
        (folder / f"old{number}").write_bytes(b"")
        os.utime(folder / f"old{number}", (number, number))
    load_image(cache.append)
    left = os.listdir(folder)
    assert len(left) == images.KEPT and image_key() in left and "old19" in left and "old0" not in left


def test_the_key_depends_on_sources_and_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    before = image_key()
    assert image_key() == before
    changed = tmp_path / "values.omni"
    changed.write_text("; another runtime")
    with monkeypatch.context() as patch:
        patch.setattr(images, "runtime_sources", lambda: [str(changed)])
        assert image_key() != before
    monkeypatch.setattr("jit_runtime.codegen.processor.processor", lambda: "another")
    assert image_key() != before
