"""A checkpoint as a Markdown page that people read and edit, and what they changed in it."""

import re
from collections.abc import Iterator

from cairn_memory.recall.checkpoint import SECTIONS, Checkpoint, Item, key

_CITED = re.compile(r"\s*\((e\d{1,15}(?:, e\d{1,15})*)\)\s*$")


def to_markdown(checkpoint: Checkpoint) -> str:
    """The page: a heading a section, an item a bullet with its events behind it."""
    judged = "facts and judgement" if checkpoint.judged else "facts"
    lines = [
        f"# Checkpoint {checkpoint.number}",
        "",
        f"Covers events up to e{checkpoint.covers} ({judged}).",
        "",
    ]
    for section in SECTIONS:
        if items := checkpoint.items(section):
            lines += [f"## {section.capitalize()}", "", *map(_bullet, items), ""]
    return "\n".join(lines)


def hand_edit(before: str, now: str, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint as a person wants it, who made `now` out of the page `before`.

    Bullets they added are theirs and stay; those they removed are gone for good. A line that was
    changed is one of each. Prose counts as a bullet, and one under an unknown heading as a note.
    """
    old, new = _items(before), _items(now)
    had = {(section, key(item.text)) for section, item in old}
    has = {(section, key(item.text)) for section, item in new}
    added = [(section, item) for section, item in new if (section, key(item.text)) not in had]
    removed = [(section, item.text) for section, item in old if (section, key(item.text)) not in has]
    back = {key(item.text) for _, item in added}
    suppressed = [text for text in checkpoint.suppressed if key(text) not in back]
    suppressed += [text for _, text in removed if key(text) not in back]
    made = checkpoint.model_copy(update={"suppressed": tuple(suppressed)})
    gone = {(section, key(text)) for section, text in removed}
    for section in SECTIONS:
        kept = [item for item in made.items(section) if (section, key(item.text)) not in gone]
        theirs = [item for where, item in added if where == section]
        made = made.with_items(section, [*kept, *theirs])
    return made


def _bullet(item: Item) -> str:
    cited = f" ({', '.join(f'e{event}' for event in item.events)})" if item.events else ""
    return "- " + "\n  ".join(item.text.splitlines() or [""]) + cited


def _items(page: str) -> list[tuple[str, Item]]:
    return [(section, _item("\n".join(lines))) for section, lines in _bullets(page)]


def _bullets(page: str) -> Iterator[tuple[str, list[str]]]:
    section, lines = "", list[str]()
    for line in page.splitlines():
        if line.startswith(("- ", "* ", "#")):
            if lines:
                yield section, lines
            lines = []
        if line.startswith("## "):
            name = line[3:].strip().lower()
            section = name if name in SECTIONS else "notes"
        elif line.startswith(("- ", "* ")):
            lines = [line[2:]]
        elif lines and line.startswith("  "):
            lines.append(line[2:])
        else:
            if lines:
                yield section, lines
            lines = [line.strip()] if section and line.strip() else []
    if lines:
        yield section, lines


def _item(text: str) -> Item:
    cited = _CITED.search(text)
    events = tuple(int(one[1:]) for one in cited.group(1).split(", ")) if cited else ()
    return Item(text=text[: cited.start()] if cited else text, events=events, by="user")
