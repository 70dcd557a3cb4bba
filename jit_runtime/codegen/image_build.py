"""Building the runtime image: sources -> IR -> one object file, and the text of each inline function."""

from __future__ import annotations

import struct

from jit_runtime.codegen.emit import Emitter, InlineFunction, data_line, emit_module
from jit_runtime.codegen.image import Image, Signature, runtime_sources
from jit_runtime.codegen.pipelines import OPTIMISED, compile_to_object
from jit_runtime.infer.externs import EXTERNS
from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.nodes import Function, Module
from jit_runtime.source.text import Source


def build_image() -> Image:
    sources = []
    for path in runtime_sources():
        with open(path, encoding="utf-8") as file:
            sources.append(Source(path, file.read()))
    return image_of(compile_sources(sources))


def image_of(module: Module) -> Image:
    """Raises ValueError when the object needs a symbol that nobody reviewed."""
    functions = {fn.name: fn for fn in module.functions}
    inline = {fn.name: _inline_text(fn, module) for fn in module.functions if "inline" in fn.attributes}
    for found in inline.values():  # what pasted text calls must be linkable
        for name in found.needs:
            if name in functions and name not in inline:
                functions[name].attributes.add("export")
    object = compile_to_object(emit_module(module), OPTIMISED)
    needed = undefined_symbols(object)
    if unknown := [name for name in needed if name not in EXTERNS]:
        raise ValueError("the runtime needs symbols that are not in infer/externs.py: " + ", ".join(unknown))
    signatures = {fn.name: _signature(fn) for fn in module.functions if fn.attributes & {"export", "inline"}}
    exports = {name: row for name, row in signatures.items() if "export" in functions[name].attributes}
    return Image(object, exports, inline, signatures, needed)


def _signature(fn: Function) -> Signature:
    return Signature(tuple(p.type for p in fn.params), fn.result, frozenset(fn.attributes))


def _inline_text(fn: Function, module: Module) -> InlineFunction:
    """The text to paste: always internal, so that what is not called any more is dropped."""
    declares: dict[str, str] = {}
    attributes, fn.attributes = fn.attributes, fn.attributes - {"export"}
    text = Emitter(fn, declares).function()
    fn.attributes = attributes
    declares.pop(fn.name, None)
    return InlineFunction(text, {name: data_line(name, module.data[name]) if name in module.data else line for name, line in declares.items()})


def undefined_symbols(object: bytes) -> list[str]:
    """The symbols an ELF object imports, sorted."""
    sections_at, count = struct.unpack_from("<Q", object, 0x28)[0], struct.unpack_from("<H", object, 0x3C)[0]
    headers = [struct.unpack_from("<IIQQQQIIQQ", object, sections_at + 64 * i) for i in range(count)]
    names: set[str] = set()
    for _, kind, _, _, offset, size, link, *_ in headers:
        if kind != 2:  # SHT_SYMTAB
            continue
        strings = headers[link][4]
        for at in range(offset + 24, offset + size, 24):
            name, _, _, section = struct.unpack_from("<IBBH", object, at)
            if section == 0:
                names.add(object[strings + name : object.index(b"\0", strings + name)].decode())
    return sorted(names)
