"""Which events show that a task is done: finished calls, and the user's words. The model's own words show nothing."""

from collections.abc import Iterable

from cairn_memory.events import ProcessEnded, TaskChanged, ToolFinished, UserMessage
from cairn_memory.log import EventLog
from cairn_memory.tasks.task import FINISHED

SHOWING = (ToolFinished.kind, ProcessEnded.kind, UserMessage.kind)
LOOKED_AT = 400
"""Newest task changes and calls of a session that are looked through."""
MOST = 20
"""Calls that are taken as evidence by themselves, the newest ones."""
_OF_TASKS = ("task", "note")
"""Tools whose calls show nothing: they only write down what the model says."""


class Evidence:
    """Looks events up in the log. Only what is durable is found."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def since_start(self, session: str, task: str) -> tuple[int, ...]:
        """The calls of `session` that succeeded since it started `task` (or created it, when it never did).

        Commands that ended well and files that were changed count before what was only read.
        Raises StoreError when the log cannot be read.
        """
        kinds = (TaskChanged.kind, ToolFinished.kind)
        events = await self._log.read(session=session, kinds=kinds, limit=LOOKED_AT, newest=True)
        did: list[int] = []
        read: list[int] = []
        whole = len(events) == LOOKED_AT  # it began before what is looked at
        started: tuple[int, int] | None = None
        created: tuple[int, int] | None = None
        for event in reversed(events):
            change = event.payload
            if isinstance(change, TaskChanged) and change.task == task:
                if change.state in FINISHED:
                    whole = False
                    break
                created = (len(did), len(read))
                started = created if change.state == "in progress" else started
            elif isinstance(change, ToolFinished) and _succeeded(change):
                (did if change.effect is not None or change.exit_code == 0 else read).append(event.seq)
        begun = started or created or ((len(did), len(read)) if whole else (0, 0))
        return tuple((did[: begun[0]] or read[: begun[1]])[:MOST][::-1])

    async def not_there(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Those of `numbers` that are no events which can show anything. Raises StoreError."""
        return tuple([number for number in numbers if not await self._shows(number)])

    async def _shows(self, number: int) -> bool:
        found = await self._log.read(number - 1, limit=1) if number > 0 else []
        return bool(found) and found[0].seq == number and found[0].kind in SHOWING


def _succeeded(call: ToolFinished) -> bool:
    return call.outcome == "ok" and call.exit_code in (None, 0) and call.name not in _OF_TASKS
