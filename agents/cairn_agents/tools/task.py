"""task: what is to be done as a tree, each task with its state and with what shows that it is done."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.lists import EventNumbers, Texts, Words
from cairn_agents.tools.masking import first_line
from cairn_agents.tools.tasklist import detail, listing, next_line
from cairn_memory.events import TaskChanged, TaskState
from cairn_memory.tasks import Task as OneTask
from cairn_memory.tasks import TaskError, TaskTree, number_in

_TITLE = 80
"""Characters of a task's title in a call's."""
_NAMED = 8
"""Open tasks named in an error."""
_MOST = 50
"""Ids, criteria or event numbers in one call."""

Action = Literal["create", "start", "block", "done", "abandon", "reopen", "change", "list"]

_STATES: dict[Action, TaskState] = {
    "start": "in progress",
    "block": "blocked",
    "done": "done",
    "reopen": "open",
}


class TaskArguments(Arguments):
    action: Action
    id: str = Field(default="", max_length=100)
    title: str = Field(default="", max_length=300)
    parent: str = Field(default="", max_length=100)
    needs: Words = Field(default_factory=tuple, max_length=_MOST)
    criteria: Texts = Field(default_factory=tuple, max_length=_MOST)
    evidence: EventNumbers = Field(default_factory=tuple, max_length=_MOST)
    note: str = Field(default="", max_length=2_000)


class Task:
    """Asks the tree, and leaves what it answers as events; the session takes those in with the result."""

    name: ClassVar[str] = "task"
    kind: ClassVar[Kind] = "note"
    Args = TaskArguments

    async def plan(self, call: str, args: TaskArguments, scope: Scope) -> Plan[TaskArguments]:
        what = " ".join(
            part for part in ("task", args.action, number_in(args.id) if args.id else "", args.title) if part
        )
        return Plan(call, args, first_line(what, _TITLE, scope.mask))

    async def run(self, plan: Plan[TaskArguments], scope: Scope) -> Result:
        if scope.tasks is None:
            raise ToolError("no tasks are kept here; go on without")
        args = plan.args
        try:
            if args.action == "list":
                return _list(scope.tasks, args, scope.session)
            if args.action == "create":
                return _create(scope.tasks, args)
            if args.action == "abandon":
                return _abandon(scope.tasks, args, scope.session)
            return await _change(scope.tasks, args, scope)
        except TaskError as error:
            raise ToolError(str(error)) from error

    async def recover(self, plan: Plan[TaskArguments], scope: Scope) -> Result | None:
        return None  # result and events are durable together: without a result nothing was changed


def _list(tree: TaskTree, args: TaskArguments, session: str) -> Result:
    if not args.id:
        return Result(listing(tree, session), summary=f"{len(tree.open_tasks(session))} open")
    task = _meant(tree, args, session)
    return Result(detail(tree, task), summary=f"{task.id} {task.state}")


def _create(tree: TaskTree, args: TaskArguments) -> Result:
    parent = number_in(args.parent) if args.parent.strip() else ""
    made = tree.create(args.title, parent, _needs(args), args.criteria, note=args.note)
    return Result(f"{made.task} was created: {made.title}", summary=f"{made.task} created", events=(made,))


def _abandon(tree: TaskTree, args: TaskArguments, session: str) -> Result:
    *below, last = tree.abandon(_meant(tree, args, session).id, args.note)
    gone = f" with {', '.join(each.task for each in below)} below it" if below else ""
    return _said(tree, session, f"{last.task} is abandoned{gone}.", (*below, last))


async def _change(tree: TaskTree, args: TaskArguments, scope: Scope) -> Result:
    task = _meant(tree, args, scope.session)
    state = _STATES.get(args.action)
    evidence = None
    if state == "done":
        tree.check_done(task.id)
        evidence = await _evidence(task, args, scope)
    change = tree.change(
        task.id,
        state=state,
        title=args.title if args.action == "change" and args.title.strip() else None,
        needs=_needs(args) or None,
        criteria=args.criteria or None,
        evidence=evidence,
        note=args.note or None,
    )
    shown = f" (evidence: {', '.join(f'e{number}' for number in change.evidence)})" if change.evidence else ""
    text = f"{change.task} is {change.state}{shown}: {change.title}"
    if state == "in progress":
        unmet = ", ".join(f"{need.id} ({need.state})" for need in tree.unmet(task))
        text += f"\nIt needs {unmet} before it can be done." if unmet else ""
        text += "".join(f"\nDone when: {each}" for each in change.criteria)
    return _said(tree, scope.session, text, (change,))


def _said(tree: TaskTree, session: str, text: str, changes: Sequence[TaskChanged]) -> Result:
    last = changes[-1]
    more = next_line(tree, session, changes) if last.state in ("done", "abandoned", "blocked") else ""
    return Result(text + more, summary=f"{last.task} {last.state}", events=tuple(changes))


def _needs(args: TaskArguments) -> list[str]:
    return [number_in(need) for need in args.needs]


def _meant(tree: TaskTree, args: TaskArguments, session: str) -> OneTask:
    """The task named by `id`; without one the current task, when the action can only mean that."""
    if args.id.strip():
        number = number_in(args.id)
        if (task := tree.get(number)) is None:
            raise ToolError(f"there is no task {number}; open tasks of this session: {_open(tree, session)}")
        return task
    current = tree.current(session)
    if current is not None and args.action in ("done", "block", "change"):
        return current
    raise ToolError(
        f"{args.action} needs the `id` of a task; open tasks of this session: {_open(tree, session)}"
    )


def _open(tree: TaskTree, session: str) -> str:
    return ", ".join(f"{each.id} {each.title}" for each in tree.open_tasks(session)[:_NAMED]) or "none"


async def _evidence(task: OneTask, args: TaskArguments, scope: Scope) -> tuple[int, ...]:
    """The events named, when they can show something; with none named the calls since the task was started."""
    if scope.evidence is None:
        return tuple(args.evidence)
    if args.evidence:
        if missing := await scope.evidence.not_there(args.evidence):
            wrong = ", ".join(f"e{number}" for number in missing[:5])
            raise ToolError(
                f"{task.id} was not marked done: {wrong} is no finished call and no word of the user; "
                "leave `evidence` out to take your calls since the task was started"
            )
        return tuple(args.evidence)
    found = await scope.evidence.since_start(scope.session, task.id)
    if not found:
        raise ToolError(
            f"{task.id} was not marked done: no call of yours has succeeded since it was started, so nothing shows it; "
            "run what shows it (a test, a look at the result), or abandon the task and say why"
        )
    return found
