"""Tasks as Markdown: one line each, and progress.md, which tells all of one task."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cairn_memory.events import Event, TaskChanged, TaskState
from cairn_memory.tasks.spending import NOTHING, Spent
from cairn_memory.tasks.task import Task
from cairn_memory.tasks.tree import TaskTree

BOXES: dict[TaskState, str] = {"open": " ", "in progress": ">", "blocked": "!", "done": "x", "abandoned": "-"}
NUMBERS = 5
"""Event numbers in one line."""
NOTE = 200
"""Characters of a note in one line."""
HISTORY = 200
"""Changes that are told of a task, the newest ones."""


def task_line(task: Task, unmet: Sequence[Task] = (), indent: int = 0) -> str:
    """`- [x] T1.2 title (done; e12, e40)`: a task as one line of a list."""
    about: list[str] = [] if task.state == "open" else [task.state]
    if task.state == "done" and task.evidence:
        about.append(_numbers(task.evidence))
    elif task.note and task.state in ("blocked", "abandoned"):
        about.append(_short(task.note))
    if unmet and not task.finished:
        about.append(f"needs {', '.join(need.id for need in unmet)}")
    more = f" ({'; '.join(about)})" if about else ""
    return f"{'  ' * indent}- [{BOXES[task.state]}] {task.id} {_flat(task.title)}{more}"


def task_lines(tree: TaskTree, tasks: Iterable[Task] | None = None) -> list[str]:
    """The tree, or the part of it that is `tasks`, one line each, indented below what is above it."""
    chosen = tree.order() if tasks is None else list(tasks)
    indents: dict[str, int] = {}
    lines: list[str] = []
    for task in chosen:
        indents[task.id] = indents[task.parent] + 1 if task.parent in indents else 0
        lines.append(task_line(task, tree.unmet(task), indents[task.id]))
    return lines


def progress(
    tree: TaskTree, task: Task, history: Iterable[Event], own: Spent = NOTHING, total: Spent = NOTHING
) -> str:
    """The text of a task's progress.md. Of `history` its own `task.changed` events are told, in order."""
    below = tree.order(task.id)[1:]
    above = tree.get(task.parent)
    parts = [
        f"# {task.id} {_flat(task.title)}",
        "\n".join(_head(task, above)),
        _section("Criteria", [_criterion(task, each) for each in task.criteria]),
        _section("Needs", [task_line(each) for number in task.needs if (each := tree.get(number))]),
        _section("Tasks below", task_lines(tree, below)),
        _section("Evidence", [f"- e{number}" for number in task.evidence]),
        _section("History", _history(task, history)),
        _section("Spending", _spending(own, total)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(task: Task, above: Task | None) -> list[str]:
    lines = [f"State: {task.state}, since {_when(task.changed)}"]
    if task.note:
        lines.append(f"Note: {_flat(task.note)}")
    if above is not None:
        lines.append(f"Part of: {above.id} {_flat(above.title)}")
    if task.session:
        lines.append(f"Session: {_flat(task.session)}")
    return [f"{line}  " for line in lines[:-1]] + lines[-1:]


def _section(heading: str, lines: list[str]) -> str:
    return "\n".join((f"## {heading}", "", *lines)) if lines else ""


def _criterion(task: Task, text: str) -> str:
    return f"- [{'x' if task.state == 'done' else ' '}] {_flat(text)}"


def _history(task: Task, history: Iterable[Event]) -> list[str]:
    lines: list[str] = []
    before: TaskChanged | None = None
    for event in history:
        change = event.payload
        if isinstance(change, TaskChanged) and change.task == task.id:
            note = (
                f": {_flat(change.note)}"
                if change.note and (not before or change.note != before.note)
                else ""
            )
            lines.append(
                f"- {_when(event.time)} e{event.seq} {_what(change, before)} by the {change.by}{note}"
            )
            before = change
    if (left_out := len(lines) - HISTORY) > 0:
        return [f"- {left_out} earlier changes", *lines[left_out:]]
    return lines


def _what(change: TaskChanged, before: TaskChanged | None) -> str:
    if before is None:
        return "created" if change.state == "open" else f"created as {change.state}"
    if change.state != before.state:
        return "reopened" if change.state == "open" else change.state
    if change.title != before.title:
        return f"renamed from {_flat(before.title)!r}"
    changed = [
        name for name in ("needs", "criteria", "note") if getattr(change, name) != getattr(before, name)
    ]
    return f"changed {' and '.join(changed)}" if changed else "confirmed"


def _spending(own: Spent, total: Spent) -> list[str]:
    lines = [_amount("This task", own)] if own != NOTHING else []
    return lines if total in (own, NOTHING) else [*lines, _amount("With all below it", total)]


def _amount(what: str, spent: Spent) -> str:
    usage = spent.usage
    replies = "1 reply" if spent.replies == 1 else f"{spent.replies:,} replies"
    return (
        f"- {what}: {usage.total:,} tokens ({usage.prompt:,} in, of which {usage.cached:,} cached, "
        f"{usage.completion:,} out), ${spent.cost:.4f}, {replies}"
    )


def _when(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"e{number}" for number in numbers[:NUMBERS])
    return shown if len(numbers) <= NUMBERS else f"{shown} and {len(numbers) - NUMBERS} more"


def _short(text: str) -> str:
    flat = _flat(text)
    return flat if len(flat) <= NOTE else f"{flat[:NOTE].rstrip()}..."


def _flat(text: str) -> str:
    return " ".join(text.split())
