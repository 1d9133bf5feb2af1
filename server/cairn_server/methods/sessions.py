"""Sessions: list them, read their events, bring some in; their checkpoints and windows on demand."""

import json
import os
from pathlib import Path
from typing import Any

from cairn_agents.runs import RunError, RunInfo, Runs
from cairn_memory.events import Event
from cairn_server import protocol as wire
from cairn_server.call import INVALID_PARAMS, CallError, Context, Method
from cairn_server.documents.drift import drift_page

PAGE_BYTES = 4_000_000
"""Payload bytes of one `EventPage`: far below what a client takes as one message."""
LONGEST_KIND = 20
"""Characters of "no longer readable" and the like."""


async def _list(context: Context, params: wire.Nothing) -> wire.SessionList:
    return wire.SessionList(sessions=[session_info(run) for run in context.runs.list()])


async def _show(context: Context, params: wire.ShowSession) -> wire.EventPage:
    session = context.runs.find(params.session)
    limit = params.limit + 1
    found = await context.log.read(params.since, session=session, limit=limit, newest=params.newest)
    if params.newest:
        page = _within(found[::-1][: params.limit], PAGE_BYTES)[::-1]
    else:
        page = _within(found[: params.limit], PAGE_BYTES)
    return wire.EventPage(events=[_wire_event(event) for event in page], more=len(page) < len(found))


async def _replay(context: Context, params: wire.SessionRef) -> wire.ReplayFile:
    return wire.ReplayFile(text=await context.runs.replay_file(context.runs.find(params.session)))


async def _import(context: Context, params: wire.ImportSession) -> wire.ImportedSession:
    if not os.path.isabs(params.path):
        raise CallError(INVALID_PARAMS, "path: give an absolute path")
    imported = await context.runs.import_session(Path(params.path))
    return wire.ImportedSession(
        session=imported.session,
        messages=imported.messages,
        problems=list(imported.problems),
        already=imported.already,
    )


async def _drift(context: Context, params: wire.AskDrift) -> wire.SessionDrift:
    from cairn_agents.resting import resting  # needed seldom, and a host should start quickly

    info = context.runs.info(params.session) if params.session else _interrupted(context.runs)
    if info.state == "running" or info.session in {each.session for each in context.runs.running()}:
        raise RunError(f"session {info.session} is at work: what changes now is no drift")
    found = await resting(context.log, context.host.workspace, info.session)
    lines = [_drift_line(line) for line in found.lines]
    drift = wire.SessionDrift(
        session=info.session,
        goal=info.goal,
        state=info.state,
        reason=info.reason,
        rested=info.updated,
        lines=lines,
        commits=list(found.commits),
        moved=found.moved,
        killed=found.killed,
        page="",
    )
    return drift.model_copy(update={"page": drift_page(drift)})


def _interrupted(runs: Runs) -> RunInfo:
    for info in runs.list():
        if info.state == "interrupted":
            return info
    raise RunError("no session was interrupted; `cairn sessions` lists them all")


def _drift_line(line: str) -> wire.DriftLine:
    kind, parted, what = line.partition(": ")
    known = parted and len(kind) <= LONGEST_KIND
    return wire.DriftLine(kind=kind if known else "", what=what if known else line)


def session_info(run: RunInfo) -> wire.SessionInfo:
    """A session as clients see it."""
    return wire.SessionInfo.model_validate(run, from_attributes=True)


def _within(events: list[Event], size: int) -> list[Event]:
    """As many of the first events as fit into `size` bytes, at least one."""
    for count, event in enumerate(events):
        size -= len(event.text)
        if size < 0 and count:
            return events[:count]
    return events


def _wire_event(event: Event) -> wire.WireEvent:
    return wire.WireEvent(
        seq=event.seq,
        session=event.session,
        agent=event.agent,
        kind=event.kind,
        time=event.time,
        payload=json.loads(event.text),
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/session/list", wire.Nothing, wire.SessionList, _list),
    Method("cairn/session/show", wire.ShowSession, wire.EventPage, _show),
    Method("cairn/session/replay", wire.SessionRef, wire.ReplayFile, _replay),
    Method("cairn/session/drift", wire.AskDrift, wire.SessionDrift, _drift),
    Method("cairn/session/import", wire.ImportSession, wire.ImportedSession, _import),
)
