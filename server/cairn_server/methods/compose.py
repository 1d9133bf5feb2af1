"""Messages written in an editor."""

import asyncio
from typing import Any

from cairn_agents.mentions import Selection
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.methods.runs import run_settings


async def _open(context: Context, params: wire.OpenDraft) -> wire.Draft:
    from cairn_server.documents.compose import open_draft  # needed seldom, and a host should start quickly

    return wire.Draft(path=str(await asyncio.to_thread(open_draft, context.host.workspace)))


async def _send(context: Context, params: wire.SendDraft) -> wire.DraftSent:
    from cairn_server.documents.compose import forget, send  # needed seldom

    chosen = params.selection
    selection = Selection(chosen.path, chosen.first, chosen.last, chosen.text) if chosen else None
    workspace = context.host.workspace
    settings = run_settings(params.settings)
    session, since, began = await send(
        context.runs, workspace, params.words, params.session, settings, selection
    )
    await forget(workspace, context.runs, params.path)
    return wire.DraftSent(session=session, since=since, began=began)


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/compose/open", wire.OpenDraft, wire.Draft, _open),
    Method("cairn/compose/send", wire.SendDraft, wire.DraftSent, _send),
)
