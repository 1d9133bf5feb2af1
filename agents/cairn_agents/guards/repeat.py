"""Loops: the same call with the same result again and again, or a circle of such calls.

The model is told first; when that does not help the run stops. Calls count as the
same only when name, arguments, outcome and result are: a test run after another
edit, or polling that sees something new, is no loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_agents.guards.base import Verdict
from cairn_memory.sessions import Footprint, SessionFold

LONGEST_CIRCLE = 6
"""Calls. Longer circles are rare, and budgets hold them."""


@dataclass(frozen=True, slots=True)
class RepeatGuard:
    """`nudge` and `stop` count rounds: how often the same call, or the same circle, was run in a row."""

    nudge: int = 3
    stop: int = 6

    def before_request(self, fold: SessionFold, now: int) -> Verdict | None:
        trail = list(fold.trail)
        for length in range(1, LONGEST_CIRCLE + 1):
            rounds = _rounds(trail, length)
            if rounds < self.nudge:
                continue
            circle = trail[-length:]
            what = _describe(circle)
            if rounds >= self.stop and not _rewrites(circle):
                return Verdict(
                    "repeat", "stop", f"{what} {rounds} times in a row, with the same result each time"
                )
            told = (
                fold.guard is not None
                and fold.guard.guard == "repeat"
                and fold.guard.step > fold.steps - length
            )
            if rounds == self.nudge and not told:
                words = f"You have run {what} {rounds} times in a row and the result is the same. Do something else."
                return Verdict("repeat", "nudge", f"{what} {rounds} times in a row", words=words)
        return None


def _rounds(trail: Sequence[Footprint], length: int) -> int:
    """How often the last `length` calls stand at the end of `trail`, one round after the other."""
    circle = trail[len(trail) - length :]
    if len(circle) < length:
        return 0
    rounds = 1
    while True:
        end = len(trail) - rounds * length
        if end < length or list(trail[end - length : end]) != list(circle):
            return rounds
        rounds += 1


def _rewrites(circle: Sequence[Footprint]) -> bool:
    """A circle that writes, and leaves every file as it was, harms nothing: budgets hold it."""
    return any(call.name in ("write", "edit") for call in circle) and not any(call.changed for call in circle)


def _describe(circle: Sequence[Footprint]) -> str:
    if len(circle) == 1:
        return f"the same call of {circle[0].name}"
    return f"the same circle of calls ({', '.join(call.name for call in circle)})"
