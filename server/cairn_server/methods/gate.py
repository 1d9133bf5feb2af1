"""The gate, for people: why something was decided, what they allowed, contracts, trust, and reports."""

from typing import Any

from cairn_agents.gate.contract import ContractFile, agreed, in_words
from cairn_agents.gate.drafting import CLASSES, HOURS, OTHERWISE, USD, USUAL, draft
from cairn_agents.gate.rights import GrantUse, ProjectTrust
from cairn_agents.gate.why import Why
from cairn_agents.runs import RunError
from cairn_memory.report import Report, read_report
from cairn_memory.tasks import Task
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.views.row import LINE, short

DRAFTED = "the contract of this editor"
NAMED = 5
"""Past calls that are told in one line."""
READING = 300
"""Characters of a command or a goal where several stand in one list."""


async def _why(context: Context, params: wire.AskWhy) -> wire.Decision:
    rights = context.runs.rights
    if params.event:
        session = await rights.session_of(params.event)
        if not session:
            raise RunError(f"there is no event e{params.event}; the newest is e{context.log.last_seq}")
    elif params.call:
        session = _session(context, params.session)
    else:
        raise RunError("say which decision: an event as in e123, or a call as in 3.0")
    return _decision(await rights.why(session, params.event, params.call))


async def _grants(context: Context, params: wire.Nothing) -> wire.GrantList:
    return _list(context, await context.runs.rights.grants())


async def _revoke(context: Context, params: wire.Revoke) -> wire.GrantList:
    gone = await context.runs.rights.revoke(params.pattern, context.connection.client)
    if not gone:
        raise RunError(f"nothing is allowed as {params.pattern!r}; `cairn grants` lists what is")
    return _list(context, gone)


async def _past(context: Context, params: wire.AskPast) -> wire.PastCalls:
    found = await context.runs.rights.past(params.tool, params.pattern, context.host.workspace.root)
    refused = context.runs.refusal(params.approval, params.pattern) if params.approval else ""
    calls = [
        wire.PastCallInfo.model_validate(each, from_attributes=True) for each in found.calls[: params.limit]
    ]
    matched = len(found.calls)
    return wire.PastCalls(
        calls=calls, matched=matched, looked=found.looked, refused=refused, told=_told(calls, matched)
    )


def _told(calls: list[wire.PastCallInfo], matched: int) -> str:
    named = [
        f"{each.what} (denied then)" if each.outcome == "denied" else each.what for each in calls[:NAMED]
    ]
    return short(
        ": ".join((f"{matched} past calls would have run", *filter(None, [" · ".join(named)]))), LINE
    )


async def _contract(context: Context, params: wire.ContractFile) -> wire.ContractShown:
    contract = agreed(ContractFile(params.file, params.text), "", context.connection.client)
    return wire.ContractShown(goal=contract.goal, lines=in_words(contract))


async def _terms(context: Context, params: wire.Nothing) -> wire.ContractTerms:
    return wire.ContractTerms(
        classes=[
            wire.TermClass(risk=risk, label=label, picked=risk in USUAL) for risk, label in CLASSES.items()
        ],
        otherwise=[wire.TermAnswer(answer=answer, label=label) for answer, label in OTHERWISE.items()],
        hours=HOURS,
        usd=USD,
    )


async def _draft(context: Context, params: wire.DraftContract) -> wire.ContractDraft:
    text = draft(params.goal, params.allowed, params.otherwise, params.hours * 3_600, params.usd)
    contract = agreed(ContractFile(DRAFTED, text), "", context.connection.client)
    return wire.ContractDraft(
        contract=wire.ContractFile(file=DRAFTED, text=text),
        lines=[short(line, LINE) for line in in_words(contract)],
    )


async def _trust(context: Context, params: wire.Nothing) -> wire.TrustShown:
    return _shown(await context.runs.rights.trust())


async def _set_trust(context: Context, params: wire.SetTrust) -> wire.TrustShown:
    return _shown(await context.runs.rights.set_trust(params.digest, context.connection.client))


