"""What of an event can be searched, as one readable text, and the pieces it is stored in.

The same event always gives the same text: the index keeps only where its pieces begin.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

PIECE = 600
"""Characters of a piece; measured best among 400-1,500 for questions about long conversations."""
WHOLE = 16_000
"""Characters of a text that is stored whole; of a longer one its head and its tail."""
_HEAD = 10_000
TITLE = 120

KINDS = (
    "message.user",
    "message.host",
    "model.replied",
    "tool.finished",
    "note.added",
    "task.changed",
)
"""The kinds of event that are searched."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An event as text. `line` and `time` are those of the file it was imported from, 0 when it was not."""

    who: str
    title: str
    text: str
    ref: str = ""
    line: int = 0
    time: int = 0


class Piece(NamedTuple):
    """A stretch of a text: characters from `start` to `stop`."""

    start: int
    stop: int


def passage(kind: str, payload: str) -> Passage | None:
    """The text of the event stored as `payload` (JSON); None when there is nothing to search in it."""
    if kind not in KINDS:
        return None
    try:
        data = json.loads(payload)
    except ValueError:
        return None
    found = _read(kind, _object(data))
    return found if found.text.strip() else None


def _read(kind: str, data: dict[str, Any]) -> Passage:
    origin = _object(data.get("origin"))
    line, time = int(origin.get("line") or 0), int(origin.get("time") or 0)
    text = str(data.get("text") or "")
    if kind == "message.user":
        return Passage("user", _title(text), text, line=line, time=time)
    if kind == "message.host":
        return Passage("host", _title(str(data.get("about") or "") or text), text, line=line, time=time)
    if kind == "tool.finished":
        title = _title(str(data.get("title") or "") or str(data.get("name") or "")) or _title(text)
        return Passage("tool", title, text, line=line, time=time)
    if kind == "model.replied":
        calls = [_call(_object(call)) for call in data.get("calls") or ()]
        whole = "\n".join(part for part in (text, *calls) if part)
        return Passage("assistant", _title(whole), whole, line=line, time=time)
    if kind == "note.added":
        return Passage("note", _title(text), text)
    lines = [str(data.get("title") or ""), *map(str, data.get("criteria") or ()), str(data.get("note") or "")]
    task = str(data.get("task") or "")
    title = f"{task} {data.get('title') or ''} ({data.get('state') or 'open'})"
    return Passage("task", _title(title), "\n".join([task, *filter(None, lines)]), ref=task)


def _call(call: dict[str, Any]) -> str:
    """A call as lines: its name, then each argument as it was meant, without the escapes of JSON."""
    raw = str(call.get("arguments") or "")
    try:
        arguments = json.loads(raw)
    except ValueError:
        arguments = raw
    said = [f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            for name, value in _object(arguments).items()]  # fmt: skip
    said = said or [arguments if isinstance(arguments, str) else raw]
    return "\n".join([str(call.get("name") or ""), *said])


def _object(value: object) -> dict[str, Any]:
    """A JSON object; anything else counts as an empty one."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _title(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= TITLE else f"{first[: TITLE - 1]}…"


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of `text`, cut at line ends; of a text over `WHOLE` those of its head and its tail."""
    if len(text) <= WHOLE:
        yield from _cut(text, 0, len(text))
    else:
        yield from _cut(text, 0, _HEAD)
        yield from _cut(text, len(text) - (WHOLE - _HEAD), len(text))


def _cut(text: str, start: int, end: int) -> Iterator[Piece]:
    while start < end:
        stop = start + PIECE
        if stop >= end:
            stop = end
        elif (line := text.rfind("\n", start + 1, stop)) > 0:
            stop = line + 1
        else:
            line = text.find("\n", stop, min(stop + PIECE, end))
            space = text.rfind(" ", start + PIECE // 2, stop)
            stop = line + 1 if line >= 0 else space + 1 if space > 0 else stop
        if text[start:stop].strip():
            yield Piece(start, stop)
        start = stop
