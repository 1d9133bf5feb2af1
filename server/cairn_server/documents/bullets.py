"""The claims of a MEMORY.md as it stands in the editor, saved or not, with what the log knows of each."""

from typing import NamedTuple

from pygls.workspace import TextDocument

from cairn_memory.claims import Claim
from cairn_memory.claims.page import Bullet
from cairn_server.documents.desk import Desk


class Shown(NamedTuple):
    """A bullet, and the claim it is; None for one that was only just typed."""

    bullet: Bullet
    claim: Claim | None

    @property
    def first(self) -> int:
        """Its first line, counted from 0."""
        return self.bullet.block.start

    @property
    def last(self) -> int:
        """Its last line, counted from 0."""
        return self.bullet.block.end - 1


async def bullets(desk: Desk, document: TextDocument) -> list[Shown]:
    """All claims of the page, in its order; none for a page that is no MEMORY.md."""
    page = desk.page(document.uri)
    if page is None or page.kind != "memory" or not page.scope:
        return []
    claims = desk.memory.claims
    known = {claim.id: claim for claim in await claims.all(page.scope)}
    return [Shown(bullet, known.get(bullet.id)) for bullet in claims.page(document.source).bullets.values()]


async def bullet_at(desk: Desk, document: TextDocument, line: int) -> Shown | None:
    """The claim that line (from 0) belongs to."""
    return next((one for one in await bullets(desk, document) if one.first <= line <= one.last), None)
