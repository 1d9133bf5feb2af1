"""The tree of tasks. It is held in memory; what tasks cost is read on from the look before, however long the log is."""

from collections.abc import Sequence

from cairn_agents.runs import RunInfo
from cairn_memory.tasks import Spending, Task
from cairn_memory.tasks.task import parent_of
from cairn_server import words
from cairn_server.call import Context
from cairn_server.protocol.views import ViewRow
from cairn_server.views.row import ROWS, bounded, lines, row

SOON = 0.05
"""Seconds that the rows wait for what tasks cost; when that comes later, the view has changed."""
PATIENCE = 600.0
AT_WORK = ("running", "waiting")


async def tasks(context: Context, session: str) -> list[ViewRow]:
    """All tasks as a tree. When there are too many, those that are left to do and what they belong to come first."""
    memory = context.runs.memory
    spending = await memory.spending.soon(SOON)
    if spending is None:
        context.host.views.later(memory.spending.soon(PATIENCE), "tasks")
    every = memory.tasks.order()
    known = every if len(every) <= ROWS else left(every)[:ROWS]
    agents = {info.session: info for info in context.runs.list()}
    below: dict[str, list[Task]] = {}
    for task in known:
        below.setdefault(parent_of(task.id), []).append(task)

    def shown(parent: str) -> list[ViewRow]:
        return [
            _row(context, task, agents.get(task.session), spending, shown(task.id))
            for task in below.get(parent, ())
        ]

    return bounded(shown(""), len(every) - len(known), "cairn tasks lists all")


def left(every: Sequence[Task]) -> list[Task]:
    """What is left to do of `every` task. What such a task belongs to is left, too: no other can be finished before it."""
    return [task for task in every if not task.finished]


def _row(
    context: Context, task: Task, agent: RunInfo | None, spending: Spending | None, children: list[ViewRow]
) -> ViewRow:
    current = context.runs.memory.tasks.current(task.session)
    works = agent is not None and agent.state in AT_WORK and current is not None and current.id == task.id
    state = ("working" if works else "paused") if task.state == "in progress" else task.state
    kinds = {
        "task": True,
        "left": not task.finished and not works,
        "working": works,
        "closed": task.finished or state == "blocked",
        "changed": agent is not None,
    }
    spent = spending.total(task.id) if spending else None
    who = task.note if state == "blocked" else agent.mode if agent else ""
    cost = [words.used(spent.usage.total), words.money(spent.cost)] if spent else []
    needs = [f"needs {each}" for each in task.needs]
    name = f"{task.id} {task.title}"
    done_when = [f"done when: {each}" for each in task.criteria]
    return row(
        task.id,
        name,
        state,
        [kind for kind, holds in kinds.items() if holds],
        words.joined(who, *cost),
        lines(name, task.state, task.note, *needs, *done_when),
        children,
        action="openTaskProgress",
        ref=task.id,
        session=task.session,
    )