async def _report(context: Context, params: wire.AskReport) -> wire.SessionReport:
    session = _session(context, params.session)
    report = await read_report(context.log, session)
    fold = report.fold
    return wire.SessionReport(
        session=session,
        goal=fold.goal,
        state=fold.state,
        reason=fold.reason,
        started=fold.started,
        ended=report.ended,
        worked=round(fold.seconds_worked(report.ended), 3),
        steps=fold.steps,
        usage=report.usage,
        cost=fold.cost,
        budget=fold.budget,
        rebuilds=report.rebuilds,
        contract=in_words(fold.contract) if fold.contract else [],
        automatic=[_answered(each) for each in report.automatic],
        denied=[_answered(each) for each in report.denied],
        tasks=[wire.ReportedTask.model_validate(each, from_attributes=True) for each in report.tasks],
        left=await _left(context, report),
        files=[wire.ReportedThing.model_validate(each, from_attributes=True) for each in report.files],
        failed=[wire.ReportedThing.model_validate(each, from_attributes=True) for each in report.failed],
        more=report.more,
    )


async def _left(context: Context, report: Report) -> list[wire.ReportedChoice]:
    """What waits for the user: questions, proposals, tasks that are open or blocked."""
    memory, session = context.runs.memory, report.session
    at_work = {info.session for info in context.runs.running()}
    how = f"cairn attach {session}" if session in at_work else f"cairn resume {session}"
    left = [
        wire.ReportedChoice(kind="approval", id=each.id, what=each.title, how=how) for each in report.open
    ]
    for proposal in await memory.proposals.all():
        if proposal.session == session:
            what = f"forget: {proposal.text}" if proposal.forget else proposal.text
            accept = f"cairn memory accept {proposal.id}"
            left.append(wire.ReportedChoice(kind="proposal", id=proposal.id, what=what, how=accept))
    return left + [_task(each) for each in memory.tasks.open_tasks(session)]


def _task(task: Task) -> wire.ReportedChoice:
    what = f"{task.title} ({task.state}{f': {task.note}' if task.note else ''})"
    return wire.ReportedChoice(kind="task", id=task.id, what=what, how=f"cairn task {task.id} done")


def _session(context: Context, prefix: str | None) -> str:
    if prefix is not None:
        return context.runs.find(prefix)
    sessions = context.runs.list()
    if not sessions:
        raise RunError("there is no session here yet; begin one with cairn run PROMPT")
    return sessions[0].session


def _answered(each: object) -> wire.ReportedAnswer:
    return wire.ReportedAnswer.model_validate(each, from_attributes=True)


def _decision(found: Why) -> wire.Decision:
    decision, answer = found.decision, found.answer
    return wire.Decision(
        session=found.session,
        event=found.event,
        call=found.call,
        name=decision.name,
        subject=decision.subject,
        action=decision.action,
        risk=decision.risk,
        reason=decision.reason,
        rule=decision.rule,
        where=found.where,
        findings=list(decision.findings),
        asked=found.asked,
        answer=None
        if answer is None
        else wire.DecisionAnswer(
            event=found.answered,
            decision=answer.decision,
            by=answer.by,
            words=answer.words,
            pattern=answer.pattern,
        ),
        finished=found.finished,
        outcome=found.outcome,
        change=list(found.change),
    )


def _list(context: Context, grants: list[GrantUse]) -> wire.GrantList:
    infos = [wire.GrantInfo.model_validate(each, from_attributes=True) for each in grants]
    return wire.GrantList(grants=infos, file=str(context.runs.rights.standing.path))


def _shown(trust: ProjectTrust) -> wire.TrustShown:
    return wire.TrustShown(
        file=str(trust.file),
        digest=trust.digest,
        trusted=trust.trusted,
        changed=trust.changed,
        since=trust.since,
        beyond=[wire.BeyondInfo.model_validate(each, from_attributes=True) for each in trust.beyond],
        problems=list(trust.problems),
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/gate/why", wire.AskWhy, wire.Decision, _why),
    Method("cairn/gate/grants", wire.Nothing, wire.GrantList, _grants),
    Method("cairn/gate/revoke", wire.Revoke, wire.GrantList, _revoke),
    Method("cairn/gate/past", wire.AskPast, wire.PastCalls, _past),
    Method("cairn/gate/contract", wire.ContractFile, wire.ContractShown, _contract),
    Method("cairn/gate/terms", wire.Nothing, wire.ContractTerms, _terms),
    Method("cairn/gate/draft", wire.DraftContract, wire.ContractDraft, _draft),
    Method("cairn/gate/report", wire.AskReport, wire.SessionReport, _report),
    Method("cairn/trust/show", wire.Nothing, wire.TrustShown, _trust),
    Method("cairn/trust/set", wire.SetTrust, wire.TrustShown, _set_trust),
)
