"""SHA-256 without OpenSSL: Python's own implementation, since `hashlib` takes 6 ms of every start."""

from __future__ import annotations

try:
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256

__all__ = ["sha256", "short_digest"]


def short_digest(text: str) -> str:
    """16 hexadecimal digits: for names that are the same wherever their text is."""
    return str(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16])
