"""MEMORY.md: which claims stand in it, and how one comes in or goes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from cairn_memory.claims.text import name, normalised
from cairn_memory.events import ClaimKind
from cairn_memory.markdown import Block, Document, Section, plain

HEADINGS: dict[ClaimKind, str] = {
    "rule": "Rules",
    "preference": "Preferences",
    "decision": "Decisions",
    "fact": "Facts",
    "pitfall": "Pitfalls",
}
_KINDS: dict[str, ClaimKind] = {plain(heading): kind for kind, heading in HEADINGS.items()}

PREAMBLE = "What Cairn remembers here: one bullet a claim. Edit, add or remove lines as you like."
NEW_PAGE = "\n".join(("# Memory", "", PREAMBLE, *(f"\n## {heading}" for heading in HEADINGS.values()), ""))


@dataclass(frozen=True, slots=True)
class Bullet:
    """A claim as it stands in the file. `line` counts from 1."""

    id: str
    text: str
    about: ClaimKind
    line: int
    block: Block


class Page:
    """One MEMORY.md. `mask` takes secrets out of what a person typed; `names` are those given to other texts already."""

    def __init__(self, text: str, mask: Callable[[str], str], names: Mapping[str, str]) -> None:
        self.document = Document(text)
        self._names = dict(names)
        found: list[tuple[Block, ClaimKind]] = [
            (block, kind_of(section))
            for section in self.document.sections
            for block in section.blocks
            if block.bullet
        ]
        whole = "\n\n".join(block.text for block, _ in found)
        safe = str if mask(whole) == whole else mask  # one look at all is quicker than one at each
        self._all = [self._bullet(safe(block.text), about, block) for block, about in found]
        self.bullets: dict[str, Bullet] = {}
        """The claims by name, in the order of the file; of twins the first."""
        for bullet in self._all:
            self.bullets.setdefault(bullet.id, bullet)

    def name_of(self, text: str) -> str:
        """The name of the claim that says `text`, whether or not it stands here."""
        return name(text, self._names)

    def without(self, ids: Collection[str]) -> Document:
        """The page without these claims, twins included."""
        return self.document.remove(*(bullet.block for bullet in self._all if bullet.id in ids))

    def _bullet(self, text: str, about: ClaimKind, block: Block) -> Bullet:
        id = self.name_of(text)
        self._names[id] = normalised(text)
        return Bullet(id, text, about, block.start + 1, block)


def kind_of(section: Section) -> ClaimKind:
    """What the claims of a section are about: the nearest heading we know says it, else they are facts."""
    for heading in reversed(section.within):
        if kind := _KINDS.get(plain(heading)):
            return kind
    return "fact"


def remembering(page: Page, text: str, about: ClaimKind, replaces: Collection[str]) -> Document:
    """The page with a claim more, in the place of the first that it replaces when that is of the same kind."""
    old = [page.bullets[id] for id in replaces if id in page.bullets]
    if page.name_of(text) in page.bullets:
        return page.without({bullet.id for bullet in old})
    heading, line = HEADINGS[about], f"- {text}"
    if len(old) == 1 and old[0].about == about:
        return page.document.replace(old[0].block, line)
    document = page.without({bullet.id for bullet in old})
    if not document.text.strip("\ufeff \t\r\n"):
        document = Document(document.text + NEW_PAGE)
    return document.add(heading, line)
