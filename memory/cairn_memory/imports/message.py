"""What the readers of all formats share: a message, whatever program wrote it, and what could not be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cairn_memory.events import Outcome

Role = Literal["user", "assistant", "tool", "summary", "host"]
"""Who speaks. `summary` is what a compaction put in the place of older messages, `host` the program itself."""

MOST_PROBLEMS = 50


class ImportRefused(Exception):
    """The person decides: this file cannot be imported. The message is one line."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call. `arguments` is JSON text, or whatever stood in its place."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """`line` counts from 1, `time` is Unix milliseconds or 0, `call` is what a result answers.

    Lines of equal `reply` (when not "") are pieces of one reply of the model. `about` says what host text is.
    """

    role: Role
    line: int
    text: str = ""
    time: int = 0
    calls: tuple[Call, ...] = ()
    call: str = ""
    outcome: Outcome = "ok"
    exit_code: int | None = None
    reasoning: str = ""
    model: str = ""
    reply: str = ""
    about: str = ""


class Problems:
    """What could not be read, a line each: the first `MOST_PROBLEMS`, and how many more there were."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._count = 0

    def add(self, line: int, what: str) -> None:
        self._count += 1
        if len(self._first) < MOST_PROBLEMS:
            self._first.append(f"line {line}: {what}")

    @property
    def lines(self) -> tuple[str, ...]:
        """At most `MOST_PROBLEMS` lines; the last says it when there were others."""
        if self._count <= MOST_PROBLEMS:
            return tuple(self._first)
        return (*self._first[:-1], f"and {self._count - MOST_PROBLEMS + 1:,} other lines")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import. `already` when the file had been imported before, and nothing was added."""

    session: str
    messages: int
    problems: tuple[str, ...]
    already: bool = False


@dataclass(frozen=True)
class Source:
    """A session's file (or folder) as it was when it was found. Each `read` begins anew and sees the same.

    `digest` is SHA-256 of what is read. Blocking, all of it: call it off the event loop. Raises OSError.
    """

    path: Path
    format: str
    digest: Callable[[], str]
    read: Callable[[Problems], Iterator[Message]]
