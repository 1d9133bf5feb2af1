"""One approval before a person: which key means what, and the words that go with a no."""

import time
from typing import NamedTuple

from cairn_server.terminal.draft import ESCAPE, Draft
from cairn_server.terminal.wire import Approval, Decision

SETTLE = 0.3
"""Seconds in which keys do not answer: they were meant for what was there before the question."""


class Answer(NamedTuple):
    decision: Decision
    words: str = ""


class Question:
    """Takes keys until there is an answer."""

    def __init__(self, approval: Approval, now: float | None = None) -> None:
        self.approval = approval
        self.wants_words = False
        self._draft = Draft()
        self._since = time.monotonic() if now is None else now

    @property
    def text(self) -> str:
        """What to ask."""
        if self.wants_words:
            return "No. What shall it do instead? (Enter: just no, Esc: back)"
        grant = self.approval["grant"]
        session = f"[s] this session ({grant})" if grant else ""
        return "  ".join(part for part in ("Allow?  [y] once", session, "[n] no") if part)

    @property
    def draft(self) -> str:
        """The words so far."""
        return self._draft.text

    def type(self, typed: str, now: float | None = None) -> Answer | None:
        """Takes in keys. The answer when they gave one."""
        if self.wants_words:
            return self._words(typed)
        if (time.monotonic() if now is None else now) - self._since < SETTLE:
            return None
        match typed[:1].lower():
            case "y":
                return Answer("allow")
            case "s" if self.approval["grant"]:
                return Answer("session")
            case "n":
                self.wants_words = True
                return self._words(typed[1:]) if typed[1:] else None
            case _:
                return None

    def _words(self, typed: str) -> Answer | None:
        if typed == ESCAPE and not self._draft.text:
            self.wants_words = False
            return None
        words = self._draft.type(typed)
        return None if words is None else Answer("deny", words)
