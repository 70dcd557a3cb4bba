"""`omni cache clear|info`: the compiled code that is kept between runs."""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """The exit status; 2 for bad usage."""
    from jit_runtime.engine.object_cache import ObjectCache, default_folder

    cache = ObjectCache(default_folder())
    if arguments == ["info"]:
        from jit_runtime.amounts import bytes_text

        info = cache.info()
        print(f"{info.folder or 'no cache'}: {info.files} objects, {bytes_text(info.size)}")
    elif arguments == ["clear"]:
        print(f"removed {cache.clear()} objects")
    else:
        print("usage: omni cache clear|info", file=sys.stderr)
        return 2
    return 0
