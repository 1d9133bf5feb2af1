"""One approval before a person: which key means what, the pattern of a lasting yes, the words that go with a no."""

import time
from typing import NamedTuple

from cairn_server.terminal.draft import ESCAPE, Draft
from cairn_server.terminal.wire import Approval, Decision

SETTLE = 0.3
"""Seconds in which keys do not answer: they were meant for what was there before the question."""


class Answer(NamedTuple):
    decision: Decision
    words: str = ""
    pattern: str = ""


class Question:
    """Takes keys until there is an answer.

    A yes for good is given to a pattern, and only to one whose past matches were shown: `unshown` is the one
    to be shown now, `shown` says that it was.
    """

    def __init__(self, approval: Approval, now: float | None = None) -> None:
        self.approval = approval
        self.wants_words = False
        self.wants_pattern = False
        self.unshown = ""
        self._seen = ""
        self._draft = Draft()
        self._since = time.monotonic() if now is None else now

    @property
    def text(self) -> str:
        """What to ask."""
        if self.wants_words:
            return "No. What shall it do instead? (Enter: just no, Esc: back)"
        if self.wants_pattern:
            return f"Always allow {self.approval['name']}, which calls? (Enter: yes, always; Esc: back)"
        grant = self.approval["grant"]
        session = f"[s] this session ({grant})" if grant else ""
        always = "[a] always" if grant else ""
        return "  ".join(part for part in ("Allow?  [y] once", session, always, "[n] no") if part)

    @property
    def draft(self) -> str:
        """The words, or the pattern, so far."""
        return self._draft.text

    @property
    def writes(self) -> bool:
        """Whether keys are letters now."""
        return self.wants_words or self.wants_pattern

    def shown(self) -> None:
        """The past matches of `unshown` stand on the screen: Enter counts for it now."""
        self._seen, self.unshown = self.unshown, ""

    def type(self, typed: str, now: float | None = None) -> Answer | None:
        """Takes in keys. The answer when they gave one."""
        if self.wants_words:
            return self._words(typed)
        if self.wants_pattern:
            return self._pattern(typed)
        if (time.monotonic() if now is None else now) - self._since < SETTLE:
            return None
        match typed[:1].lower():
            case "y":
                return Answer("allow")
            case "s" if self.approval["grant"]:
                return Answer("session")
            case "a" if self.approval["grant"]:
                self.wants_pattern = True
                name, grant = self.approval["name"], self.approval["grant"]
                self._draft.text = self.unshown = grant.removeprefix(f"{name} ")
                return None
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

    def _pattern(self, typed: str) -> Answer | None:
        """Enter counts for a pattern that was seen with its matches; for a changed one it asks for those first."""
        if typed == ESCAPE:
            self.wants_pattern, self.unshown, self._seen = False, "", ""
            self._draft.text = ""
            return None
        pattern = self._draft.type(typed)
        if not pattern:
            return None
        if pattern == self._seen:
            return Answer("always", pattern=pattern)
        self._draft.text = self.unshown = pattern
        return None
