"""What became of a run that nobody watched: what was answered for the user, what it cost, what is left to decide."""

import asyncio
from dataclasses import dataclass, field

from cairn_memory.audit import read_audit
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    GateDecided,
    ModelReplied,
    SideCallReplied,
    TaskChanged,
    Usage,
    WindowStarted,
)
from cairn_memory.log import EventLog
from cairn_memory.sessions import SessionFold
from cairn_memory.tasks import Spending, Task, TaskTree

MOST = 500
"""Lines of one list; `more` counts the rest."""
_PAGE = 1_000
_BY_PERSON_WORDS = {"allow": "once", "session": "for the session", "always": "for good", "deny": ""}
_UNASKED = ("--yes", "granted: ")
"""How the rules begin by which a call ran that would have been asked about."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question that no person answered then: `what` was asked for, `why` it was let through or not."""

    event: int
    time: int
    name: str
    what: str
    risk: str
    action: str
    why: str


@dataclass(frozen=True, slots=True)
class TaskCost:
    """A task and what was spent on it and all below it in this session; "" for what belonged to none. US dollars."""

    id: str
    title: str
    state: str
    note: str
    tokens: int
    cost: float


@dataclass(frozen=True, slots=True)
class Done:
    """A command that did not end well, or a file that is other than before: by events, newest state last."""

    what: str
    outcome: str
    times: int
    event: int


@dataclass(slots=True)
class Report:
    """One session. Times are Unix milliseconds, `worked` seconds, `cost` US dollars."""

    session: str
    fold: SessionFold
    ended: int = 0
    rebuilds: int = 0
    usage: Usage = field(default_factory=Usage)
    automatic: list[Answered] = field(default_factory=list[Answered])
    denied: list[Answered] = field(default_factory=list[Answered])
    tasks: list[TaskCost] = field(default_factory=list[TaskCost])
    open: list[ApprovalRequested] = field(default_factory=list[ApprovalRequested])
    files: list[Done] = field(default_factory=list[Done])
    failed: list[Done] = field(default_factory=list[Done])
    more: dict[str, int] = field(default_factory=dict[str, int])


async def read_report(log: EventLog, session: str) -> Report:
    """Reads the whole session, and the changes of all tasks. For a person who asks. Raises StoreError."""
    report = Report(session, SessionFold(session))
    asked: dict[str, tuple[ApprovalRequested, int]] = {}
    since = 0
    while page := await log.read(since, session=session, limit=_PAGE):
        await asyncio.to_thread(_take, report, page, asked)
        since = page[-1].seq
    report.usage, report.ended = report.fold.totals, report.fold.updated
    report.open = list(report.fold.approvals.values())
    report.tasks = await _spent(log, session)
    await _done(log, report)
    _bound(report)
    return report


def _take(report: Report, events: list[Event], asked: dict[str, tuple[ApprovalRequested, int]]) -> None:
    for event in events:
        payload = event.payload
        report.fold.apply(payload, event.time)
        match payload:
            case WindowStarted(covers=covers) if covers:
                report.rebuilds += 1
            case ApprovalRequested():
                asked[payload.id] = payload, event.seq
            case ApprovalAnswered():
                if payload.id in asked:
                    _answered(report, event, payload, asked.pop(payload.id)[0])
            case GateDecided():
                _decided(report, event, payload)
            case _:
                pass


def _answered(report: Report, event: Event, answer: ApprovalAnswered, request: ApprovalRequested) -> None:
    person = answer.by not in ("contract", "policy")
    how = _BY_PERSON_WORDS[answer.decision] if person else ""
    why = f"{answer.by or 'the user'}{f' {how}' if how else ''}{f': {answer.words}' if answer.words else ''}"
    row = Answered(
        event.seq,
        event.time,
        request.name,
        request.detail if request.name == "bash" and request.detail else request.title,
        request.risk,
        "deny" if answer.decision == "deny" else "allow",
        why,
    )
    if not person:
        report.automatic.append(row)
    if answer.decision == "deny":
        report.denied.append(row)


def _decided(report: Report, event: Event, decision: GateDecided) -> None:
    why = decision.reason or decision.rule
    row = Answered(
        event.seq, event.time, decision.name, decision.subject, decision.risk, decision.action, why
    )
    if decision.action == "deny":
        report.denied.append(row)
    elif decision.action == "allow" and decision.rule.startswith(_UNASKED):
        report.automatic.append(row)


async def _spent(log: EventLog, session: str) -> list[TaskCost]:
    """What the session spent on each task that it worked on, and on none."""
    tree = TaskTree()
    spending = Spending(tree)
    kinds = (TaskChanged.kind, ModelReplied.kind, SideCallReplied.kind)
    since = 0
    while page := await log.read(since, kinds=kinds, limit=_PAGE):
        for event in page:
            tree.apply(event.payload, event.session, event.time)
            if event.session == session:
                spending.apply(event.payload, event.session)
        since = page[-1].seq
    rows: list[TaskCost] = []
    for task in tree.order():
        spent = spending.total(task.id)
        if spent.replies or task.session == session:
            rows.append(_cost(task, spent.usage.total, spent.cost))
    rest = spending.own("")
    if rest.replies and rows:
        rows.append(TaskCost("", "no task", "", "", rest.usage.total, rest.cost))
    return rows


def _cost(task: Task, tokens: int, cost: float) -> TaskCost:
    return TaskCost(task.id, task.title, task.state, task.note, tokens, cost)


async def _done(log: EventLog, report: Report) -> None:
    """Files that were changed, and commands that failed, each once."""
    files: dict[str, Done] = {}
    failed: dict[str, Done] = {}
    since, more = 0, True
    while more:
        page = await read_audit(log, since, session=report.session)
        for row in page.rows:
            event = row.events[-1] if row.events else 0
            if row.kind == "file" and row.outcome == "ok":
                change = "removed" if row.before and not row.after else "changed" if row.before else "created"
                before = files.pop(row.what, None)
                first = before.outcome if before and before.outcome == "created" and row.after else change
                files[row.what] = Done(row.what, first, before.times + 1 if before else 1, event)
            elif row.kind == "command" and row.outcome not in ("ok", "denied"):
                how = f"{row.outcome}, exit {row.exit_code}" if row.exit_code else row.outcome
                before = failed.pop(row.what, None)
                failed[row.what] = Done(row.what, how, before.times + 1 if before else 1, event)
        since, more = page.since, page.more
    report.files, report.failed = list(files.values()), list(failed.values())


def _bound(report: Report) -> None:
    """No list is longer than anybody reads; the newest stay."""
    for name in ("automatic", "denied", "files", "failed"):
        rows: list[object] = getattr(report, name)
        if len(rows) > MOST:
            report.more[name] = len(rows) - MOST
            setattr(report, name, rows[-MOST:])
