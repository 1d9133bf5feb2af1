"""What may be done to the tasks of a workspace: a new one, a change, each as the event that would do it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cairn_memory.events import By, TaskChanged, TaskState
from cairn_memory.log import EventLog
from cairn_memory.tasks import rules
from cairn_memory.tasks.fold import TaskFold
from cairn_memory.tasks.rules import TaskError
from cairn_memory.tasks.task import Task, depth_of, place_of

_PAGE = 2_000


class TaskTree(TaskFold):
    """The tasks, and what may be asked of them. One for all sessions of a workspace, on one event loop.

    `create`, `change` and `abandon` change nothing: they give the events that would, and whoever asked
    emits those. `exists` tells whether there is an event of a number.
    """

    def __init__(self, exists: Callable[[int], bool] = lambda number: number > 0) -> None:
        super().__init__()
        self._exists = exists

    def create(
        self,
        title: str,
        parent: str = "",
        needs: Iterable[str] = (),
        criteria: Iterable[str] = (),
        by: By = "agent",
        note: str = "",
    ) -> TaskChanged:
        """The event of a new task with the next number below `parent`. Raises TaskError.

        The number is taken at once: of two sessions that create a task before either emits it, each has its own.
        """
        title, needs = _line(title), tuple(dict.fromkeys(needs))
        self._check_new(title, parent)
        number = self._next(parent)
        rules.check_needs(number, parent, needs, self.get, self._waits)
        self._highest[parent] = place_of(number)[0]
        return TaskChanged(
            task=number, title=title, needs=needs, criteria=_lines(criteria), note=_line(note), by=by
        )

    def change(
        self,
        number: str,
        *,
        state: TaskState | None = None,
        title: str | None = None,
        needs: Iterable[str] | None = None,
        criteria: Iterable[str] | None = None,
        evidence: Iterable[int] | None = None,
        note: str | None = None,
        by: By = "agent",
    ) -> TaskChanged:
        """The event of a task as it is from then on; None leaves a thing as it is. Raises TaskError.

        A note belongs to the state it was given with: another state begins without one.
        """
        task = self._known(number)
        kept_note = task.note if state in (None, task.state) else ""
        wanted = replace(
            task,
            state=state or task.state,
            title=task.title if title is None else _line(title),
            needs=task.needs if needs is None else tuple(dict.fromkeys(needs)),
            criteria=task.criteria if criteria is None else _lines(criteria),
            evidence=task.evidence if evidence is None else tuple(dict.fromkeys(evidence)),
            note=kept_note if note is None else _line(note),
        )
        if not wanted.title:
            raise TaskError(f"{number} was not changed: its title would be empty; give one line")
        if wanted.needs != task.needs:
            rules.check_unfinished(task)
            rules.check_needs(number, task.parent, wanted.needs, self.get, self._waits)
        if state is not None:
            self._check_state(task, wanted)
        if state == "done":
            rules.check_evidence(task, wanted.evidence, self._exists)
        return TaskChanged(
            task=number,
            title=wanted.title,
            state=wanted.state,
            needs=wanted.needs,
            criteria=wanted.criteria,
            evidence=wanted.evidence if wanted.state == "done" else (),
            note=wanted.note,
            by=by,
        )

    def check_done(self, number: str) -> None:
        """Whether `number` may be marked done, once something shows that it is. Raises TaskError."""
        task = self._known(number)
        self._check_state(task, replace(task, state="done"))

    def abandon(self, number: str, note: str = "", by: By = "agent") -> tuple[TaskChanged, ...]:
        """The events that abandon a task and what is left below it, the lowest first. Raises TaskError."""
        task = self._known(number)
        rules.check_state(task, "abandoned", note)
        left = [each for each in self.order(number)[1:] if not each.finished]
        below = [_abandoned(each, f"with {number}", by) for each in reversed(left)]
        return (*below, _abandoned(task, _line(note), by))

    def _known(self, number: str) -> Task:
        task = self._tasks.get(number)
        if task is None:
            there = rules.named(self.open_tasks()[:6]) or "none"
            raise TaskError(f"there is no task {number!r}; open tasks: {there}")
        return task

    def _check_new(self, title: str, parent: str) -> None:
        if not title:
            raise TaskError(
                "no task was created: it has no title; give one line that says what is to be done"
            )
        if self._open >= rules.OPEN:
            raise TaskError(
                f"no task was created: {self._open} are open, at most {rules.OPEN}; finish or abandon some"
            )
        if parent and self._known(parent).finished:
            raise TaskError(
                f"no task was created: {parent} is {self._tasks[parent].state}; reopen it or choose another parent"
            )
        if parent and depth_of(parent) >= rules.DEPTH:
            raise TaskError(
                f"no task was created: {parent} is at level {depth_of(parent)}, the lowest; choose another parent"
            )
        for sibling in self.children(parent) if parent else self.roots():
            if not sibling.finished and sibling.title.casefold() == title.casefold():
                raise TaskError(
                    f"no task was created: {sibling.id} ({sibling.state}) has this title; use that one"
                )

    def _check_state(self, task: Task, wanted: Task) -> None:
        rules.check_state(task, wanted.state, wanted.note)
        above = self._tasks.get(task.parent)
        if task.finished and above is not None and above.finished:
            raise TaskError(
                f"{task.id} was not reopened: {above.id} above it is {above.state}; reopen that first"
            )
        if wanted.finished:
            needed = self.unmet(wanted)
            rules.check_finishable(task, wanted.state, self.children(task.id), needed)

    def _next(self, parent: str) -> str:
        number = self._highest.get(parent, 0) + 1
        return f"{parent}.{number}" if parent else f"T{number}"

    def _waits(self, number: str) -> Iterator[str]:
        """What a task cannot be done before."""
        yield from self._below.get(number, ())
        if task := self._tasks.get(number):
            yield from task.needs


async def read_tasks(log: EventLog, end: int | None = None) -> TaskTree:
    """The tree as the log has it, up to event `end`. Raises StoreError when the log cannot be read."""
    tree = TaskTree(exists=lambda number: 0 < number <= log.last_seq)
    since = 0
    while page := await log.read(since, kinds=(TaskChanged.kind,), limit=_PAGE):
        for event in page:
            if end is not None and event.seq > end:
                return tree
            tree.apply(event.payload, event.session, event.time)
        since = page[-1].seq
    return tree


def _abandoned(task: Task, note: str, by: By) -> TaskChanged:
    return TaskChanged(
        task=task.id,
        title=task.title,
        state="abandoned",
        needs=task.needs,
        criteria=task.criteria,
        note=note,
        by=by,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for text in texts if (line := _line(text)))
