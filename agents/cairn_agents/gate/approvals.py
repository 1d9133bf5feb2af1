"""Approvals: calls that wait for a person, whoever answers first, and what happens when nobody is there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cairn_memory.events import ApprovalAnswered

Choice = Literal["allow", "session", "deny"]


@dataclass(frozen=True, slots=True)
class Unattended:
    """What happens to a question while no client is there to answer: it waits, or is denied after `seconds`."""

    policy: Literal["wait", "deny"] = "wait"
    seconds: float = 300.0


class Approvals:
    """The open questions of one session, by id. Kept here only: the log has them too."""

    def __init__(self, unattended: Unattended, attended: Callable[[], bool]) -> None:
        self._open: dict[str, asyncio.Future[ApprovalAnswered]] = {}
        self._unattended = unattended
        self._attended = attended

    def open(self, approval: str) -> None:
        """From now on it can be answered: to be called before anybody is told of it."""
        self._open[approval] = asyncio.get_running_loop().create_future()

    async def wait(self, approval: str) -> ApprovalAnswered:
        """The answer to an open one, from whoever gives it first; by policy when nobody is there."""
        answer = self._open[approval]
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

    def answer(self, approval: str, choice: Choice, words: str, by: str) -> bool:
        """False when it is not open (any more)."""
        future = self._open.get(approval)
        if future is None or future.done():
            return False
        future.set_result(ApprovalAnswered(id=approval, decision=choice, words=words, by=by))
        return True

    def _patience(self) -> float | None:
        return self._unattended.seconds if self._unattended.policy == "deny" else None
