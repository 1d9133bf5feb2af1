"""What a judgement is checked against: the log of the session, the work tree and the tasks, as plain lookups."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

from cairn_memory.events import Event


class Evidence(Protocol):
    """Lookups, all of this session alone."""

    def text_of(self, seq: int) -> str | None:
        """All that event `seq` says, None when the session has no such event."""
        ...

    def kind_of(self, seq: int) -> str:
        """The kind of event `seq`, "" when there is none."""
        ...

    def contains(self, literal: str) -> bool:
        """Whether `literal` stands anywhere in the log."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder now, or one was met."""
        ...

    def is_task(self, task: str) -> bool:
        """Whether there is a task of this number."""
        ...


@dataclass(frozen=True)
class LoggedEvidence:
    """The lookups over a session's events. Reads each event once; for a thread, where they are many.

    Events that a side call made do not count: a model's own judgement would prove itself.
    """

    events: Sequence[Event]
    root: Path
    tasks: Collection[str] = ()
    paths: Collection[str] = ()

    def text_of(self, seq: int) -> str | None:
        return self._texts.get(seq)

    def kind_of(self, seq: int) -> str:
        return self._kinds.get(seq, "")

    def contains(self, literal: str) -> bool:
        return any(literal in text for text in self._texts.values())

    def exists(self, path: str) -> bool:
        if path in self.paths:
            return True
        try:
            return (self.root / path).exists()
        except (OSError, ValueError):  # a name too long, a NUL
            return False

    def is_task(self, task: str) -> bool:
        return task in self.tasks

    @cached_property
    def _kinds(self) -> Mapping[int, str]:
        return {event.seq: event.kind for event in self.events if not event.kind.startswith(_NO_PROOF)}

    @cached_property
    def _texts(self) -> Mapping[int, str]:
        return {event.seq: _words(event) for event in self.events if event.seq in self._kinds}


_NO_PROOF = ("side.", "checkpoint.", "window.", "drift.")
"""Kinds that tell what was made of the session, not what happened in it."""


def _words(event: Event) -> str:
    """Every text in an event, one below the other."""
    found: list[str] = []
    try:
        _collect(json.loads(event.text), found.append)
    except (ValueError, RecursionError):  # a damaged event says nothing
        return ""
    return "\n".join(found)


def _collect(value: object, take: Callable[[str], None]) -> None:
    if isinstance(value, str):
        take(value)
        if value[:1] in '{["' and len(value) > 1:
            _unpack(value, take)
    elif isinstance(value, dict):
        for member in cast(dict[str, object], value).values():
            _collect(member, take)
    elif isinstance(value, list):
        for member in cast(list[object], value):
            _collect(member, take)


def _unpack(text: str, take: Callable[[str], None]) -> None:
    """The texts within a call's arguments, which are JSON in JSON: there `"` and line breaks are escaped."""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(inner, str):
        _collect(inner, take)
