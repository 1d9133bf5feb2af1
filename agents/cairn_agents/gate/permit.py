"""Acts on the gate's judgement: lets a call through, refuses it, answers by the contract, or waits for a person."""

from cairn_agents.gate.approvals import Check
from cairn_agents.gate.contract import RISKS
from cairn_agents.gate.grants import pattern_of, pattern_refusal
from cairn_agents.gate.permission import Decision
from cairn_agents.guards.base import Rest
from cairn_agents.session import Session
from cairn_agents.tools.base import Arguments, Plan, Result, Tool
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    GateDecided,
    PermissionGranted,
    StateChanged,
)
from cairn_memory.sessions import PendingCall

CONTRACT = "contract"
"""Who answers for the user while nobody is asked; also why a run rests that a contract stops."""


async def permit(
    session: Session, pending: PendingCall, tool: Tool[Arguments], plan: Plan[Arguments]
) -> str | Result:
    """The rule that lets the call run, or the result that tells the model why it will not.

    The decision is emitted ahead of whatever follows from it, so that one commit covers both. A call that a
    restart found permitted or answered is not asked about again. Raises Rest where a contract wants the run stopped.
    """
    fold, call = session.fold, pending.call.id
    if pending.started is not None:
        return pending.started.rule
    if call not in fold.allowed and call not in fold.denied:
        decision = session.equipment.gate.judge(tool.name, tool.kind, plan, fold)
        if not (decision.action == "ask" and _approval(session, plan) in fold.approvals):
            _tell(session, pending, tool, plan, decision)
        if decision.action == "allow":
            return decision.rule
        if decision.action == "deny":
            return _denied(
                f"Denied: {decision.reason}. Find another way, or say what you need.", decision.reason
            )
        await _ask(session, pending, tool, plan, decision)
    if call in fold.allowed:
        return "approved"
    words = fold.denied[call]
    return _denied(f"The user denied this call{f': {words}' if words else ''}. It was not run.", words)


def _tell(
    session: Session,
    pending: PendingCall,
    tool: Tool[Arguments],
    plan: Plan[Arguments],
    decision: Decision,
) -> None:
    """A read that nothing speaks against has its rule in `tool.started`, and that is enough."""
    plain = decision.action == "allow" and tool.kind == "read" and decision.risk == "read"
    if plain and not decision.rule.startswith("granted"):
        return
    session.emit(
        GateDecided(
            step=session.fold.steps,
            call=pending.call.id,
            name=tool.name,
            action=decision.action,
            risk=decision.risk,
            reason=decision.reason,
            rule=decision.rule,
            subject=plan.command or "\n".join(map(str, plan.paths)) or plan.title,
            findings=decision.findings,
        )
    )


def _approval(session: Session, plan: Plan[Arguments]) -> str:
    return f"{session.id}:{plan.call}"


async def _ask(
    session: Session,
    pending: PendingCall,
    tool: Tool[Arguments],
    plan: Plan[Arguments],
    decision: Decision,
) -> None:
    approval, contract = _approval(session, plan), session.fold.contract
    again = approval in session.fold.approvals
    if not again:
        session.emit(_request(approval, pending, plan, decision))
    if contract is not None:
        if decision.risk in contract.stopping.asks and not again:
            await session.commit()
            reason = f"the contract stops before it asks about {RISKS[decision.risk]}: {plan.title}"
            raise Rest("interrupted", reason, CONTRACT)
        if (action := contract.answer(decision.risk)) != "ask":
            words = (
                f"{RISKS[decision.risk]} is denied in advance, by the contract of this run"
                if action == "deny"
                else ""
            )
            session.emit(ApprovalAnswered(id=approval, decision=action, words=words, by=CONTRACT))
            return
    session.equipment.approvals.open(approval, _check(session, tool, plan, decision))
    session.emit(StateChanged(state="waiting", reason=f"needs your answer: {plan.title}", cause="approval"))
    await session.commit()
    answer = await session.equipment.approvals.wait(approval)
    session.emit(answer, *_granted(answer, tool.name, decision), StateChanged(state="running"))


def _request(
    approval: str, pending: PendingCall, plan: Plan[Arguments], decision: Decision
) -> ApprovalRequested:
    return ApprovalRequested(
        id=approval,
        call=pending.call.id,
        name=pending.call.name,
        title=plan.title,
        detail=plan.preview or plan.command,
        reason=decision.reason,
        grant=decision.grant,
        risk=decision.risk,
        rule=decision.rule,
        paths=tuple(map(str, plan.paths)),
        demands=plan.demands,
    )


def _check(session: Session, tool: Tool[Arguments], plan: Plan[Arguments], decision: Decision) -> Check:
    gate, fold = session.equipment.gate, session.fold

    def check(pattern: str, always: bool) -> str:
        return pattern_refusal(gate, tool.name, tool.kind, plan, fold, decision, pattern, always)

    return check


def _granted(answer: ApprovalAnswered, tool: str, decision: Decision) -> list[PermissionGranted]:
    """What an answer for more than once allows from now on."""
    pattern = answer.pattern or pattern_of(decision.grant, tool)
    if answer.decision not in ("session", "always") or not pattern:
        return []
    scope = "workspace" if answer.decision == "always" else "session"
    return [PermissionGranted(tool=tool, pattern=pattern, scope=scope, approval=answer.id, by=answer.by)]


def _denied(text: str, reason: str = "") -> Result:
    return Result(text, outcome="denied", summary=f"denied: {reason}" if reason else "denied")
