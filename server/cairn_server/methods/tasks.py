"""The task tree, as a person sees and changes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn_agents.runs import RunInfo
from cairn_memory.events import NoteAdded, State, TaskChanged, TaskState
from cairn_memory.memory import Memory
from cairn_memory.tasks import Evidence, Spending, Task, TaskError, number_in, task_line
from cairn_memory.versions import NO_SESSION
from cairn_server import protocol as wire
from cairn_server.call import Context, Method

AT_WORK: tuple[State, ...] = ("running", "waiting")

_STATES: dict[str, TaskState] = {
    "start": "in progress",
    "block": "blocked",
    "done": "done",
    "reopen": "open",
}


async def _list(context: Context, params: wire.ListTasks) -> wire.TaskList:
    memory = context.runs.memory
    spending = await memory.spending.read() if params.spending else None
    agents = _agents(context)
    return wire.TaskList(tasks=[_info(memory, task, agents, spending) for task in memory.tasks.order()])


async def _change(context: Context, params: wire.ChangeTask) -> wire.ChangedTasks:
    memory = context.runs.memory
    number = number_in(params.id) if params.id.strip() else ""
    if params.action == "create":
        made = memory.tasks.create(
            params.title or "",
            number,
            _numbers(params.needs),
            params.criteria or (),
            "user",
            params.note or "",
        )
        return await _record(context, NO_SESSION, (made,))
    task = memory.tasks.get(number)
    if task is None:
        raise TaskError(f"there is no task {params.id!r}; `cairn tasks` lists them")
    session = task.session or NO_SESSION
    if params.action == "abandon":
        return await _record(context, session, memory.tasks.abandon(number, params.note or "", "user"))
    evidence = await _evidence(memory, task, params) if params.action == "done" else None
    change = memory.tasks.change(
        number,
        state=_STATES.get(params.action),
        title=params.title,
        needs=None if params.needs is None else _numbers(params.needs),
        criteria=params.criteria,
        evidence=evidence,
        note=params.note,
        by="user",
    )
    return await _record(context, session, (change,))


async def _evidence(memory: Memory, task: Task, params: wire.ChangeTask) -> Sequence[int]:
    """The events named; else what the session did for the task; else the user's word, noted."""
    memory.tasks.check_done(task.id)
    evidence = Evidence(memory.log)
    if params.evidence:
        if missing := await evidence.not_there(params.evidence):
            wrong = ", ".join(f"e{number}" for number in missing[:5])
            raise TaskError(
                f"{task.id} was not marked done: {wrong} is no finished call and no word of yours"
            )
        return params.evidence
    if found := await evidence.since_start(task.session, task.id):
        return found
    note = NoteAdded(text=f"The user says that {task.id} is done: {task.title}", by="user")
    (event,) = await memory.record(task.session or NO_SESSION, note)
    return (event.seq,)


async def _record(context: Context, session: str, changes: Sequence[TaskChanged]) -> wire.ChangedTasks:
    memory = context.runs.memory
    await memory.record(session, *changes)
    tasks = [memory.tasks.get(change.task) for change in changes]
    agents = _agents(context)
    return wire.ChangedTasks(tasks=[_info(memory, task, agents) for task in tasks if task is not None])


def _numbers(names: Sequence[str] | None) -> list[str]:
    return [number_in(name) for name in names or ()]


def _agents(context: Context) -> dict[str, RunInfo]:
    return {info.session: info for info in context.runs.list()}


def _info(
    memory: Memory, task: Task, agents: Mapping[str, RunInfo], spending: Spending | None = None
) -> wire.TaskInfo:
    spent = spending.total(task.id) if spending else None
    agent = agents.get(task.session)
    current = memory.tasks.current(task.session)
    return wire.TaskInfo(
        id=task.id,
        title=task.title,
        state=task.state,
        needs=list(task.needs),
        criteria=list(task.criteria),
        evidence=list(task.evidence),
        note=task.note,
        by=task.by,
        created=task.created,
        changed=task.changed,
        session=task.session,
        current=current is not None and current.id == task.id,
        agent=agent.mode if agent else "",
        at_work=agent is not None and agent.state in AT_WORK,
        tokens=spent.usage.total if spent else 0,
        cost=spent.cost if spent else 0.0,
        line=task_line(task, memory.tasks.unmet(task)),
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/task/list", wire.ListTasks, wire.TaskList, _list),
    Method("cairn/task/change", wire.ChangeTask, wire.ChangedTasks, _change),
)
