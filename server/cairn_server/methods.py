"""The method table: every custom method once. Both faces mount it; the TypeScript types come from it."""

import json
import os
from pathlib import Path
from typing import Any

from cairn_agents.runs import RunInfo, RunSettings
from cairn_memory.events import ApprovalRequested, Event
from cairn_memory.places import Workspace
from cairn_server import protocol as wire
from cairn_server.call import FAILED, INVALID_PARAMS, CallError, Context, Method
from cairn_server.delivery import Interest

PAGE_BYTES = 4_000_000
"""Payload bytes of one `EventPage`: far below what a client takes as one message."""


# --- the host -----------------------------------------------------------------------------


async def _status(context: Context, params: wire.Nothing) -> wire.HostStatus:
    return context.host.status()


async def _stop(context: Context, params: wire.StopHost) -> wire.Stopped:
    running = [run.session for run in context.runs.running()]
    background = list(context.runs.background())
    if running and not params.force:
        return wire.Stopped(stopped=False, running=running, background=background)
    context.host.stop()
    return wire.Stopped(stopped=True, running=running, background=background)


async def _config(context: Context, params: wire.Nothing) -> wire.ConfigReport:
    loaded = context.runs.config()
    return wire.ConfigReport(
        effective=loaded.config.model_dump(mode="json"),
        origins=loaded.origins,
        files=[str(path) for path in loaded.files],
        problems=loaded.problems,
    )


# --- runs ---------------------------------------------------------------------------------


async def _start(context: Context, params: wire.StartRun) -> wire.RunStarted:
    root = _root(context.host.workspace, params.root)
    session, since = await context.runs.start(params.prompt, root, params.mode, _settings(params.settings))
    return wire.RunStarted(session=session, since=since)


async def _resume(context: Context, params: wire.ResumeRun) -> wire.RunStarted:
    session = None if params.session is None else context.runs.find(params.session)
    session, since = await context.runs.resume(session, params.prompt, _settings(params.settings))
    return wire.RunStarted(session=session, since=since)


async def _interrupt(context: Context, params: wire.SessionRef) -> wire.Interrupted:
    session = context.runs.find(params.session)
    interrupted = await context.runs.interrupt(session, context.connection.client)
    return wire.Interrupted(interrupted=interrupted)


async def _document(context: Context, params: wire.SessionRef) -> wire.Document:
    return wire.Document(path=str(await context.host.document(context.runs.find(params.session))))


def _settings(chosen: wire.Settings) -> RunSettings:
    return RunSettings(
        model=chosen.model,
        base_url=chosen.base_url,
        api_key=chosen.api_key,
        window=chosen.window,
        max_steps=chosen.max_steps,
        approve_all=chosen.approve_all,
    )


def _root(workspace: Workspace, chosen: str | None) -> Path:
    """The work tree a run is to work in: the host's, or another work tree of the same repository."""
    if chosen is None:
        return workspace.root
    if not os.path.isabs(chosen):
        raise CallError(INVALID_PARAMS, "root: give an absolute path")
    try:
        found = Workspace.of(Path(chosen))
    except (OSError, ValueError) as error:
        raise CallError(FAILED, f"root {chosen} is no folder that can be worked in: {error}") from error
    if found.home != workspace.home:
        raise CallError(
            FAILED, f"root {chosen} belongs to another workspace ({found.home}); ask that one's host"
        )
    return found.root


# --- sessions -----------------------------------------------------------------------------


async def _list(context: Context, params: wire.Nothing) -> wire.SessionList:
    return wire.SessionList(sessions=[session_info(run) for run in context.runs.list()])


async def _show(context: Context, params: wire.ShowSession) -> wire.EventPage:
    session = context.runs.find(params.session)
    found = await context.log.read(params.since, session=session, limit=params.limit + 1)
    page = _within(found[: params.limit], PAGE_BYTES)
    return wire.EventPage(events=[_wire_event(event) for event in page], more=len(page) < len(found))


async def _replay(context: Context, params: wire.SessionRef) -> wire.ReplayFile:
    return wire.ReplayFile(text=await context.runs.replay_file(context.runs.find(params.session)))


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


# --- events and approvals -----------------------------------------------------------------


async def _subscribe(context: Context, params: wire.Subscribe) -> wire.Subscribed:
    session = None if params.session is None else context.runs.find(params.session)
    interest = Interest(session, params.stream, params.answers)
    last_seq = context.log.last_seq
    await context.connection.subscribe(context.log, interest, params.since)
    return wire.Subscribed(last_seq=last_seq)


async def _approvals(context: Context, params: wire.Nothing) -> wire.ApprovalList:
    waiting = context.runs.approvals()
    asked: dict[str, int] = {}
    for session in {session for session, _ in waiting}:
        events = await context.log.read(session=session, kinds=("approval.requested",), newest=True)
        asked |= {e.payload.id: e.time for e in events if isinstance(e.payload, ApprovalRequested)}
    approvals = [_approval(session, request, asked.get(request.id, 0)) for session, request in waiting]
    return wire.ApprovalList(approvals=approvals)


def _approval(session: str, request: ApprovalRequested, time: int) -> wire.Approval:
    return wire.Approval(
        id=request.id,
        session=session,
        call=request.call,
        name=request.name,
        title=request.title,
        detail=request.detail,
        reason=request.reason,
        grant=request.grant,
        time=time,
    )


async def _answer(context: Context, params: wire.AnswerApproval) -> wire.Answered:
    accepted = await context.runs.answer(params.id, params.decision, params.words, context.connection.client)
    return wire.Answered(accepted=accepted)


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/host/status", wire.Nothing, wire.HostStatus, _status),
    Method("cairn/host/stop", wire.StopHost, wire.Stopped, _stop),
    Method("cairn/host/config", wire.Nothing, wire.ConfigReport, _config),
    Method("cairn/run/start", wire.StartRun, wire.RunStarted, _start),
    Method("cairn/run/resume", wire.ResumeRun, wire.RunStarted, _resume),
    Method("cairn/run/interrupt", wire.SessionRef, wire.Interrupted, _interrupt),
    Method("cairn/run/document", wire.SessionRef, wire.Document, _document),
    Method("cairn/session/list", wire.Nothing, wire.SessionList, _list),
    Method("cairn/session/show", wire.ShowSession, wire.EventPage, _show),
    Method("cairn/session/replay", wire.SessionRef, wire.ReplayFile, _replay),
    Method("cairn/events/subscribe", wire.Subscribe, wire.Subscribed, _subscribe),
    Method("cairn/approval/list", wire.Nothing, wire.ApprovalList, _approvals),
    Method("cairn/approval/answer", wire.AnswerApproval, wire.Answered, _answer),
)
