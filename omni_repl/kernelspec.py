"""`omni kernel install|uninstall`: tell a Jupyter of another environment about this one.

`pip install` alone registers the kernel for a Jupyter in the same environment; its spec starts plain `python`,
which a Jupyter elsewhere takes for its own. The spec written here names this interpreter.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shutil import copytree, rmtree

NAME = "omnilisp"
USAGE = "usage: omni kernel install|uninstall [--user|--sys-prefix]"


def main(arguments: list[str]) -> int:
    """The exit status; 2 for bad usage."""
    actions = [word for word in arguments if word in ("install", "uninstall")]
    places = [word for word in arguments if word in ("--user", "--sys-prefix")]
    if len(actions) != 1 or len(places) > 1 or len(arguments) != len(actions) + len(places):
        print(USAGE, file=sys.stderr)
        return 2
    target = _folder(user=places != ["--sys-prefix"])
    try:
        if actions == ["install"]:
            _install(target)
            print(f"installed the kernel in {target}")
        else:
            rmtree(target)
            print(f"removed {target}")
    except OSError as error:
        print(f"omni kernel: {target}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _folder(*, user: bool) -> Path:
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir() if user else f"{sys.prefix}/share/jupyter") / "kernels" / NAME


def _install(target: Path) -> None:
    import kernel

    copytree(Path(kernel.__file__).parent / "kernelspec", target, dirs_exist_ok=True)
    spec = json.loads((target / "kernel.json").read_text())
    spec["argv"][0] = sys.executable
    (target / "kernel.json").write_text(json.dumps(spec, indent=2))
