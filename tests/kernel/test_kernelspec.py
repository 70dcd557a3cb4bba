"""Registration of the kernel."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

SPEC = Path(__file__).resolve().parents[2] / "kernel" / "kernelspec" / "kernel.json"


@pytest.fixture
def omni(tmp_path, monkeypatch):
    """Runs the command with a home folder of its own."""
    for name in ("HOME", "JUPYTER_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return lambda *arguments: subprocess.run([sys.executable, "-m", "omni_repl", "kernel", *arguments], capture_output=True, text=True)


def test_the_shipped_spec_asks_for_interrupt_messages_and_no_debugger():
    spec = json.loads(SPEC.read_text())
    assert spec["interrupt_mode"] == "message"
    assert spec["metadata"] == {"debugger": False, "supported_encryption": ["curve"]}
    assert spec["argv"][1:] == ["-m", "kernel", "-f", "{connection_file}"]


def test_installing_the_package_registers_the_kernel():
    found = KernelSpecManager().get_all_specs()["omnilisp"]["spec"]
    assert found["display_name"] == "OmniLisp"


def test_install_names_this_interpreter_and_uninstall_removes(omni, tmp_path):
    done = omni("install", "--user")
    assert done.returncode == 0, done.stderr
    written = tmp_path / "kernels" / "omnilisp" / "kernel.json"
    assert json.loads(written.read_text())["argv"][0] == sys.executable
    assert omni("uninstall").returncode == 0
    assert not written.exists()


@pytest.mark.parametrize("arguments", [[], ["install", "uninstall"], ["install", "--system"], ["install", "--user", "--sys-prefix"]])
def test_bad_usage(omni, arguments):
    done = omni(*arguments)
    assert done.returncode == 2 and "usage" in done.stderr
