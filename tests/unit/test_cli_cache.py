"""`omni cache`."""

import pytest

from jit_runtime.engine.object_cache import ObjectCache, key
from omni_repl.cli import main


def test_info_counts_and_clear_empties(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OMNI_CACHE", str(tmp_path))
    ObjectCache(str(tmp_path)).put(key("a"), b"x" * 2000)
    assert main(["cache", "info"]) == 0
    assert "1 objects, 1.99 KiB" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert "removed 1 objects" in capsys.readouterr().out
    assert ObjectCache(str(tmp_path)).get(key("a")) is None


@pytest.mark.parametrize("arguments", [[], ["burn"], ["info", "clear"]])
def test_bad_usage(arguments, capsys):
    assert main(["cache", *arguments]) == 2
    assert "usage" in capsys.readouterr().err


def test_no_cache_is_said(monkeypatch, capsys):
    monkeypatch.setenv("OMNI_CACHE", "")
    assert main(["cache", "info"]) == 0
    assert "no cache" in capsys.readouterr().out
