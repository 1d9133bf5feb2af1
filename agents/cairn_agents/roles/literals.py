"""What a line of a judgement names so exactly that it can be looked up: paths, tasks, events, literals."""

import re
from collections.abc import Iterator

from cairn_memory.recall.names import EXTENSIONS

_CHUNK = re.compile(r"[\w.@~+\-/$]+")
_FILE = re.compile(r"[\w@~+\-$.]*\w\.([A-Za-z][A-Za-z0-9]{0,7})")
_TASK = re.compile(r"\bT\d+(?:\.\d+)*\b")
_EVENT = re.compile(r"\be(\d{1,15})\b")
_LITERAL = re.compile(r"`+([^`]+)`+")
_SLASHES = 2
"""A path without an extension has at least as many, or `and/or` would be one."""


def paths_in(text: str) -> Iterator[str]:
    """Files and folders, as they stand there but for a `./` before and a `/` or `.` behind."""
    for chunk in _CHUNK.findall(text):
        path = chunk.rstrip("./").removeprefix("./")
        name = path.rpartition("/")[2]
        found = _FILE.fullmatch(name)
        named = found is not None and ("/" in path or found[1].lower() in EXTENSIONS)
        folders = path.count("/") >= _SLASHES and any(part.isidentifier() for part in path.split("/"))
        if named or folders:
            yield path


def tasks_in(text: str) -> list[str]:
    """Numbers of tasks: T1, T1.2."""
    return _TASK.findall(text)


def events_in(text: str) -> list[int]:
    """Numbers of events: e12."""
    return [int(number) for number in _EVENT.findall(text)]


def literals_in(text: str) -> list[str]:
    """What stands in backticks."""
    return [found.strip() for found in _LITERAL.findall(text)]
