"""What waits for a person: the open questions, which the runs hold in memory. The log is asked only when each was put."""

from cairn_memory.events import ApprovalRequested
from cairn_server import words
from cairn_server.call import Context
from cairn_server.protocol.views import ViewRow
from cairn_server.views.row import ROWS, bounded, lines, row

DETAIL = 1_000


async def approvals(context: Context, session: str) -> list[ViewRow]:
    """The oldest first."""
    waiting = context.runs.approvals()
    asked = await times(context, waiting[:ROWS])
    rows = [
        _row(each, request, context.runs.info(each).mode, asked.get(request.id, 0))
        for each, request in waiting[:ROWS]
    ]
    return bounded(rows, len(waiting) - ROWS, "cairn status counts all")


async def times(context: Context, waiting: list[tuple[str, ApprovalRequested]]) -> dict[str, int]:
    """Question -> when it was put. A session's open questions are among its newest ones."""
    open_of: dict[str, int] = {}
    for session, _ in waiting:
        open_of[session] = open_of.get(session, 0) + 1
    found: dict[str, int] = {}
    for session, count in open_of.items():
        kinds = (ApprovalRequested.kind,)
        # A step's calls are asked for together and answered in any order: some newer ones may be answered already.
        events = await context.log.read(session=session, kinds=kinds, newest=True, limit=4 * count + 20)
        found |= {
            each.payload.id: each.time for each in events if isinstance(each.payload, ApprovalRequested)
        }
    return found


def _row(session: str, request: ApprovalRequested, agent: str, asked: int) -> ViewRow:
    return row(
        request.id,
        request.title,
        "waiting",
        ("approval", "lasting") if request.grant else ("approval",),
        words.joined(f"{agent} agent" if agent else "", request.risk, words.since(asked)),
        lines(request.title[:DETAIL], request.detail[:DETAIL], request.reason),
        action="answerApproval",
        ref=request.id,
        session=session,
    )
