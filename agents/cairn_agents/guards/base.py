"""What a guard is: it looks at the fold, and when it sees trouble it says what to do."""

from dataclasses import dataclass
from typing import Literal, Protocol

from cairn_agents.model.reply import Reply
from cairn_memory.events import State
from cairn_memory.sessions import SessionFold


class Rest(Exception):
    """Control flow: the session comes to rest in `state`. `cause` is one word for programs."""

    def __init__(self, state: State, reason: str, cause: str = "") -> None:
        super().__init__(reason)
        self.state: State = state
        self.reason = reason
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard wants: ask again as it was, tell the model something, or stop.

    `reason` is one line for the person; `words` go to the model with a nudge. `left` counts what the guard
    found left to do, for one that looks whether it grows less.
    """

    guard: str
    action: Literal["retry", "nudge", "stop"]
    reason: str
    count: int = 1
    words: str = ""
    state: State = "failed"
    left: int = 0


class StepGuard(Protocol):
    """Looks before each request."""

    def before_request(self, fold: SessionFold, now: int) -> Verdict | None: ...


class ReplyGuard(Protocol):
    """Looks at each reply, before any of its calls runs."""

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None: ...


def times_in_a_row(fold: SessionFold, guard: str) -> int:
    """The how-manieth time running this is that `guard` acts, were it to act on the newest reply."""
    last = fold.guard
    if last is not None and last.guard == guard and last.step >= fold.steps - 1:
        return last.count + 1
    return 1
