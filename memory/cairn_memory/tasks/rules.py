"""What may be asked of the task tree: each check raises TaskError with what was asked, what was found, what to do."""

from collections.abc import Callable, Iterable, Iterator

from cairn_memory.events import TaskState
from cairn_memory.tasks.task import Task

DEPTH = 6
"""Levels of the tree: deeper plans are not read by anybody."""
OPEN = 500
"""Tasks that are not finished, in the whole workspace."""
_NAMED = 5
"""Tasks named in one message."""


class TaskError(Exception):
    """Whoever asked is told, in one line, and may ask for something else. Nothing was changed."""


def named(tasks: Iterable[Task]) -> str:
    """`T1 (open), T2 (blocked) and 3 more`."""
    listed = list(tasks)
    text = ", ".join(f"{task.id} ({task.state})" for task in listed[:_NAMED])
    return text if len(listed) <= _NAMED else f"{text} and {len(listed) - _NAMED} more"


def check_state(task: Task, state: TaskState, note: str) -> None:
    """Whether `task` may come to be in `state`; what depends on other tasks is checked apart."""
    if task.state == state and task.finished:
        raise TaskError(f"{task.id} is {state} already; nothing was changed")
    if task.finished and state != "open":
        raise TaskError(f"{task.id} is {task.state}; reopen it before it can be {state}")
    if state == "blocked" and not (note or (task.state == "blocked" and task.note)):
        raise TaskError(f"{task.id} was not blocked: say in `note` what it waits for")


def check_unfinished(task: Task) -> None:
    """What a finished task needed stays as it was."""
    if task.finished:
        raise TaskError(f"{task.id} is {task.state}; reopen it before you change what it needs")


def check_finishable(task: Task, state: TaskState, below: Iterable[Task], needed: Iterable[Task]) -> None:
    """A task is done after all below it and all that it needs; it is abandoned after all below it."""
    if left := [child for child in below if not child.finished]:
        raise TaskError(
            f"{task.id} was not {_past(state)}: below it {named(left)}; finish or abandon that first"
        )
    if state == "done" and (left := [need for need in needed if not need.finished]):
        raise TaskError(
            f"{task.id} was not marked done: it needs {named(left)}; finish or abandon that first"
        )


def check_evidence(task: Task, evidence: tuple[int, ...], exists: Callable[[int], bool]) -> None:
    """Done is what events show to be done."""
    if not evidence:
        raise TaskError(
            f"{task.id} was not marked done: no event shows that it is; give numbers of events as evidence"
        )
    if missing := [number for number in evidence if not exists(number)]:
        shown = ", ".join(f"e{number}" for number in missing[:_NAMED])
        raise TaskError(
            f"{task.id} was not marked done: there is no event {shown}; give numbers of events that are there"
        )


def check_needs(
    number: str,
    parent: str,
    needs: tuple[str, ...],
    get: Callable[[str], Task | None],
    waits: Callable[[str], Iterable[str]],
) -> None:
    """What `number` (below `parent`) needs is there, and none of it waits for `number` itself.

    A task waits for what it needs and for what is below it, as it cannot be done before either.
    """
    if missing := [need for need in needs if get(need) is None]:
        raise TaskError(f"{number} cannot need {missing[0]}: there is no such task; list shows all")
    ends = {number, parent} - {""}
    for need in needs:
        if way := _way(need, ends, waits):
            path = " -> ".join([*way, *([number] if way[-1] != number else [])])
            raise TaskError(
                f"{number} cannot need {need}: that waits for {number} ({path}); leave the need out"
            )


def _way(start: str, ends: set[str], waits: Callable[[str], Iterable[str]]) -> list[str]:
    """From `start` to one of `ends` along what tasks wait for; empty when there is no way."""
    came: dict[str, str] = {start: ""}
    ahead = [start]
    while ahead:
        at = ahead.pop()
        if at in ends:
            return list(_back(at, came))[::-1]
        for further in waits(at):
            if further not in came:
                came[further] = at
                ahead.append(further)
    return []


def _back(at: str, came: dict[str, str]) -> Iterator[str]:
    while at:
        yield at
        at = came[at]


def _past(state: TaskState) -> str:
    return "marked done" if state == "done" else state
