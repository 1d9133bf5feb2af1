"""Workspace symbols: a search in all that is remembered, from the editor's own search box."""

from lsprotocol import types

from cairn_memory.search import Hit
from cairn_server.documents.definition import target
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import Mark

MOST = 30
NAME = 120
"""Characters."""


async def symbols(desk: Desk, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    """Claims, tasks and events that answer the query, best first; nothing for an empty one."""
    if not params.query.strip() or not desk.memory.enabled():
        return []
    found = await (await desk.memory.index()).search(params.query, limit=MOST)
    shown = [(hit, await _place(desk, hit)) for hit in found.hits]
    return [_symbol(hit, place) for hit, place in shown if place is not None]


async def _place(desk: Desk, hit: Hit) -> types.Location | None:
    ref = hit.ref
    if ref.startswith("e") and ref[1:].isdigit():
        return await target(desk, Mark("event", ref[1:], 0, 0))
    if ref.startswith("T"):
        return await target(desk, Mark("task", ref, 0, 0))
    return await target(desk, Mark("claim", ref, 0, 0)) if ref.startswith("c") else None


def _symbol(hit: Hit, place: types.Location) -> types.WorkspaceSymbol:
    kinds = {"e": types.SymbolKind.Event, "T": types.SymbolKind.Interface, "c": types.SymbolKind.Constant}
    return types.WorkspaceSymbol(
        name=f"{hit.ref} {hit.snippet if hit.ref.startswith('c') else hit.title or hit.snippet}"[:NAME],
        kind=kinds.get(hit.ref[:1], types.SymbolKind.File),
        location=place,
        container_name=hit.session or "memory",
    )


FEATURES = (Feature(types.WORKSPACE_SYMBOL, symbols, types.WorkspaceSymbolOptions(), []),)
