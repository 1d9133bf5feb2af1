"""What changed while a session rested, for the person who is to say whether it goes on."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.worktree import root_now, what_changed
from cairn_memory.drift import commits
from cairn_memory.events import Event, SessionResumed
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.sessions import KILLED, SessionFold

PAGE = 2_000
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Resting:
    """`lines` are those that its agent would be told, `commits` came since it rested, the newest first.

    `moved` is where its work tree lay before, "" when it lies there still. `killed`: its host stopped in mid-run.
    """

    lines: tuple[str, ...]
    commits: tuple[str, ...]
    moved: str
    killed: bool


async def resting(log: EventLog, workspace: Workspace, session: str) -> Resting:
    """Looks at the work tree as taking up the session would. Asks no model and writes nothing. Raises StoreError."""
    events = await _events(log, session)
    fold = SessionFold(session)
    for event in events:
        fold.apply(event.payload, event.time)
    before, root = fold.root, await asyncio.to_thread(root_now, fold, workspace)
    if before != str(root):
        fold.apply(SessionResumed(root=str(root)), fold.updated)
    last = fold.work_tree
    now, lines = await what_changed(fold, events)
    came = await asyncio.to_thread(commits, Path(root), last, now)
    return Resting(
        tuple(log.masker.mask(line) for line in lines),
        tuple(log.masker.mask(line) for line in came),
        before if before != str(root) else "",
        fold.reason == KILLED,
    )


async def _events(log: EventLog, session: str) -> list[Event]:
    events: list[Event] = []
    while page := await log.read(events[-1].seq if events else 0, session=session, limit=PAGE):
        events += page
    return events
