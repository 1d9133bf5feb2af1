"""Takes another MEMORY.md into ours."""

from cairn_memory.claims.text import normalised
from cairn_memory.markdown import Block, Document

_CODE = "    "


def merge(ours: str, theirs: str) -> str:
    """`ours` with the bullets and paragraphs of `theirs` that it does not have, under their headings, and nothing else.

    What stands in `theirs` before its first heading or under its title stays there, and so does code and
    what a reader would not see. Nothing of `ours` is changed or moved. Masking is the caller's.
    """
    document, other = Document(ours), Document(theirs)
    known = {normalised(block.text) for section in document.sections for block in section.blocks}
    for section in other.sections:
        if not section.heading or (section.level == 1 and section.heading == other.title):
            continue
        for block in section.blocks:
            lines = _lines(other, block)
            if lines and (said := normalised(block.text)) not in known:
                known.add(said)
                document = document.add(section.heading, *lines)
    return document.text


def _lines(document: Document, block: Block) -> list[str]:
    """A block without the indent of its first line; nothing when it is code, or could hide what follows it."""
    lines = [line.rstrip("\r\n").removeprefix("\ufeff") for line in document.lines[block.start : block.end]]
    shown = [line.lstrip() for line in lines]
    if any("<!--" in line for line in shown):
        return []
    if not block.bullet:
        code = any(line.startswith((_CODE, "\t")) for line in lines)
        return [] if code or any(line.startswith(("```", "~~~")) for line in shown) else shown
    indent = len(lines[0]) - len(shown[0])
    return [line[indent:] if not line[:indent].strip() else line for line in lines]
