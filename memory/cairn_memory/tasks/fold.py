"""The fold of all `task.changed` of a workspace: the newest of each task counts."""

from bisect import insort
from dataclasses import replace

from cairn_memory.events import Payload, TaskChanged
from cairn_memory.tasks.task import NO_NUMBER, Task, place_of


class TaskFold:
    """Every task of the workspace as it stands. One for all its sessions; `apply` is its only mutator."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._below: dict[str, list[str]] = {"": []}
        self._highest: dict[str, int] = {}
        self._left: dict[str, dict[str, None]] = {}
        self._worked_on: dict[str, dict[str, None]] = {}
        self._open = 0

    def apply(self, payload: Payload, session: str, time: int) -> None:
        """Takes one event of `session` in. The same cost however many tasks there are.

        What the user changes stays with the session that works on it.
        """
        if not isinstance(payload, TaskChanged) or not payload.task:
            return
        before = self._tasks.get(payload.task)
        task = Task(
            id=payload.task,
            title=payload.title,
            state=payload.state,
            needs=payload.needs,
            criteria=payload.criteria,
            evidence=payload.evidence,
            note=payload.note,
            by=payload.by,
            created=before.created if before else time,
            changed=time,
            session=before.session if before and (payload.by == "user" or not session) else session,
        )
        if before is None:
            self._place(task)
        else:
            self._leave(before, task)
        self._tasks[task.id] = task
        if not task.finished:
            self._open += 1
            self._left.setdefault(task.session, {})[task.id] = None
            if task.state == "in progress":
                self._worked_on.setdefault(task.session, {}).setdefault(task.id)

    def become(self, other: "TaskFold") -> None:
        """Stands from now on as `other` does: the log was rewritten, and whoever holds this one goes on with it."""
        self._tasks, self._below, self._highest = other._tasks, other._below, other._highest
        self._left, self._worked_on, self._open = other._left, other._worked_on, other._open

    def _place(self, task: Task) -> None:
        parent, place = task.parent, place_of(task.id)
        siblings = self._below.setdefault(parent, [])
        if siblings and place_of(siblings[-1]) > place:
            insort(siblings, task.id, key=place_of)
        else:
            siblings.append(task.id)
        if place[0] < NO_NUMBER:
            self._highest[parent] = max(self._highest.get(parent, 0), place[0])

    def _leave(self, before: Task, task: Task) -> None:
        """Takes `before` out of what is left to do, and of what is worked on unless that goes on."""
        if before.finished:
            return
        self._open -= 1
        moved = before.session != task.session
        if moved or task.finished:
            self._left[before.session].pop(before.id, None)
        again = replace(before, changed=task.changed, by=task.by) == task  # started once more: back to it
        if (moved or again or task.state != "in progress") and before.session in self._worked_on:
            self._worked_on[before.session].pop(before.id, None)

    def __len__(self) -> int:
        return len(self._tasks)

    def get(self, number: str) -> Task | None:
        return self._tasks.get(number)

    def roots(self) -> list[Task]:
        """Tasks below no other that is there."""
        strays = [
            number
            for parent in self._below
            if parent and parent not in self._tasks
            for number in self._below[parent]
        ]
        return [self._tasks[number] for number in (*self._below[""], *strays)]

    def children(self, number: str) -> list[Task]:
        """The tasks right below, in the order of their numbers."""
        return [self._tasks[below] for below in self._below.get(number, ())]

    def order(self, number: str = "") -> list[Task]:
        """All tasks (or `number` and all below it), each before those below it."""
        ahead = [self._tasks[number]] if number in self._tasks else [] if number else self.roots()[::-1]
        found: list[Task] = []
        while ahead:
            found.append(task := ahead.pop())
            ahead += self.children(task.id)[::-1]
        return found

    def open_tasks(self, session: str | None = None) -> list[Task]:
        """Tasks that are not finished (open, in progress, blocked): those `session` last worked on, or all."""
        if session is None:
            return [task for task in self.order() if not task.finished]
        return sorted((self._tasks[number] for number in self._left.get(session, ())), key=_path)

    def current(self, session: str) -> Task | None:
        """The task that `session` last moved to in progress and that still is."""
        worked_on = self._worked_on.get(session)
        return self._tasks[next(reversed(worked_on))] if worked_on else None

    def unmet(self, task: Task) -> list[Task]:
        """What `task` needs and is not finished."""
        return [need for number in task.needs if (need := self._tasks.get(number)) and not need.finished]


def _path(task: Task) -> tuple[tuple[int, str], ...]:
    parts = task.id.split(".")
    return tuple(place_of(".".join(parts[: length + 1])) for length in range(len(parts)))
