"""A session's trail: how full its window was, and what happened on the way."""

import asyncio
from typing import Any

from cairn_agents.runs import RunError
from cairn_memory.trail import read_trail
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.documents.trail import write_trail


async def _trail(context: Context, params: wire.AskTrail) -> wire.SessionTrail:
    session = context.runs.find(params.session)
    trail = await read_trail(context.log, session)
    page = picture = ""
    if params.write:
        folder = context.host.workspace.session(session)
        try:
            page, picture = map(str, await asyncio.to_thread(write_trail, trail, folder))
        except OSError as error:
            raise RunError(f"the trail of {session} cannot be written: {error}") from error
    return wire.SessionTrail(
        session=session,
        window=trail.window,
        steps=trail.steps,
        usage=trail.usage,
        cost=trail.cost,
        points=[wire.TrailPoint.model_validate(each, from_attributes=True) for each in trail.points],
        marks=[wire.TrailMark.model_validate(each, from_attributes=True) for each in trail.marks],
        counts={str(kind): count for kind, count in trail.counts.items()},
        page=page,
        picture=picture,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/session/trail", wire.AskTrail, wire.SessionTrail, _trail),
)
