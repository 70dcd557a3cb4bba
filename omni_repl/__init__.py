"""The `omni` command and its interactive prompt."""

__version__ = "0.1.0"
