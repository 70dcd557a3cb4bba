"""The object cache: found again, rebuilt when damaged, absent without complaint; and what linking leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit_runtime.engine import object_cache, process
from jit_runtime.engine.linking import LinkError
from jit_runtime.engine.memory_limit import parse
from jit_runtime.engine.object_cache import ObjectCache, key
from jit_runtime.engine.process import target_name
from jit_runtime.source.diagnostics import OmniError
from tests.unit.engine_fixture import HEADER, make_engine, omni

TEXT = HEADER + omni("main", "  ret i64 41")


def test_what_was_put_is_found_by_another_process(tmp_path: Path) -> None:
    ObjectCache(str(tmp_path)).put(key("a"), b"object")
    assert ObjectCache(str(tmp_path)).get(key("a")) == b"object"
    assert ObjectCache(str(tmp_path)).get(key("b")) is None


@given(st.lists(st.text()), st.lists(st.text()))
def test_keys_differ_where_their_parts_do(a: list[str], b: list[str]) -> None:
    assert (key(*a) == key(*b)) == (a == b)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_no_damaged_file_is_ever_used(content: bytes, data: st.DataObject) -> None:
    whole = object_cache.MAGIC + object_cache._digest("k", content) + content
    damaged = bytearray(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged[at] ^= data.draw(st.integers(1, 255))
    assert object_cache._checked("k", whole) == content
    assert object_cache._checked("k", bytes(damaged)) is None
    assert object_cache._checked("k", whole[:at]) is None
    assert object_cache._checked("other", whole) is None


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_second_engine_compiles_nothing(tmp_path: Path) -> None:
    engine = make_engine(str(tmp_path))
    assert engine.run(engine.compile(TEXT, ["main"])["main"]) == (41, False)
    again = make_engine(str(tmp_path))
    again._compiler = lambda text, tier: pytest.fail("compiled again")
    assert again.run(again.compile(TEXT, ["main"])["main"]) == (41, False)
    engine.close()
    again.close()


def test_a_damaged_entry_is_rebuilt(tmp_path: Path) -> None:
    engine = make_engine(str(tmp_path))
    engine.compile(TEXT, ["main"])
    for path in files(tmp_path):
        path.write_bytes(path.read_bytes()[:-7] + b"garbage")
    assert engine.run(engine.compile(TEXT, ["main"])["main"]) == (41, False)
    assert engine.cache.get(key("unit", "0", object_cache_target(), TEXT)) is not None
    engine.close()


def object_cache_target() -> str:
    from jit_runtime.engine.process import target_name

    return target_name()


def test_a_folder_that_cannot_be_written_means_no_cache(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    engine = make_engine(str(blocked / "below"))
    assert engine.run(engine.compile(TEXT, ["main"])["main"]) == (41, False)
    assert engine.cache.info().files == 0 and engine.cache.clear() == 0
    engine.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_still_read(tmp_path: Path) -> None:
    ObjectCache(str(tmp_path)).put(key("a"), b"object")
    for folder, _, _ in os.walk(tmp_path):
        os.chmod(folder, 0o500)
    try:
        cache = ObjectCache(str(tmp_path))
        cache.put(key("b"), b"new")
        assert cache.get(key("a")) == b"object" and cache.get(key("b")) is None
    finally:
        for folder, _, _ in os.walk(tmp_path):
            os.chmod(folder, 0o700)


def test_clear_and_info_count_the_objects(tmp_path: Path) -> None:
    cache = ObjectCache(str(tmp_path))
    for i in range(5):
        cache.put(key(str(i)), b"x" * i)
    assert cache.info().files == 5 and cache.info().size == 5 * 40 + 10
    assert cache.clear() == 5
    assert cache.info().files == 0 and cache.get(key("1")) is None


def test_old_files_go_when_a_folder_outgrows_its_share(tmp_path: Path) -> None:
    for i in range(10):
        path = tmp_path / f"{i}"
        path.write_bytes(b"x" * 100)
        os.utime(path, (i, i))
    object_cache._prune(str(tmp_path), 1000)
    assert len(files(tmp_path)) == 10
    object_cache._prune(str(tmp_path), 600)
    assert sorted(path.name for path in files(tmp_path)) == ["7", "8", "9"]


def test_omni_cache_chooses_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_CACHE", "/somewhere")
    assert object_cache.default_folder() == "/somewhere"
    monkeypatch.setenv("OMNI_CACHE", "")
    assert object_cache.default_folder() is None
    monkeypatch.delenv("OMNI_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert object_cache.default_folder() == "/caches/omnilisp"


def test_memory_sizes() -> None:
    assert [parse(t) for t in (None, "", "0", "12", "2k", "1.5 MiB", "3GB", "1T")] == [0, 0, 0, 12, 2048, 3 << 19, 3 << 30, 1 << 40]
    for bad in ("x", "-1", "5 parsecs", "1e9"):
        with pytest.raises(OmniError, match="OMNI_MEMORY"):
            parse(bad)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_linking_and_unlinking_leaves_nothing_behind() -> None:
    engine = make_engine()
    image = engine.object_of(TEXT)

    def cycles(count: int) -> None:
        for _ in range(count):
            unit = engine.link(image, ["main"])
            engine.retire(unit)

    cycles(300)
    before, maps = resident_bytes(), len(Path("/proc/self/maps").read_text().splitlines())
    cycles(2000)
    assert resident_bytes() - before < 3 << 20
    assert len(Path("/proc/self/maps").read_text().splitlines()) - maps < 20
    assert engine.unit_at(engine.runtime["rt_raise"]) is engine.runtime
    engine.close()


def test_code_stays_where_it_is_while_other_code_comes_and_goes() -> None:
    engine = make_engine()
    first = engine.compile(TEXT, ["main"])
    for _ in range(100):
        engine.retire(engine.compile(TEXT, ["main"]))
    assert engine.run(first["main"]) == (41, False)
    engine.close()


def test_undefined_and_forbidden_names_do_not_link() -> None:
    engine = make_engine()
    for name in ("nobody_defines_this", "system"):
        with pytest.raises(LinkError, match=name):
            engine.compile(f"declare i64 @{name}(i64)\n" + omni("main", f"  %r = call i64 @{name}(i64 0)\n  ret i64 %r"), ["main"])
    assert engine.run(engine.compile(TEXT, ["main"])["main"]) == (41, False)
    engine.close()


def test_retired_code_that_a_frame_returns_into_is_kept() -> None:
    from jit_runtime.engine.stubs import CALLBACK, callback_address

    engine = make_engine()
    spare = [engine.compile(HEADER + omni("main", f"  ret i64 {i}"), ["main"]) for i in range(70)]
    closed = []

    def replace(n: int, task: int) -> int:
        for unit in (running, *spare):
            engine.retire(unit)
        closed.extend(unit for unit in (running, *spare) if unit.on_close and unit.closed)
        return 30

    callback = CALLBACK(replace)
    engine.define("replace", callback_address(callback))
    text = HEADER + "declare i64 @replace(i64, ptr)\n"
    body = "  %r = call i64 @omni_call_c(ptr %task, ptr @replace, i64 0)\n  %s = add i64 %r, %env\n  ret i64 %s"
    running = engine.compile(text + omni("main", body), ["main"])
    assert engine.run(running["main"], 0, 4) == (34, False)
    assert len(closed) >= 60 and running not in closed
    assert running.closed
    engine.close()


def test_objects_of_other_passes_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(str(tmp_path))
    before = engine.object_of(TEXT)
    engine._compiler = lambda text, tier: b"compiled again"
    assert engine.object_of(TEXT) == before
    target_name.cache_clear()
    monkeypatch.setattr(process, "version", lambda: "other passes")
    assert engine.object_of(TEXT) == b"compiled again"
    target_name.cache_clear()
    engine.close()
