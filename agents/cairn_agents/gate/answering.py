"""One answer to an approval: the first counts, one for good is kept before it is given, a late one is told why."""

from dataclasses import dataclass

from cairn_agents.gate.approvals import Approvals
from cairn_agents.gate.grants import pattern_of
from cairn_agents.gate.standing import Standing, StandingError
from cairn_agents.session import Session
from cairn_memory.events import ApprovalAnswered, ApprovalRequested
from cairn_memory.log import EventLog

DECIDED = {
    "allow": "allowed once",
    "session": "allowed for the session",
    "always": "allowed for good",
    "deny": "denied",
}
RECENT = 500
"""Newest answers of a session that are looked through for an older one."""


class AnswerRefused(Exception):
    """Whoever answered is told, in one line, and the question stays open."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of an answer. When it is not `accepted`, `told` says in one line why, and `by` who had answered before."""

    accepted: bool
    told: str = ""
    by: str = ""

    def __bool__(self) -> bool:
        return self.accepted


def give(session: Session, standing: Standing, answer: ApprovalAnswered) -> bool:
    """Gives an answer to a session at work; False when the question is not open. Raises AnswerRefused.

    One for good is written to the disk on the spot, without letting go of the event loop: so no other
    answer comes between keeping it and giving it. A person gives few of them.
    """
    approvals = session.equipment.approvals
    request = session.fold.approvals.get(answer.id)
    if request is None or not approvals.is_open(answer.id):
        return False
    if answer.decision in ("session", "always"):
        pattern = _pattern(approvals, request, answer)
        if answer.decision == "always":
            try:
                standing.keep(request.name, pattern, answer.by)
            except StandingError as error:
                raise AnswerRefused(f"{error}; answer once, or for this session") from error
    return approvals.answer(answer)


async def too_late(log: EventLog, session: str, live: Session | None, approval: str) -> Heard:
    """Why an answer does not count: who had answered, or that nobody asks that any more."""
    first = live.equipment.approvals.first(approval) if live else None
    if first is None:
        events = await log.read(session=session, kinds=(ApprovalAnswered.kind,), limit=RECENT, newest=True)
        found = [each.payload for each in events if isinstance(each.payload, ApprovalAnswered)]
        first = next((each for each in reversed(found) if each.id == approval), None)
    if first is None:
        return Heard(False, f"nobody asks {approval} any more; `cairn status` shows what waits")
    by = first.by or "somebody"
    return Heard(False, f"{by} had answered before: {DECIDED[first.decision]}", by)


def _pattern(approvals: Approvals, request: ApprovalRequested, answer: ApprovalAnswered) -> str:
    pattern = answer.pattern or pattern_of(request.grant, request.name)
    if refusal := approvals.refusal(answer.id, pattern, answer.decision == "always"):
        raise AnswerRefused(refusal)
    return pattern
