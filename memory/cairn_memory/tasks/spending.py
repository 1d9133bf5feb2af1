"""What each task cost: the replies made while a session worked on it."""

from dataclasses import dataclass, field

from cairn_memory.events import ModelReplied, Payload, SideCallReplied, TaskChanged, Usage
from cairn_memory.log import EventLog
from cairn_memory.tasks.task import parent_of
from cairn_memory.tasks.tree import TaskTree

_PAGE = 500
_KINDS = (TaskChanged.kind, ModelReplied.kind, SideCallReplied.kind)


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


async def read_spending(log: EventLog) -> Spending:
    """What the log says was spent, by all sessions. Reads every reply: for a person who asks.

    Raises StoreError when the log cannot be read.
    """
    tree = TaskTree()
    spending = Spending(tree)
    since = 0
    while page := await log.read(since, kinds=_KINDS, limit=_PAGE):
        for event in page:
            tree.apply(event.payload, event.session, event.time)
            spending.apply(event.payload, event.session)
        since = page[-1].seq
    return spending
