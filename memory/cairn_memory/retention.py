"""Lets go of what is old or too much: whole sessions at rest, old checkpoints, blobs that nothing points at.

A session that runs or waits is never touched, whatever the settings say, and neither is the
project's memory: it is small, and it is what should last.
"""

import asyncio
import re
import time
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from cairn_memory.blobs import BlobStore
from cairn_memory.errors import explain
from cairn_memory.events import BlobRef, CheckpointWritten, Event, StateChanged
from cairn_memory.leftovers import Leftover, digests_in
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.scopes import Sessions
from cairn_memory.snapshots.repository import FOLDER
from cairn_memory.taking import Taking, all_events
from cairn_memory.versions import NO_SESSIONS

CHECKPOINTS = 5
"""So many checkpoints of a session keep their content."""
_WORTHWHILE = 32
"""Old checkpoints that are worth a rewriting of the log by themselves."""
_GRACE = 3_600_000
"""Milliseconds for which a blob may wait for the event that points at it."""
_DAY = 86_400_000
_SIZE = re.compile(r'"digest":\s*"([0-9a-f]{64})",\s*"size":\s*(\d+)')


@dataclass(frozen=True, slots=True)
class Policy:
    """How much is kept. 0 means no limit."""

    keep_days: int = 0
    keep_mb: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """What went: sessions by name, and counts of events, checkpoints' contents, and blobs nothing pointed at."""

    sessions: tuple[str, ...] = ()
    events: int = 0
    checkpoints: int = 0
    orphans: int = 0


@dataclass
class _Session:
    """What retention needs to know of one session. `size` is in bytes."""

    name: str
    updated: int = 0
    state: str = "done"
    size: int = 0
    checkpoints: list[int] = field(default_factory=list[int])


async def expire(
    log: EventLog,
    workspace: Workspace,
    policy: Policy,
    *,
    busy: Collection[str] = (),
    index: AbstractAsyncContextManager[object] | None = None,
    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> Expired:
    """Applies `policy`. `busy` are sessions that somebody has in hand, at rest or not: they stay.

    The search index is closed while `index` is entered. `now` is in Unix milliseconds. Raises StoreError.
    """
    sessions = await _look(log)
    for session in sessions.values():
        for folder in (workspace.session(session.name), workspace.proposal(session.name)):
            session.size += await asyncio.to_thread(_size_of, folder)
    going = _too_old(sessions, policy, now(), busy)
    going |= await asyncio.to_thread(_too_much, sessions, policy, workspace, going, busy)
    old = {
        seq for each in sessions.values() if each.name not in going for seq in each.checkpoints[:-CHECKPOINTS]
    }
    limited = policy.keep_days or policy.keep_mb
    if not (limited and (going or len(old) >= _WORTHWHILE)):
        return Expired(orphans=await sweep(log, workspace, now()))
    expiring = _Expiring(Sessions(tuple(sorted(going))), workspace, True, old_checkpoints=old)
    async with index or nullcontext():
        done = await log.rewrite(expiring)
        await log.finish(workspace.local)
    return Expired(tuple(sorted(going)), done.erased, done.changed, await sweep(log, workspace, now()))


async def sweep(log: EventLog, workspace: Workspace, now: int) -> int:
    """Removes blobs older than an hour that no event points at; how many. Raises StoreError."""
    used: set[str] = set()
    async for event in all_events(log):
        used |= digests_in(event.text)
    try:
        return await asyncio.to_thread(_sweep, BlobStore(workspace.blobs), used, now - _GRACE)
    except OSError as error:
        raise explain(error, "old blobs could not be removed") from error


def _sweep(blobs: BlobStore, used: set[str], before: int) -> int:
    blobs.clear_leavings(before)
    return sum(blobs.remove(ref, before) for ref, _ in blobs.all() if ref.digest not in used)


async def _look(log: EventLog) -> dict[str, _Session]:
    """All sessions, with what the log and the blobs hold of each."""
    sessions: dict[str, _Session] = {}
    async for event in all_events(log):
        if event.session in NO_SESSIONS:
            continue
        session = sessions.setdefault(event.session, _Session(event.session))
        session.updated = max(session.updated, event.time)
        session.size += len(event.text) + sum(int(size) for _, size in _SIZE.findall(event.text))
        if event.kind == "session.started":
            session.state = "running"
        elif event.kind == StateChanged.kind and isinstance(event.payload, StateChanged):
            session.state = event.payload.state
        elif event.kind == CheckpointWritten.kind and digests_in(event.text):
            session.checkpoints.append(event.seq)
    return sessions


def _may_go(session: _Session, busy: Collection[str]) -> bool:
    return session.state not in ("running", "waiting") and session.name not in busy


def _too_old(sessions: dict[str, _Session], policy: Policy, now: int, busy: Collection[str]) -> set[str]:
    if not policy.keep_days:
        return set()
    limit = now - policy.keep_days * _DAY
    return {each.name for each in sessions.values() if each.updated < limit and _may_go(each, busy)}


def _too_much(
    sessions: dict[str, _Session],
    policy: Policy,
    workspace: Workspace,
    going: set[str],
    busy: Collection[str],
) -> set[str]:
    """The sessions longest at rest, until the rest fits."""
    if not policy.keep_mb:
        return set()
    excess = (
        _size_of(workspace.local)
        - _size_of(workspace.local / FOLDER)
        - policy.keep_mb * 1_000_000
        - sum(sessions[name].size for name in going)
    )
    more: set[str] = set()
    for session in sorted(sessions.values(), key=lambda session: session.updated):
        if excess <= 0:
            break
        if session.name not in going and _may_go(session, busy):
            more.add(session.name)
            excess -= session.size
    return more


def _size_of(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat(follow_symlinks=False).st_size if path.is_file() else 0
        except OSError:
            continue  # gone meanwhile
    return sizes


@dataclass
class _Expiring(Taking):
    """Takes out sessions, and the contents of old checkpoints, whose events stay and say so."""

    old_checkpoints: set[int] = field(default_factory=set[int])

    def change(self, event: Event) -> str | None:
        if event.seq not in self.old_checkpoints or not isinstance(event.payload, CheckpointWritten):
            return super().change(event)
        for digest in digests_in(event.text):
            self.let_go(digest, event.time)
        payload = event.payload
        gone = BlobRef(digest="", size=payload.data.size)
        return payload.model_copy(update={"expired": True, "data": gone}).model_dump_json()

    def leftovers(self) -> list[Leftover]:
        return [
            item
            for item in super().leftovers()
            if item.do != "empty" and not item.name.startswith("damaged-")
        ]
