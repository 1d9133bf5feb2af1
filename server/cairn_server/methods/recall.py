"""Checkpoints and windows of a session: look at them, make one now, see what a rebuilt window would say."""

from typing import Any

from cairn_agents.runs import RunError
from cairn_memory.events import CheckpointWritten, Event
from cairn_memory.recall.page import to_markdown
from cairn_server import protocol as wire
from cairn_server.call import Context, Method

MOST = 2_000
"""Checkpoints in one list, the newest ones."""


async def _checkpoints(context: Context, params: wire.SessionRef) -> wire.CheckpointList:
    session = context.runs.find(params.session)
    found = await _written(context, session)
    return wire.CheckpointList(session=session, checkpoints=[_info(event) for event in found])


async def _checkpoint(context: Context, params: wire.ShowCheckpoint) -> wire.CheckpointPage:
    session = context.runs.find(params.session)
    found = await _written(context, session)
    chosen = [event for event in found if params.number in (None, _of(event).number)]
    if not chosen:
        there = f"they go up to {_of(found[-1]).number}" if found else "it has none yet"
        raise RunError(f"session {session} has no checkpoint {params.number or ''}".rstrip() + f": {there}")
    made = context.runs.memory.checkpoint(_of(chosen[-1]))
    if made is None:
        raise RunError(
            f"checkpoint {_of(chosen[-1]).number} of session {session} is gone, by age or by damage"
        )
    return wire.CheckpointPage(session=session, checkpoint=_info(chosen[-1]), text=to_markdown(made))


async def _make(context: Context, params: wire.SessionRef) -> wire.MadeCheckpoint:
    session = context.runs.find(params.session)
    made = await context.runs.checkpoint(session)
    return wire.MadeCheckpoint(session=session, checkpoint=None if made is None else _info(made))


async def _rebuild(context: Context, params: wire.SessionRef) -> wire.RebuildAsked:
    session = context.runs.find(params.session)
    return wire.RebuildAsked(session=session, waits=not context.runs.ask_rebuild(session))


async def _preview(context: Context, params: wire.PreviewWindow) -> wire.WindowPreview:
    from cairn_memory.preview import PreviewError, preview  # needed seldom, and a host should start quickly

    session = context.runs.find(params.session)
    if params.at is not None and params.line is not None:
        raise RunError("say `at` or `line`, not both")
    try:
        made = await preview(
            context.runs.memory,
            session,
            params.tokens,
            at=params.at,
            line=params.line,
            facts_only=params.facts_only,
        )
    except PreviewError as error:
        raise RunError(str(error)) from error
    return wire.WindowPreview(
        session=session,
        at=made.at,
        tokens=made.tokens,
        text=made.text,
        receipt=wire.Receipt(
            budget=made.budget,
            tokens=made.tokens,
            standing=made.standing,
            checkpoint=made.checkpoint,
            items=list(made.items),
        ),
    )


async def _written(context: Context, session: str) -> list[Event]:
    kinds = (CheckpointWritten.kind,)
    return await context.log.read(session=session, kinds=kinds, newest=True, limit=MOST)


def _of(event: Event) -> CheckpointWritten:
    assert isinstance(event.payload, CheckpointWritten)
    return event.payload


def _info(event: Event) -> wire.CheckpointInfo:
    written = _of(event)
    return wire.CheckpointInfo(
        number=written.number,
        event=event.seq,
        covers=written.covers,
        time=event.time,
        judged=written.judged,
        dropped=list(written.dropped),
        problem=written.problem,
        expired=written.expired,
        tokens=written.usage.total,
        cost=written.cost,
        ms=written.ms,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/checkpoint/list", wire.SessionRef, wire.CheckpointList, _checkpoints),
    Method("cairn/checkpoint/show", wire.ShowCheckpoint, wire.CheckpointPage, _checkpoint),
    Method("cairn/session/checkpoint", wire.SessionRef, wire.MadeCheckpoint, _make),
    Method("cairn/session/rebuild", wire.SessionRef, wire.RebuildAsked, _rebuild),
    Method("cairn/window/preview", wire.PreviewWindow, wire.WindowPreview, _preview),
)
