"""A window rebuilt from what is known of a session, within a budget of tokens, with a receipt of what is in it.

No model has a part in it. The text fits the budget by both estimates (`measure`), whatever the
session holds; what did not fit is named in the receipt and can be searched for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cairn_memory.events import ReceiptItem
from cairn_memory.recall import activity, wordlines
from cairn_memory.recall.checkpoint import JUDGED, SECTIONS, Checkpoint
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.measure import cost, tokens
from cairn_memory.recall.parts import Built, Filling, clip
from cairn_memory.recall.standing import Standing, standing
from cairn_memory.recall.table import TABLE, Row
from cairn_memory.recall.taken_out import taken_out
from cairn_memory.recall.working_set import WorkingSet

SPARE = 10
"""Tokens that are not worth another line."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A line of memory: `ref` names it for a reader (c3fa9c2), `text` stands as it is in its file."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """All a window can be made of. `rules` stand byte for byte; `claims` and `notes` come best first.

    `standing` is how the session stands: "working", "waiting", "finished", or "" for what the facts say.
    """

    facts: Facts
    checkpoint: Checkpoint | None = None
    tasks: Sequence[str] = ()
    rules: Sequence[Remembered] = ()
    claims: Sequence[Remembered] = ()
    notes: Sequence[Remembered] = ()
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Composed:
    """The text of the window, what it is estimated to cost, and the receipt's items."""

    text: str
    tokens: int
    budget: int
    items: tuple[ReceiptItem, ...]
    standing: str


def compose(material: Material, budget: int) -> Composed:
    """The best window of at most `budget` tokens."""
    stands = standing(material.facts, material.checkpoint, material.standing)
    builders = _builders(material, stands)
    head = _head(material.facts)
    room = max(budget - cost(head) - 2, 0.0)
    rows = sorted(TABLE, key=lambda row: row.rank)
    built: dict[str, Built] = {}
    left = room
    for row in rows:
        later = sum(other.floor for other in rows if other.rank > row.rank) * room
        _build(row, builders, built, max(min(row.share * room, left - later), row.floor * room))
        left -= _price(row, built)
    for row in rows:
        if left < SPARE:
            break
        before = _price(row, built)
        _build(row, builders, built, min(before + left, row.most or before + left))
        left -= _price(row, built) - before
    return _composed(head, built, budget, stands.state)


def _build(
    row: Row, builders: dict[str, Callable[[float], Built]], built: dict[str, Built], room: float
) -> None:
    built[row.part] = builders[row.part](max(room - cost(f"\n## {row.title}\n") - 0.6, 0))


def _price(row: Row, built: dict[str, Built]) -> float:
    text = built[row.part].text
    return cost(f"\n## {row.title}\n{text}\n") if text else 0.0


def _builders(material: Material, stands: Standing) -> dict[str, Callable[[float], Built]]:
    facts = material.facts
    out = taken_out(facts, material.checkpoint)
    used = WorkingSet(facts, out.files)
    return {
        "standing": lambda room: Built(
            clip(stands.words, room), 1, refs=tuple(f"e{event}" for event in stands.events)
        ),
        "rules": lambda room: _listed(material.rules, room),
        "words": lambda room: wordlines.build(facts.words, room),
        "checkpoint": lambda room: _judged(material.checkpoint, room),
        "tasks": lambda room: _listed([Remembered("", line) for line in material.tasks], room),
        "files": used.build,
        "errors": lambda room: activity.errors(facts, room, out.errors),
        "commands": lambda room: activity.commands(facts, room, out.commands),
        "tail": lambda room: activity.tail(facts, room),
        "memory": lambda room: _listed(material.claims, room),
        "notes": lambda room: _listed(material.notes, room),
    }


def _listed(things: Sequence[Remembered], room: float) -> Built:
    filling, lines = Filling(room), list[str]()
    for thing in things:
        if filling.take(thing.text, thing.ref or thing.text[:20]):
            lines.append(thing.text)
    return filling.done("\n".join(lines))


def _judged(checkpoint: Checkpoint | None, room: float) -> Built:
    """What no event says by itself: the judgement, and first of all what a person wrote into the checkpoint."""
    filling, lines = Filling(room - 4), dict[str, list[str]]()
    shown = [
        (section, item)
        for section in SECTIONS
        for item in (checkpoint.items(section) if checkpoint else ())
        if item.by == "user" or (item.by == "writer" and section in JUDGED and section != "next action")
    ]
    for section, item in sorted(shown, key=lambda one: one[1].by != "user"):
        heading = "" if section in lines else f"### {section.capitalize()}\n"
        line = f"- {item.text}" + (
            f" ({', '.join(f'e{event}' for event in item.events[:4])})" if item.events else ""
        )
        if filling.take(heading + line, section):
            lines.setdefault(section, []).append(line)
    return filling.done(
        "\n".join(f"### {one.capitalize()}\n" + "\n".join(lines[one]) for one in SECTIONS if one in lines)
    )


def _head(facts: Facts) -> str:
    if not facts.last:
        return "A new session: nothing happened yet.\n"
    return (
        f"The conversation so far (events e{facts.first} to e{facts.last}, {facts.calls} tool calls) no longer "
        "fits and was condensed by code. eN names an event: search for it to see all of it.\n"
    )


def _composed(head: str, built: dict[str, Built], budget: int, state: str) -> Composed:
    pieces, items = [head], list[ReceiptItem]()
    for row in TABLE:
        part = built.get(row.part)
        if part is None:
            continue
        text = f"\n## {row.title}\n{part.text}\n" if part.text else ""
        pieces.append(text)
        items.append(
            ReceiptItem(
                section=row.part,
                kept=part.kept,
                cut=part.cut,
                dropped=part.dropped,
                tokens=tokens(text),
                budget=int(row.share * budget),
                refs=part.refs,
                left_out=part.left_out,
            )
        )
    text = "".join(pieces)
    if cost(text) > budget:
        text = clip(text, budget)
    return Composed(text, tokens(text), budget, tuple(items), state)
