"""Compiled objects on disk, keyed by what they were made from.

    FOLDER/objects/ab/cdef...      one file per object: magic, blake2(key + bytes), bytes

A file is written under another name and moved into place, so readers see all of it or nothing; one whose digest is wrong is
deleted and compiled again. A folder that cannot be made or written means no cache, never an error. When a folder of the
256 outgrows its share of `LIMIT`, its oldest files go.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from jit_runtime.digest import blake2

MAGIC = b"OMNIOBJ2"
LIMIT = 512 << 20
_SHARE = LIMIT // 256
_PRUNE_EVERY = 16


class Info(NamedTuple):
    folder: str
    files: int
    size: int


def default_folder() -> str | None:
    """OMNI_CACHE, else the platform's place for caches; None where OMNI_CACHE is empty: no cache."""
    chosen = os.environ.get("OMNI_CACHE")
    if chosen is not None:
        return chosen or None
    if os.name == "posix" and os.uname().sysname == "Linux":  # what platformdirs answers, without its import
        return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "omnilisp")
    from platformdirs import user_cache_dir

    return user_cache_dir("omnilisp", appauthor=False)


def key(*parts: str) -> str:
    """The key of an object made from these texts, whatever characters they hold."""
    digest = blake2()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return str(digest.hexdigest())


class ObjectCache:
    """`hits` and `misses` count this process's lookups. `folder` None: nothing is kept."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self.hits = self.misses = 0
        self._puts = 0
        self._writable = folder is not None

    def get(self, key: str) -> bytes | None:
        """The object, or None: not there, or damaged."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            self.misses += 1
            return None
        content = _checked(key, data)
        if content is None:
            _remove(path)
            self.misses += 1
        else:
            self.hits += 1
        return content

    def put(self, key: str, content: bytes) -> None:
        if not self._writable:
            return
        path = self._path(key)
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            try:
                file = open(temporary, "wb")  # noqa: SIM115
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                file = open(temporary, "wb")  # noqa: SIM115
            with file:
                file.write(MAGIC + _digest(key, content) + content)
            os.replace(temporary, path)
        except OSError:
            self._writable = False  # read-only or full: not tried again in this process
            _remove(temporary)
            return
        self._puts += 1
        if self._puts % _PRUNE_EVERY == 0:
            _prune(os.path.dirname(path), _SHARE)

    def clear(self) -> int:
        """Delete every object; how many there were."""
        paths = [path for path, _, _ in self._files()]
        for path in paths:
            _remove(path)
        return len(paths)

    def info(self) -> Info:
        files = list(self._files())
        return Info(self.folder or "", len(files), sum(size for _, size, _ in files))

    def _path(self, key: str) -> str:
        return os.path.join(self.folder or "", "objects", key[:2], key[2:])

    def _files(self) -> list[tuple[str, int, float]]:
        if self.folder is None:
            return []
        root = os.path.join(self.folder, "objects")
        try:
            return [row for name in os.listdir(root) for row in _scan(os.path.join(root, name))]
        except OSError:
            return []


def _digest(key: str, content: bytes) -> bytes:
    return bytes(blake2(key.encode() + content).digest())


def _checked(key: str, data: bytes) -> bytes | None:
    content = data[40:]
    return content if data[:8] == MAGIC and data[8:40] == _digest(key, content) else None


def _scan(folder: str) -> list[tuple[str, int, float]]:
    """Path, size and time of each file."""
    rows = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat()
                rows.append((entry.path, status.st_size, status.st_mtime))
    except OSError:
        pass
    return rows


def _prune(folder: str, share: int) -> None:
    """Delete the oldest files until the folder is below half its share, if it is above it."""
    rows = sorted(_scan(folder), key=lambda row: row[2])
    total = sum(size for _, size, _ in rows)
    if total <= share:
        return
    for path, size, _ in rows:
        if total <= share // 2:
            return
        _remove(path)
        total -= size


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
