"""How the model is shown its tasks: the tree within bounds, one task in full, and what comes next."""

from collections.abc import Iterable

from cairn_memory.events import TaskChanged
from cairn_memory.tasks import Task, TaskTree, task_line, task_lines

MOST = 100
"""Lines of one list."""
_NOTE = 500
"""Characters of a note in full view."""


def listing(tree: TaskTree, session: str) -> str:
    """Every task that is open or was worked on by `session`, with those above it; the newest when there are many."""
    shown = [task for task in tree.order() if not task.finished or task.session == session]
    if len(shown) > MOST:
        shown = [task for task in shown if not task.finished]
    if not shown:
        return (
            "There are no open tasks; create makes one."
            if not len(tree)
            else f"No task is open (finished: {len(tree)})."
        )
    lines = task_lines(tree, _with_those_above(tree, shown))
    more = len(lines) - MOST
    hidden = f"\n[{more} more; list with an id shows that task and those below it]" if more > 0 else ""
    current = tree.current(session)
    return "\n".join(lines[:MOST]) + hidden + (f"\nYou are at {current.id}." if current else "")


def detail(tree: TaskTree, task: Task) -> str:
    """One task with its criteria and note, and the tasks below it."""
    lines = [task_line(task, tree.unmet(task))]
    lines += [f"Done when: {each}" for each in task.criteria]
    lines += [f"Note: {task.note[:_NOTE]}"] if task.note else []
    return "\n".join([*lines, *task_lines(tree, tree.order(task.id)[1 : MOST + 1])])


def next_line(tree: TaskTree, session: str, changes: Iterable[TaskChanged]) -> str:
    """What the session may do next, once `changes` hold: its current task, else the first that waits for nothing."""
    gone = {change.task for change in changes}
    left = [task for task in tree.open_tasks(session) if task.id not in gone and task.state != "blocked"]
    if not left:
        return "\nNo other task is left to do."
    ready = [task for task in left if all(need.id in gone for need in tree.unmet(task))]
    at_work = [task for task in ready if task.state == "in progress"]
    task = (at_work[::-1] or ready or left)[0]
    return f"\nNext: {task.id} {task.title} ({task.state}); {len(left)} left."


def _with_those_above(tree: TaskTree, tasks: Iterable[Task]) -> list[Task]:
    wanted: set[str] = set()
    for task in tasks:
        number = task.id
        while number and number not in wanted:
            wanted.add(number)
            number = number.rpartition(".")[0]
    return [task for task in tree.order() if task.id in wanted]
