"""References: where a claim was told to a window, and where a task or an event is spoken of in our files."""

from lsprotocol import types

from cairn_memory.events import Event, ReceiptWritten
from cairn_server.documents.bullets import bullet_at
from cairn_server.documents.desk import Desk
from cairn_server.documents.feature import Feature
from cairn_server.documents.mentions import mentions

MOST = 100
"""Windows that are named, the newest; also events that are read for one look."""
LOOKED = 4_000


async def references(desk: Desk, params: types.ReferenceParams) -> list[types.Location]:
    """Of a claim the windows that were told of it; of a task or event the lines of our pages that name it."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return []
    mark = desk.mark(document, params.position)
    if mark is not None and mark.kind in ("task", "event"):
        return await mentions(desk, mark.kind, mark.name)
    if mark is not None and mark.kind == "claim":
        return await _windows(desk, mark.name)
    found = await bullet_at(desk, document, params.position.line)
    return await _windows(desk, found.bullet.id) if found else []


async def _windows(desk: Desk, claim: str) -> list[types.Location]:
    """Where the run documents tell of windows with this claim in them."""
    places: list[types.Location] = []
    for event in await _receipts(desk, claim):
        if any(one.session == event.session for one in desk.runs.list()):
            path = await desk.context.host.document(event.session)
            places.append(desk.location(path, desk.context.host.document_line(event.session, event.seq)))
    return places


async def _receipts(desk: Desk, claim: str) -> list[Event]:
    """The newest receipts that name it."""
    found: list[Event] = []
    log = desk.memory.log
    events = await log.read(kinds=(ReceiptWritten.kind,), newest=True, limit=LOOKED)
    for event in reversed(events):
        said = event.payload
        if isinstance(said, ReceiptWritten) and any(claim in item.refs for item in said.items):
            found.append(event)
        if len(found) >= MOST:
            break
    return found


FEATURES = (Feature(types.TEXT_DOCUMENT_REFERENCES, references, None, []),)
