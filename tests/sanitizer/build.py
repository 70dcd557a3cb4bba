"""The runtime's memory files under AddressSanitizer: their IR, instrumented, linked with driver.c by gcc.

Every load and store of the runtime asks the sanitizer's library first, by the calls that compilers make when they do not put the
tests in line; so any version of LLVM and of gcc go together. What the pool of blocks holds is poisoned (driver.c).
"""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from jit_runtime.codegen.emit import emit_module
from jit_runtime.codegen.pipelines import optimise
from jit_runtime.infer.systems import compile_sources
from jit_runtime.ir.nodes import Function, Imm, Ins, Module, Operand, Symbol
from jit_runtime.ir.ops import Call
from jit_runtime.layout import words as w
from jit_runtime.layout.objects import BY_NAME, EXTRA_SHIFT
from jit_runtime.layout.records import RECORDS, SIZES
from jit_runtime.source.text import Source
from tests.property.heap import DRIVER, FILES, RUNTIME

DRIVER_C = Path(__file__).with_name("driver.c")
HOOKS = {
    "omni.push_free": ("pool_put", (1, 2)),
    "omni.free_mapping": ("pool_put_own", (1,)),
    "omni.unmap": ("pool_gone", (1, 2)),
}
"""Functions that put memory away -> what driver.c does about it first, and their arguments that it gets."""
TAKERS = ("omni.take_large", "omni.take_medium", "omni.take_small", "omni.take_kept")
"""Functions whose result, a block, may be used from then on."""
DEATHS = {"load": "__asan_load", "store": "__asan_store"}


@lru_cache(1)
def obstacle() -> str:
    """Why the driver cannot be built and run here; empty where it can."""
    if shutil.which("gcc") is None:
        return "gcc is not installed"
    program = b"#include <sanitizer/asan_interface.h>\nint main(void) { __asan_poison_memory_region(0, 0); return 0; }\n"
    with TemporaryDirectory() as folder:
        made = Path(folder) / "program"
        found = subprocess.run(["gcc", "-fsanitize=address", "-x", "c", "-", "-o", made], input=program, capture_output=True, check=False)
        if found.returncode:
            return "gcc has no AddressSanitizer here"
        return "" if subprocess.run([made], check=False).returncode == 0 else "AddressSanitizer does not run here"


def build(folder: Path, broken: tuple[tuple[str, str, str], ...] = ()) -> Path:
    """The program. `broken`: (file of the runtime, text in it, what stands there instead)."""
    (folder / "layout.h").write_text(layout(), "utf-8")
    (folder / "runtime.o").write_bytes(runtime_object(broken))
    driver = folder / "driver"
    subprocess.run(
        ["gcc", "-O1", "-g", "-fsanitize=address", f"-I{folder}", DRIVER_C, folder / "runtime.o", "-o", driver], check=True, capture_output=True
    )
    return driver


def layout() -> str:
    """What driver.c knows of records and objects, from the tables that the runtime gets it from."""
    lines = ["enum {"]
    for name in ("Heap", "Task", "Segment", "Cell", "Block"):
        record = RECORDS[name]
        lines += [f"    {name}_{field} = {offset}," for field, offset in record.offsets.items()]
        lines.append(f"    {name}_SIZE = {record.size},")
    for name in ("box", "array", "store", "closure", "string"):
        lines.append(f"    {name.upper()}_HEADER = {BY_NAME[name].header},")
    lines += [
        f"    BOX_VALUE = {BY_NAME['box'].offsets['value']},",
        f"    ARRAY_STORE = {BY_NAME['array'].offsets['store']},",
        f"    CLOSURE_TAIL = {8 * (1 + len(BY_NAME['closure'].fields))},",
        f"    EXTRA_SHIFT = {EXTRA_SHIFT}, PAIR_TAG = {w.PAIR_TAG}, OBJECT_TAG = {w.OBJECT_TAG},",
        f"    NOTHING = {w.NOTHING}, UNBOUND = {w.UNBOUND},",
        "};",
        f"#define IMMEDIATES {w.fixnum(7)}, {w.NULL}, {w.NOTHING}, {w.char(65)}, {w.FLONUM_ZERO}",
    ]
    return "\n".join(lines) + "\n"


def runtime_object(broken: tuple[tuple[str, str, str], ...]) -> bytes:
    from llvmlite import binding

    module = compile_sources([*sources(broken), Source("driver", DRIVER)])
    instrument(module)
    compiled = optimise(emit_module(module), 1)
    machine = binding.Target.from_default_triple().create_target_machine(opt=2, reloc="pic", codemodel="small")
    return bytes(machine.emit_object(compiled))


def sources(broken: tuple[tuple[str, str, str], ...]) -> list[Source]:
    texts = {name: (RUNTIME / f"{name}.omni").read_text("utf-8") for name in FILES.split()}
    for name, right, wrong in broken:
        assert texts[name].count(right) == 1, f"{name}.omni does not say {right}"
        texts[name] = texts[name].replace(right, wrong)
    return [Source(name, text) for name, text in texts.items()]


# ---- the instrumentation ----


def instrument(module: Module) -> None:
    for fn in module.functions:
        for block in fn.blocks:
            block.ins = [each for ins in block.ins for each in (*before(fn, ins), ins)]
        if hook := HOOKS.get(fn.name):
            callee, places = hook
            fn.blocks[0].ins[:0] = [call(callee, *(fn.params[i] for i in places))]
    missing = ({*HOOKS} | {*TAKERS}) - {fn.name for fn in module.functions}
    assert not missing, f"the runtime has no {missing}"


def before(fn: Function, ins: Ins) -> list[Ins]:
    """What is asked before an instruction."""
    if ins.op == "load":
        assert ins.dest is not None
        return [call(f"__asan_load{SIZES[ins.dest.type]}", ins.args[0])]
    if ins.op == "store":
        return [call(f"__asan_store{SIZES[ins.args[0].type]}", ins.args[1])]
    if ins.op == "memcpy":
        to, source, count = ins.args
        return [call("__asan_loadN", source, count), call("__asan_storeN", to, count)]
    if ins.op == "memset":
        to, _, count = ins.args
        return [call("__asan_storeN", to, count)]
    if ins.op == "ret" and fn.name in TAKERS:
        return [call("pool_taken", ins.args[0])]
    return []


def call(callee: str, *args: Operand) -> Ins:
    return Ins("call", args, attr=Call(Symbol(callee), tuple(type_of(arg) for arg in args), "void"))


def type_of(operand: Operand) -> str:
    return "i64" if isinstance(operand, Imm) and operand.type == "ref" else operand.type
