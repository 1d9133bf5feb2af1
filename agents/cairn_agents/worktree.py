"""The work tree beside the session: how it was left, how it is found again, and where it lies now."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cairn_agents.prompts import prompt
from cairn_agents.session import Session
from cairn_memory.drift import GIT_SECONDS, drift, look_at
from cairn_memory.events import (
    DriftFound,
    Event,
    HostMessage,
    SessionResumed,
    SessionStarted,
    StateChanged,
    WorkTreeSeen,
)
from cairn_memory.places import Workspace
from cairn_memory.recall.facts import Facts
from cairn_memory.sessions import KILLED, SessionFold

logger = logging.getLogger(__name__)

PATIENCE = GIT_SECONDS + 1
"""Seconds for a look: a disk that does not answer holds up no session."""


async def look(fold: SessionFold) -> WorkTreeSeen | None:
    """How the session's work tree stands, None when it is as at the last look or cannot be looked at."""
    root, seen, before = Path(fold.root), _settled(fold), fold.work_tree
    try:
        async with asyncio.timeout(PATIENCE):
            now = await asyncio.to_thread(look_at, root, seen, before)
    except TimeoutError:
        logger.warning("session %s: %s took too long to be looked at", fold.session, root)
        return None
    return None if now == (fold.work_tree or WorkTreeSeen()) else now


def _settled(fold: SessionFold) -> dict[str, str]:
    """The files the session knows, without those that a call changes whose result is still to come."""
    begun = [pending.started.effect for pending in fold.pending.values() if pending.started]
    changing = {effect.path for effect in begun if effect is not None}
    return {path: digest for path, digest in fold.seen.items() if path not in changing}


async def look_at_start(session: Session) -> None:
    """Emits how a session finds its work tree. Runs beside the first request: nothing has an effect before its reply."""
    if session.fold.work_tree is None and (seen := await look(session.fold)):
        session.emit(seen)


async def look_at_rest(session: Session) -> None:
    """Emits and commits how a session leaves its work tree. That it rests is durable before. Raises StoreError.

    Whoever interrupts it now only cuts the look short.
    """
    try:
        if seen := await look(session.fold):
            session.emit(seen)
            await session.commit()
    except asyncio.CancelledError:
        pass


async def record_at_rest(session: Session) -> None:
    """Emits the states that the last calls left. Whoever interrupts only cuts the waiting short."""
    with suppress(asyncio.CancelledError):
        await session.equipment.snapshots.rest(session.emit)


def root_now(fold: SessionFold, workspace: Workspace) -> Path:
    """Where the session's work tree lies: where it was, or in the workspace when it is not there any more.

    A folder of that name that belongs to another workspace is another project: this one was
    copied from there.
    """
    root = Path(fold.root)
    try:
        if root.is_absolute() and Workspace.of(root).home == workspace.home:
            return root
    except (OSError, ValueError):
        pass
    return workspace.root


async def what_changed(fold: SessionFold, events: Sequence[Event]) -> tuple[WorkTreeSeen | None, list[str]]:
    """How the work tree stands, None when as before, and a line for each thing that is other. Writes nothing."""
    now = await look(fold)
    lines = list(drift(fold.work_tree, now)) if now else []
    if lines and _killed(events):
        lines.append("the host was killed while this session worked: some of this may be its own doing")
    if lines and (tests := await asyncio.to_thread(_tests, events)):
        lines.append(tests)
    return now, lines


async def tell_drift(session: Session, before: str, events: Sequence[Event]) -> None:
    """Emits what changed while the session rested, and tells the agent; nothing when nothing did.

    `before` is the root of the work tree until then, `events` are all of the session so far.
    """
    fold = session.fold
    now, lines = await what_changed(fold, events)
    moved = prompt("moved").format(old=before, new=fold.root) if before != fold.root else ""
    if now is not None:
        session.emit(now)
    if not lines and not moved:
        return
    told = [f"work tree: {before} -> {fold.root}", *lines] if moved else lines
    session.emit(DriftFound(since=events[-1].seq if events else 0, lines=tuple(told)))
    listed = "\n".join(f"- {line}" for line in lines)
    changed = prompt("drift").format(lines=listed) if lines else ""
    session.emit(HostMessage(text="\n\n".join(filter(None, (moved, changed)))))


def _killed(events: Sequence[Event]) -> bool:
    """Whether the session did not come to rest by itself, so that nobody looked at what it left."""
    states = (event.payload for event in reversed(events) if event.kind == StateChanged.kind)
    last = next(states, None)
    return isinstance(last, StateChanged) and last.reason == KILLED


def _tests(events: Sequence[Event]) -> str:
    """How the last run of tests went that was before these changes, "" when there was none. Blocking."""
    facts = Facts()
    for event in events:
        if isinstance(event.payload, (SessionStarted, SessionResumed)) or event.kind in _OF_TESTS:
            facts.apply(event)
    ran = facts.work.tests
    if ran is None or ran.failed is None:
        return ""
    went = "failed" if ran.failed else "passed"
    return f"tests: last {went} at e{ran.event}, before these changes"


_OF_TESTS = frozenset(("model.replied", "tool.started", "tool.finished"))
"""Kinds of events that tell of a run of tests."""
