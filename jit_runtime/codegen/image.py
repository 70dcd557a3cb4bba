"""The runtime image: all of runtime/*.omni as one object file, and the text of its inline functions to paste.

Kept in the user's cache folder as `runtime/KEY`: magic, digest, payload. KEY is a hash of everything that decides the bytes, so a
stale image is never found; a damaged one fails its digest and is built again; a folder that cannot be written means that
every process builds its own. A file is written under another name and moved into place.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from jit_runtime.codegen.emit import InlineFunction
from jit_runtime.digest import blake2

MAGIC = b"OMNIIMG2"
KEPT = 8  # images of other versions, machines and interpreters
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What decides the image besides the runtime's sources. Folders stand for their Python files.
_COMPILER = (
    "syntax", "source", "layout", "ir", "types/errors.py",
    "infer/externs.py", "infer/ckinds.py", "infer/systems.py", "infer/systems_body.py", "infer/systems_forms.py", "infer/systems_prims.py",
    "infer/systems_constants.py", "passes/blocks.py",
    "codegen/emit.py", "codegen/emitter.py", "codegen/spelling.py", "codegen/line_tables.py", "codegen/low_ops.py", "codegen/pipelines.py",
    "codegen/image.py", "codegen/image_build.py",
)  # fmt: skip


class Signature(NamedTuple):
    """Of an exported runtime function: IR types and attributes (see ir/nodes.py, Function)."""

    args: tuple[str, ...]
    result: str
    attributes: frozenset[str]


class Image(NamedTuple):
    """`exports`: the symbols of `object` that others may link to. `signatures`: those and the inline functions'.

    `needed_externals`: the symbols that `object` imports, all of infer/externs.py.
    """

    object: bytes
    exports: dict[str, Signature]
    inline_text: dict[str, InlineFunction]
    signatures: dict[str, Signature]
    needed_externals: list[str]


def load_image(notify: Callable[[str], None] | None = None) -> Image:
    """The image for this machine: from the cache, else built, which takes seconds and is announced to `notify` (stderr)."""
    path = image_path()
    image = None if path is None else _read(path)
    if image is None:
        (notify or _announce)("compiling the runtime (once for this version; kept in the cache)")
        from jit_runtime.codegen.image_build import build_image

        image = build_image()
        if path is not None:
            _write(path, image)
    return image


def _announce(text: str) -> None:
    if sys.stderr is not None:
        print(f"omni: {text}", file=sys.stderr, flush=True)


# ---- key ----


def runtime_sources() -> list[str]:
    """Paths of the runtime's files, in a fixed order."""
    folder = os.path.join(_PACKAGE, "runtime")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".omni")]


def _compiler_files() -> list[str]:
    files = []
    for entry in _COMPILER:
        path = os.path.join(_PACKAGE, entry)
        if os.path.isdir(path):
            files += [os.path.join(path, name) for name in sorted(os.listdir(path)) if name.endswith(".py")]
        else:
            files.append(path)
    return files


def image_key() -> str:
    """Hash of all that decides the bytes of the image."""
    import llvmlite

    from jit_runtime.codegen.processor import processor

    digest = blake2()
    for part in (llvmlite.__version__, processor(), sys.implementation.cache_tag, str(marshal.version)):
        digest.update(part.encode() + b"\0")
    for path in [*_compiler_files(), *runtime_sources()]:
        with open(path, "rb") as file:
            content = file.read()
        digest.update(f"{os.path.basename(path)} {len(content)}\0".encode())
        digest.update(content)
    return str(digest.hexdigest())


def image_path() -> str | None:
    """Where the image of this version is kept; None: no cache (OMNI_CACHE is empty)."""
    chosen = os.environ.get("OMNI_CACHE")
    if chosen is None:
        if sys.platform.startswith("linux"):  # what platformdirs answers, without its import
            chosen = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "omnilisp")
        else:
            from platformdirs import user_cache_dir

            chosen = user_cache_dir("omnilisp", appauthor=False)
    return os.path.join(chosen, "runtime", image_key()) if chosen else None


# ---- file ----


def _read(path: str) -> Image | None:
    """The image in a file, or None: not there, cut off, or damaged."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    start = len(MAGIC) + 32
    if data[: len(MAGIC)] != MAGIC or blake2(data[start:]).digest() != data[len(MAGIC) : start]:
        return None
    return _unpacked(data[start:])


def _unpacked(payload: bytes) -> Image:
    object, exports, inline, signatures, needed = marshal.loads(payload)
    return Image(
        object,
        {name: Signature(*row) for name, row in exports.items()},
        {name: InlineFunction(*row) for name, row in inline.items()},
        {name: Signature(*row) for name, row in signatures.items()},
        needed,
    )


def _packed(image: Image) -> bytes:
    tables = ({name: tuple(row) for name, row in table.items()} for table in image[1:4])
    return marshal.dumps((image.object, *tables, image.needed_externals))


def _write(path: str, image: Image) -> None:
    payload = _packed(image)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(MAGIC + blake2(payload).digest() + payload)
        os.replace(temporary, path)
        _prune(os.path.dirname(path))
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            pass


def _prune(folder: str) -> None:
    """Keep the newest images."""
    files = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder))
    for _, path in files[:-KEPT]:
        os.unlink(path)
