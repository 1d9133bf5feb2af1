"""Which result belongs to which call: ids of other programs may be missing, or used again and again."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from cairn_memory.imports.message import Call

_LONGEST = 200
"""Characters of an id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, the `number`th of the session, by the `id` that it has in the log; `step` is that of its reply."""

    number: int
    id: str
    name: str
    step: int


class Pairing:
    """Takes calls and results in the order of the file. The same order always gives the same ids and pairs."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        """Numbers of the calls that have no result so far, or were never given one."""
        self._count = 0
        self._waiting: dict[str, deque[Asked]] = {}
        self._used: set[str] = set()

    def ask(self, calls: Sequence[Call], step: int) -> list[Asked]:
        """The calls of a reply. One of an earlier reply that waits by the same id gets no result any more."""
        for identity in {call.id for call in calls}:
            self._waiting.pop(identity, None)
        return [self._ask(call, step) for call in calls]

    def answer(self, identity: str) -> Asked | None:
        """The call that a result with this id belongs to; None when no such call waits."""
        waiting = self._waiting.get(identity)
        if not waiting:
            return None
        asked = waiting.popleft()
        if not waiting:
            del self._waiting[identity]
        self.open.discard(asked.number)
        return asked

    def _ask(self, call: Call, step: int) -> Asked:
        self._count += 1
        asked = Asked(self._count, self._unique(call.id[:_LONGEST] or "call"), call.name, step)
        self.open.add(asked.number)
        self._waiting.setdefault(call.id, deque()).append(asked)
        return asked

    def _unique(self, wanted: str) -> str:
        identity, again = wanted, 1
        while identity in self._used:
            again += 1
            identity = f"{wanted}~{again}" if again < 100 else f"{wanted}~{self._count}"
        self._used.add(identity)
        return identity
