"""What each task cost: the replies made while a session worked on it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn_memory.events import Event, ModelReplied, Payload, SideCallReplied, TaskChanged, Usage
from cairn_memory.log import EventLog
from cairn_memory.tasks.task import parent_of
from cairn_memory.tasks.tree import TaskTree

_PAGE = 500
_REPLIES = (ModelReplied.kind, SideCallReplied.kind)
_KINDS = (TaskChanged.kind, *_REPLIES)


@dataclass(frozen=True, slots=True)
class Spent:
    """`cost` is US dollars; `replies` counts requests that were answered."""

    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    replies: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.usage + other.usage, self.cost + other.cost, self.replies + other.replies)


NOTHING = Spent()


class Spending:
    """The fold of replies, side calls included, by the task that was current when they came.

    Give each event to the tree first. The reply that starts a task belongs to the one before it, the reply
    that marks it done still to it. What no task was current for is under "".
    """

    def __init__(self, tree: TaskTree) -> None:
        self._tree = tree
        self._own: dict[str, Spent] = {}
        self._total: dict[str, Spent] = {}

    def apply(self, payload: Payload, session: str) -> None:
        """Takes one event of `session` in; costs as much as the task is deep."""
        if not isinstance(payload, (ModelReplied, SideCallReplied)):
            return
        spent = Spent(payload.usage, payload.cost, 1)
        task = self._tree.current(session)
        number = task.id if task else ""
        self._own[number] = self._own.get(number, NOTHING) + spent
        while number:
            self._total[number] = self._total.get(number, NOTHING) + spent
            number = parent_of(number)

    def own(self, task: str) -> Spent:
        """For the task itself; "" for what was spent while no task was current."""
        return self._own.get(task, NOTHING)

    def total(self, task: str) -> Spent:
        """For the task and all below it."""
        return self._total.get(task, NOTHING)


class SpendingBook:
    """What was spent on tasks, for who asks again and again: each look reads only what came since the one before.

    What was spent while no task was current is not in it: those replies are not even read the first time.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._alone = asyncio.Lock()
        self._reading: asyncio.Task[Spending] | None = None
        self._since = 0
        self._tree = TaskTree()
        self._spending = Spending(self._tree)

    async def read(self) -> Spending:
        """What was spent so far. Raises StoreError when the log cannot be read."""
        async with self._alone:
            end = self._log.last_seq
            if not self._since:
                past = _Past(self._log)
                await past.read(end)
                self._tree, self._spending, self._since = past.tree, past.spending, end
            while page := await self._log.read(self._since, kinds=_KINDS, limit=_PAGE, until=end):
                await asyncio.to_thread(self._take, page)
                self._since = page[-1].seq
            self._since = end
            return self._spending

    async def soon(self, seconds: float) -> Spending | None:
        """As `read`; None when that takes longer, as the first look at a long history does. It goes on beside."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self.read(), name="spending")
        done, _ = await asyncio.wait([self._reading], timeout=seconds)
        return self._reading.result() if done else None

    async def forget(self) -> None:
        """The log was rewritten: the next look begins at its beginning."""
        async with self._alone:
            self._since = 0

    async def close(self) -> None:
        """Looks no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _take(self, page: Sequence[Event]) -> None:
        for event in page:
            if event.kind == TaskChanged.kind:
                self._tree.apply(event.payload, event.session, event.time)
            elif self._tree.current(event.session) is not None:
                self._spending.apply(event.payload, event.session)


class _Past:
    """The first look at a history: from change to change of a task, the replies of the sessions that worked on one."""

    def __init__(self, log: EventLog) -> None:
        self.tree = TaskTree()
        self.spending = Spending(self.tree)
        self._log = log
        self._counted: dict[str, int] = {}
        """Sessions with a current task, and up to which event their replies are counted."""

    async def read(self, end: int) -> None:
        since = 0
        while page := await self._log.read(since, kinds=(TaskChanged.kind,), limit=_PAGE, until=end):
            for event in page:
                await self._change(event, event.payload)
            since = page[-1].seq
        for session in self._counted:
            await self._count(session, end)

    async def _change(self, event: Event, change: Payload) -> None:
        before = self.tree.get(change.task) if isinstance(change, TaskChanged) else None
        concerned = {event.session, before.session if before else event.session}
        for session in concerned & self._counted.keys():
            await self._count(session, event.seq)
        self.tree.apply(change, event.session, event.time)
        for session in concerned:
            if self.tree.current(session) is None:
                self._counted.pop(session, None)
            else:
                self._counted[session] = event.seq

    async def _count(self, session: str, until: int) -> None:
        since = self._counted[session]
        while page := await self._log.read(since, session=session, kinds=_REPLIES, limit=_PAGE, until=until):
            await asyncio.to_thread(self._take, page)
            since = page[-1].seq

    def _take(self, page: Sequence[Event]) -> None:
        for event in page:
            self.spending.apply(event.payload, event.session)
