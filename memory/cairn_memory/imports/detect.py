"""Which program a session's file comes from, by what stands in it."""

from itertools import islice
from pathlib import Path

from cairn_memory.imports import claude_code, codex, neutral, opencode
from cairn_memory.imports.lines import rows, source_of_lines
from cairn_memory.imports.message import ImportRefused, Problems, Source

_FORMATS = (neutral, codex, claude_code)
_ROWS = 100
"""Lines that are looked at; one that a format knows is enough."""
_BYTES = 60_000_000


def detect(path: Path) -> Source:
    """The session at `path`. Raises ImportRefused, in one line, when there is none that can be read."""
    try:
        if path.is_dir():
            raise ImportRefused(f"{path} is a folder; give the session's file")
        if path.stat().st_size == 0:
            raise ImportRefused(f"{path} is empty")
        if found := opencode.source(path):
            return found
        for _, row in islice(rows(path, Problems(), _BYTES), _ROWS):
            for each in _FORMATS:
                if each.knows(row):
                    return source_of_lines(path, each.NAME, each.messages)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a path with a zero byte
        raise ImportRefused(f"{str(path)!r} is no path: {error}") from error
    names = ", ".join((*(each.NAME for each in _FORMATS), opencode.NAME))
    raise ImportRefused(f"{path} is no session in a form that is known ({names})")
