"""A list of what happened, by event number, so that a model that only sees messages can cite events."""

from collections.abc import Iterable, Sequence

from cairn_agents.envelope import sealed
from cairn_memory.events import (
    ApprovalAnswered,
    Event,
    GuardActed,
    ModelReplied,
    NoteAdded,
    Payload,
    TaskChanged,
    ToolFinished,
    UserMessage,
)

LONGEST = 6_000
"""Characters of the whole list."""
_WORDS = 60
"""Characters of a message that are shown."""
_TITLE = 120


def event_index(events: Iterable[Event], longest: int = LONGEST) -> str:
    """One line an event, oldest first, of `events` in order. What is too much is left out: the user's words last, and of each kind the oldest first."""
    lines = [
        (f"e{event.seq} {line}", isinstance(event.payload, UserMessage))
        for event in events
        if (line := _line(event.payload))
    ]
    kept = _fitting(lines, longest - _NOTE)
    text = "\n".join(lines[index][0] for index in kept)
    return (
        text if len(kept) == len(lines) else f"({len(lines) - len(kept)} older ones are not listed)\n{text}"
    )


_NOTE = 50
"""Characters that the line about those left out may take."""


def _fitting(lines: Sequence[tuple[str, bool]], room: int) -> list[int]:
    """Indices of the lines that fit: the user's first, newest before older, then the others."""
    kept: list[int] = []
    for wanted in (True, False):
        for index in range(len(lines) - 1, -1, -1):
            line, by_user = lines[index]
            if by_user is wanted:
                if (room := room - len(line) - 1) < 0:
                    break
                kept.append(index)
        if room < 0:
            break
    return sorted(kept)


def _line(payload: Payload) -> str:
    match payload:
        case UserMessage():
            return f"user: {_quoted(payload.text)}"
        case ModelReplied(text=text) if text.strip():
            return f"you: {_quoted(text)}"
        case ToolFinished():
            return _call(payload)
        case ApprovalAnswered(decision="deny"):
            return f"user denied a call{f': {_quoted(payload.words)}' if payload.words else ''}"
        case GuardActed():
            return f"guard {payload.guard}: {_cut(payload.reason, _WORDS)}"
        case NoteAdded():
            return f"note: {_quoted(payload.text)}"
        case TaskChanged():
            return f"task {payload.task} {payload.state}: {_cut(payload.title, _WORDS)}"
        case _:
            return ""


def _call(done: ToolFinished) -> str:
    title = _cut(done.title or done.name or "call", _TITLE)
    if done.exit_code:
        return f"{title}: exit {done.exit_code}"
    return title if done.outcome == "ok" else f"{title}: {done.outcome}, {_quoted(done.text)}"


def _quoted(text: str) -> str:
    return f'"{_cut(text, _WORDS)}"'


def _cut(text: str, limit: int) -> str:
    """`text` in one line within `limit`; what would look like a mark of ours is defused."""
    line = sealed(" ".join(text[: limit * 8].split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
