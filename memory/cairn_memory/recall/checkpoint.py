"""One checkpoint: where a session stands, as sections of items that each name the events they come from.

Code alone makes a whole one (`made.from_facts`); the judgement of a model comes on top as deltas
that were checked before. A checkpoint is never changed: each change makes another.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cairn_memory.bounds import Line, Numbers
from cairn_memory.events.base import Part
from cairn_memory.events.memory import By

SECTIONS = (
    "intent",
    "next action",
    "constraints",
    "task tree",
    "current work",
    "files",
    "errors and fixes",
    "dead ends",
    "runtime state",
    "decisions",
    "discoveries",
    "open questions",
    "notes",
)
"""All sections, in the order they are shown."""

JUDGED = (
    "next action",
    "constraints",
    "current work",
    "dead ends",
    "decisions",
    "discoveries",
    "open questions",
)
"""Sections whose items may come from a model's judgement; the others are facts."""

ITEMS = 60
"""Items of one section; the oldest that nobody pinned leave first."""
SUPPRESSED = 500
"""Texts a person took out and that stay out."""


class Item(Part):
    """One line of a checkpoint. `events` are the numbers it comes from; one by `user` stays until a person removes it."""

    text: Line
    events: Numbers = ()
    by: By = "code"


class Delta(Part):
    """One change of a judged section. `quote` stands word for word in one of `events`; `target` is the text of the item that is replaced or removed."""

    section: Line
    action: Literal["add", "replace", "remove"] = "add"
    text: Line = ""
    events: Numbers = ()
    quote: Line = ""
    target: Line = ""


def _bounded(sections: dict[str, tuple[Item, ...]]) -> dict[str, tuple[Item, ...]]:
    """Known sections in their order, each with its newest items and all that a person put there."""
    return {name: _newest(sections[name]) for name in SECTIONS if sections.get(name)}


def _newest(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(items) <= ITEMS:
        return items
    pinned = [item for item in items if item.by == "user"][-ITEMS:]
    room = ITEMS - len(pinned)
    others = [item for item in items if item.by != "user"][len(items) - len(pinned) - room :]
    kept = {id(item) for item in (*pinned, *others)}
    return tuple(item for item in items if id(item) in kept)


class Checkpoint(Part):
    """A session up to event `covers`, made at `time` (Unix milliseconds). `judged` says whether a model's judgement is in it.

    `suppressed` are texts that a person removed by hand; no later checkpoint brings them back.
    """

    number: int
    covers: int
    time: int = 0
    judged: bool = False
    sections: Annotated[dict[str, tuple[Item, ...]], AfterValidator(_bounded)] = Field(
        default_factory=dict[str, tuple[Item, ...]]
    )
    suppressed: Annotated[tuple[str, ...], AfterValidator(lambda texts: texts[-SUPPRESSED:])] = ()

    def items(self, section: str) -> tuple[Item, ...]:
        """The items of `section`, () when it has none."""
        return self.sections.get(section, ())

    def to_json(self) -> str:
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> "Checkpoint":
        """The checkpoint that `to_json` wrote, in this version or an earlier one. Raises ValueError when it is damaged."""
        return cls.model_validate_json(text)

    def with_items(self, section: str, items: Iterable[Item]) -> "Checkpoint":
        """The same with other items in `section`; those that a person took out before stay out."""
        kept = [item for item in items if not self.suppresses(item)]
        return self._replaced({**self.sections, section: tuple(_without_doubles(kept))})

    def with_judgement(self, deltas: Sequence[Delta]) -> "Checkpoint":
        """The same with a model's checked changes in it. What a person wrote is neither replaced nor removed."""
        sections = {name: list(items) for name, items in self.sections.items()}
        for delta in deltas:
            if delta.section in JUDGED:
                _change(sections.setdefault(delta.section, []), delta)
        made = self.model_copy(update={"judged": True})
        for name in JUDGED:
            made = made.with_items(name, sections.get(name, []))
        return made

    def suppresses(self, item: Item) -> bool:
        """Whether a person took this item out before."""
        if item.by == "user":
            return False
        return key(item.text, item.by) in {key(text, item.by) for text in self.suppressed}

    def _replaced(self, sections: dict[str, tuple[Item, ...]]) -> "Checkpoint":
        return self.model_copy(update={"sections": _bounded(sections)})


def key(text: str, by: By = "writer") -> str:
    """What makes two items the same: their words. Of lines made by code the numbers do not count, for these change."""
    words = " ".join(text.lower().split())
    return re.sub(r"\d+", "#", words) if by == "code" else words


def _change(items: list[Item], delta: Delta) -> None:
    item = Item(text=delta.text, events=delta.events, by="writer")
    at = next((n for n, one in enumerate(items) if delta.target and key(one.text) == key(delta.target)), None)
    mine = at is not None and items[at].by == "user"
    if delta.action == "remove":
        if at is not None and not mine:
            del items[at]
    elif delta.text.strip():
        if delta.section == "next action":
            items[:] = [one for one in items if one.by == "user"]
        elif delta.action == "replace" and at is not None and not mine:
            items[at] = item
            return
        items.append(item)


def _without_doubles(items: Iterable[Item]) -> list[Item]:
    found: dict[str, Item] = {}
    for item in items:
        known = found.get(key(item.text))
        if known is None or (item.by == "user" and known.by != "user"):
            found[key(item.text)] = item
    return list(found.values())
