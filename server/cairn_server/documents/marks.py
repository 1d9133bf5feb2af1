"""What in a line of our files points elsewhere: a task (T1.2), an event (e1234), a claim (c3fa9c2), a place in a file."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from cairn_memory.recall.names import EXTENSIONS

MarkKind = Literal["task", "event", "claim", "path"]

LONGEST = 4_000
"""Characters of a line that are looked at."""

_MARK = re.compile(
    r"(?<![\w./-])(?:"
    r"(?P<task>T[1-9]\d{0,5}(?:\.[1-9]\d{0,5})*)"
    r"|e(?P<event>\d{1,15})"
    r"|(?P<claim>c[0-9a-f]{6,64})"
    r"|(?P<path>[\w.@~+$-]*(?:/[\w.@~+$-]+)+|[\w@~+$-][\w.@~+$-]*\.[A-Za-z]\w{0,7})(?::(?P<line>\d{1,7}))?"
    r")(?![\w/])"
)


class Mark(NamedTuple):
    """One of them. `start` and `end` are columns in characters; `name` is without the line number, which is 0 when none is given."""

    kind: MarkKind
    name: str
    start: int
    end: int
    line: int = 0


def marks_in(text: str) -> Iterator[Mark]:
    """All of a line, from left to right."""
    for found in _MARK.finditer(text[:LONGEST]):
        kind = found.lastgroup if found.lastgroup != "line" else "path"
        if kind == "path":
            path = found["path"].rstrip(".-")
            if _is_path(path):
                line = int(found["line"] or 0)
                end = found.end() if line else found.start() + len(path)
                yield Mark("path", path, found.start(), end, line)
        elif kind == "event":
            yield Mark("event", found["event"], found.start(), found.end())
        elif kind in ("task", "claim"):
            yield Mark(kind, found[kind], found.start(), found.end())


def mark_at(text: str, column: int) -> Mark | None:
    """The one under the cursor."""
    return next((mark for mark in marks_in(text) if mark.start <= column <= mark.end), None)


def _is_path(path: str) -> bool:
    if "//" in path or (path.startswith(("~", "/")) and path.count("/") < 2):
        return False
    return path.rpartition(".")[2].lower() in EXTENSIONS if "." in path else path.count("/") >= 2
