"""The method table: every custom method once. Both faces mount it; the TypeScript types come from it."""

import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from cairn_agents.runs import RunError, RunInfo, Runs, RunSettings
from cairn_memory.errors import StoreError
from cairn_memory.events import Event
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from pydantic import ValidationError

from cairn_server import protocol as wire
from cairn_server.connection import Connection
from cairn_server.delivery import Interest

FAILED = -32001
"""The method was understood and could not be done; the message says why and what to do."""
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

PAGE_BYTES = 4_000_000
"""Payload bytes of one `EventPage`: far below what a client takes as one message."""

log = logging.getLogger(__name__)


class HostControl(Protocol):
    """What the methods ask of the process they run in."""

    workspace: Workspace

    def status(self) -> wire.HostStatus: ...

    def stop(self) -> None:
        """Begins to stop; returns at once."""
        ...

    async def document(self, session: str) -> Path:
        """The Markdown file of a session, written up to now and kept up with the run."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler works with, and who asked."""

    host: HostControl
    runs: Runs
    log: EventLog
    connection: Connection


P = TypeVar("P", bound=wire.Wire)
R = TypeVar("R", bound=wire.Wire)


@dataclass(frozen=True, slots=True)
class Method(Generic[P, R]):
    """One method: its name on the wire, what goes in, what comes out, who does it."""

    name: str
    params: type[P]
    result: type[R]
    handler: Callable[[Context, P], Awaitable[R]]


class CallError(Exception):
    """The client is told: a JSON-RPC error with a `code` and one line."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = " ".join(message.split())[:2_000]


async def call(method: Method[Any, Any], context: Context, params: object) -> dict[str, Any]:
    """Does what a client asked, from untrusted params to the JSON of the result. Raises CallError only."""
    try:
        result = await method.handler(context, _checked(method, params))
    except (RunError, StoreError) as error:
        raise CallError(FAILED, str(error)) from error
    except CallError:
        raise
    except Exception as error:  # the edge between a client and the host, for both faces
        log.exception("%s failed", method.name)
        raise CallError(INTERNAL_ERROR, f"{method.name} failed inside the host; host.log has the details") from error
    return cast(wire.Wire, result).model_dump(mode="json")


def _checked(method: Method[Any, Any], params: object) -> wire.Wire:
    if params is None:
        params = {}
    if not isinstance(params, dict):
        raise CallError(INVALID_PARAMS, f"params of {method.name} must be an object")
    try:
        return method.params.model_validate(params)
    except ValidationError as error:
        raise CallError(INVALID_PARAMS, f"{method.name}: {_explain(error)}") from None


def _explain(error: ValidationError) -> str:
    """The first thing wrong, by the field's name. Values are not repeated: one may be a key."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])[:200].encode("utf-8", "replace").decode("utf-8")
    what = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
    more = error.error_count() - 1
    return f"{field}: {what}" + (f" (and {more} more)" if more else "")


# --- the host -----------------------------------------------------------------------------


async def _status(context: Context, params: wire.Nothing) -> wire.HostStatus:
    return context.host.status()


async def _stop(context: Context, params: wire.StopHost) -> wire.Stopped:
    running = [run.session for run in context.runs.running()]
    if running and not params.force:
        return wire.Stopped(stopped=False, running=running)
    context.host.stop()
    return wire.Stopped(stopped=True, running=running)


async def _config(context: Context, params: wire.Nothing) -> wire.ConfigReport:
    effective, files, problems = context.runs.effective_config()
    return wire.ConfigReport(effective=effective, files=files, problems=problems)


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
    cause = f"interrupted from {context.connection.client}"
    return wire.Interrupted(interrupted=await context.runs.interrupt(session, cause))


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
        raise CallError(FAILED, f"root {chosen} belongs to another workspace ({found.home}); ask that one's host")
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
    return wire.SessionInfo.model_validate(asdict(run) | {"usage": run.usage, "budget": run.budget})


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
    waiting = [
        wire.Approval(
            id=request.id,
            session=event.session,
            call=request.call,
            name=request.name,
            title=request.title,
            detail=request.detail,
            reason=request.reason,
            grant=request.grant,
            time=event.time,
        )
        for event, request in context.runs.approvals()
    ]
    return wire.ApprovalList(approvals=waiting)


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
