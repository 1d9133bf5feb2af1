"""Go to definition, and links: from T1.2, e1234, a claim or a place in a file to where it is told or stands."""

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_server.documents.desk import Desk, uri_of
from cairn_server.documents.feature import Feature
from cairn_server.documents.marks import Mark, marks_in
from cairn_server.methods.locating import Spot, spot_of_claim, spot_of_event, spot_of_task

MOST_LINKS = 2_000


async def definition(desk: Desk, params: types.DefinitionParams) -> types.Location | None:
    """Where the thing under the cursor lies."""
    document = desk.document(params.text_document.uri)
    if document is None or (mark := desk.mark(document, params.position)) is None:
        return None
    return await target(desk, mark)


async def target(desk: Desk, mark: Mark) -> types.Location | None:
    """Where `mark` leads; None when it leads to nothing that is there."""
    match mark.kind:
        case "path":
            path = desk.place(mark.name)
            spot = Spot(path, mark.line - 1) if path.exists() else None
        case "task":
            spot = spot_of_task(desk.context, mark.name)
        case "claim":
            spot = await spot_of_claim(desk.context, mark.name)
        case "event":
            spot = await spot_of_event(desk.context, int(mark.name))
    return desk.location(*spot) if spot else None


async def links(desk: Desk, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """Places in files, underlined; where they lie is worked out at once since it costs nothing."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return []
    found: list[types.DocumentLink] = []
    for number, line in enumerate(document.lines):
        for mark in marks_in(line.rstrip("\r\n")):
            if mark.kind == "path" and (link := _link(desk, document, number, mark)) is not None:
                found.append(link)
        if len(found) >= MOST_LINKS:
            break
    return found


def _link(desk: Desk, document: TextDocument, line: int, mark: Mark) -> types.DocumentLink | None:
    path = desk.place(mark.name)
    try:
        if not path.exists():
            return None
    except (OSError, ValueError):
        return None
    at = f"#L{mark.line}" if mark.line else ""
    return types.DocumentLink(desk.range(document, line, mark.start, mark.end), target=uri_of(path) + at)


FEATURES = (
    Feature(types.TEXT_DOCUMENT_DEFINITION, definition),
    Feature(types.TEXT_DOCUMENT_DOCUMENT_LINK, links, types.DocumentLinkOptions(), []),
)
