"""Where the text of a result comes from, for the log: whoever reads it later knows it for data, and whose."""

from collections.abc import Sequence
from pathlib import Path

_SOURCES = {
    "bash": "command",
    "diagnostics": "diagnostics",
    "grep": "search",
    "glob": "search",
    "history": "history",
    "memory": "memory",
}


def source_of(name: str, paths: Sequence[Path], root: Path) -> str:
    """ "file src/a.py", "command", "search", ... for a call of tool `name`; "" for one that only says what it did."""
    if name in _SOURCES:
        return _SOURCES[name]
    if not paths:
        return ""
    path = paths[0]
    return f"file {path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()}"
