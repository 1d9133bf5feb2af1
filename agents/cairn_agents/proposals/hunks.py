"""The parts of a proposed change: each can be taken or left by itself, whatever becomes of the others."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cairn_agents.tools.diff import changes
from cairn_memory.snapshots.states import Hunk as Range

NEAR = 2
"""Unchanged lines between two changes that still make them one part."""
ID = 10
"""Digits of an id."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` to `end` of the file become lines `first` to `last` of the proposed text, counted from 0.

    `id` is made of the lines and where they stand in the proposed text: it stays when other parts are accepted,
    and is another one as soon as this part is another.
    """

    id: str
    start: int
    end: int
    first: int
    last: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def hunks(base: str, text: str) -> list[Hunk]:
    """All parts of the change from `base` to `text`, in order."""
    old, new = lines_of(base), lines_of(text)
    return [
        Hunk(
            _id(each, old, new), *each, tuple(old[each.start : each.end]), tuple(new[each.first : each.last])
        )
        for each in _joined(ranges(old, new))
    ]


def with_parts(base: str, text: str, chosen: Collection[str]) -> str:
    """`base` with those parts of the change to `text` in it whose ids are `chosen`."""
    old = lines_of(base)
    made: list[str] = []
    at = 0
    for hunk in hunks(base, text):
        if hunk.id in chosen:
            made += [*old[at : hunk.start], *hunk.new]
            at = hunk.end
    return "".join([*made, *old[at:]])


def without_parts(base: str, text: str, chosen: Collection[str]) -> str:
    """`text` without those parts."""
    kept = {hunk.id for hunk in hunks(base, text)}.difference(chosen)
    return with_parts(base, text, kept)


def shown(part: Hunk) -> str:
    """A part as a person reads it."""
    marked = [("-", part.old), ("+", part.new)]
    lines = [f"{sign}{line.rstrip(chr(10))}" for sign, side in marked for line in side]
    return "\n".join([f"@@ -{part.start + 1},{len(part.old)} +{part.first + 1},{len(part.new)} @@", *lines])


def lines_of(text: str) -> list[str]:
    """Its lines with their ends, where "\\n" alone ends one."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def ranges(old: list[str], new: list[str]) -> Iterator[Range]:
    """What differs, in order."""
    return (Range(a, b, c, d) for tag, a, b, c, d in changes(old, new) if tag != "equal")


def _joined(found: Iterator[Range]) -> Iterator[Range]:
    held: Range | None = None
    for each in found:
        if held is not None and each.start - held.end > NEAR:
            yield held
            held = None
        held = each if held is None else Range(held.start, each.end, held.first, each.last)
    if held is not None:
        yield held


def _id(place: Range, old: Sequence[str], new: Sequence[str]) -> str:
    said = repr((place.first, old[place.start : place.end], new[place.first : place.last]))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:ID]
