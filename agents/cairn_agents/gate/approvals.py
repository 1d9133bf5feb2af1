"""Approvals: calls that wait for a person, whoever answers first, and what happens when nobody is there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cairn_memory.events import ApprovalAnswered

Choice = Literal["allow", "session", "always", "deny"]

ANSWERED = 200
"""Answers that are remembered, for whoever comes second."""

Check = Callable[[str, bool], str]
"""Why a pattern (True: for good) may not be allowed for this call, in one line; "" when it may."""


@dataclass(frozen=True, slots=True)
class Unattended:
    """What happens to a question while no client is there to answer: it waits, or is denied after `seconds`."""

    policy: Literal["wait", "deny"] = "wait"
    seconds: float = 300.0


@dataclass(slots=True)
class _Open:
    answer: "asyncio.Future[ApprovalAnswered]"
    check: Check


class Approvals:
    """The open questions of one session, by id. Kept here only: the log has them too."""

    def __init__(self, unattended: Unattended, attended: Callable[[], bool]) -> None:
        self._open: dict[str, _Open] = {}
        self._answered: dict[str, ApprovalAnswered] = {}
        self._unattended = unattended
        self._attended = attended

    def open(self, approval: str, check: Check = lambda pattern, always: "") -> None:
        """From now on it can be answered: to be called before anybody is told of it."""
        self._open[approval] = _Open(asyncio.get_running_loop().create_future(), check)

    async def wait(self, approval: str) -> ApprovalAnswered:
        """The answer to an open one, from whoever gives it first; by policy when nobody is there."""
        answer = self._open[approval].answer
        try:
            while True:
                try:
                    return await asyncio.wait_for(asyncio.shield(answer), self._patience())
                except TimeoutError:
                    if not self._attended():
                        words = f"nobody was there to answer for {self._unattended.seconds:.0f} seconds"
                        return ApprovalAnswered(id=approval, decision="deny", words=words, by="policy")
        finally:
            del self._open[approval]

    def is_open(self, approval: str) -> bool:
        """Whether an answer would count."""
        found = self._open.get(approval)
        return found is not None and not found.answer.done()

    def refusal(self, approval: str, pattern: str, always: bool) -> str:
        """Why this pattern may not be allowed by an answer to an open question, in one line; "" when it may."""
        return self._open[approval].check(pattern, always)

    def answer(self, answer: ApprovalAnswered) -> bool:
        """False when it is not open (any more)."""
        if not self.is_open(answer.id):
            return False
        self._open[answer.id].answer.set_result(answer)
        self._answered[answer.id] = answer
        if len(self._answered) > ANSWERED:
            del self._answered[next(iter(self._answered))]
        return True

    def first(self, approval: str) -> ApprovalAnswered | None:
        """The answer that counted, given in this process; None when there was none."""
        return self._answered.get(approval)

    def _patience(self) -> float | None:
        return self._unattended.seconds if self._unattended.policy == "deny" else None
