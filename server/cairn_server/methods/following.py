"""Following what happens, and answering what is asked."""

from typing import Any

from cairn_memory.events import ApprovalRequested
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.delivery import Interest


async def _subscribe(context: Context, params: wire.Subscribe) -> wire.Subscribed:
    session = None if params.session is None else context.runs.find(params.session)
    interest = Interest(session, params.stream, params.answers)
    last_seq = context.log.last_seq
    since = last_seq if params.since is None else params.since
    await context.connection.subscribe(context.log, interest, since)
    return wire.Subscribed(last_seq=last_seq)


async def _approvals(context: Context, params: wire.Nothing) -> wire.ApprovalList:
    waiting = context.runs.approvals()
    asked: dict[str, int] = {}
    for session in {session for session, _ in waiting}:
        events = await context.log.read(session=session, kinds=("approval.requested",), newest=True)
        asked |= {e.payload.id: e.time for e in events if isinstance(e.payload, ApprovalRequested)}
    approvals = [
        _approval(session, request, context.runs.info(session).mode, asked.get(request.id, 0))
        for session, request in waiting
    ]
    return wire.ApprovalList(approvals=approvals)


def _approval(session: str, request: ApprovalRequested, agent: str, time: int) -> wire.Approval:
    return wire.Approval(
        id=request.id,
        session=session,
        call=request.call,
        name=request.name,
        title=request.title,
        detail=request.detail,
        reason=request.reason,
        grant=request.grant,
        risk=request.risk,
        rule=request.rule,
        paths=list(request.paths),
        demands=list(request.demands),
        agent=agent,
        time=time,
    )


async def _answer(context: Context, params: wire.AnswerApproval) -> wire.Answered:
    heard = await context.runs.answer(
        params.id, params.decision, params.words, context.connection.client, params.pattern
    )
    return wire.Answered(accepted=heard.accepted, told=heard.told, by=heard.by)


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/events/subscribe", wire.Subscribe, wire.Subscribed, _subscribe),
    Method("cairn/approval/list", wire.Nothing, wire.ApprovalList, _approvals),
    Method("cairn/approval/answer", wire.AnswerApproval, wire.Answered, _answer),
)
