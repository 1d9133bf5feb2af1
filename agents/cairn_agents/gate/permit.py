"""Acts on the gate's judgement: lets a call through, refuses it, or waits for a person."""

from cairn_agents.gate.permission import Decision
from cairn_agents.session import Session
from cairn_agents.tools.base import Arguments, Plan, Result, Tool
from cairn_memory.events import ApprovalRequested, StateChanged
from cairn_memory.sessions import PendingCall


async def permit(
    session: Session, pending: PendingCall, tool: Tool[Arguments], plan: Plan[Arguments]
) -> str | Result:
    """The rule that lets the call run, or the result that tells the model why it will not.

    A call that a restart found permitted or answered is not asked about again.
    """
    fold, call = session.fold, pending.call.id
    if pending.started is not None:
        return pending.started.rule
    if call not in fold.allowed and call not in fold.denied:
        decision = session.equipment.gate.judge(tool.name, tool.kind, plan, fold)
        if decision.action == "allow":
            return decision.rule
        if decision.action == "deny":
            return _denied(f"Denied: {decision.reason}. Find another way, or say what you need.")
        await _ask(session, pending, plan, decision)
    if call in fold.allowed:
        return "approved"
    words = fold.denied[call]
    return _denied(f"The user denied this call{f': {words}' if words else ''}. It was not run.")


async def _ask(session: Session, pending: PendingCall, plan: Plan[Arguments], decision: Decision) -> None:
    approval = f"{session.id}:{plan.call}"
    session.equipment.approvals.open(approval)
    if approval not in session.fold.approvals:
        session.emit(
            ApprovalRequested(
                id=approval,
                call=pending.call.id,
                name=pending.call.name,
                title=plan.title,
                detail=plan.preview or plan.command,
                reason=decision.reason,
                grant=decision.grant,
            )
        )
    session.emit(StateChanged(state="waiting", reason=f"needs your answer: {plan.title}", cause="approval"))
    await session.commit()
    answer = await session.equipment.approvals.wait(approval)
    session.emit(answer, StateChanged(state="running"))


def _denied(text: str) -> Result:
    return Result(text, outcome="denied", summary="denied")
