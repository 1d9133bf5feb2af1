"""Renames that git does not look for: a file that was moved over another one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LIKE = 0.6
"""Share of equal lines from which on two texts are one file, and more than with what was there before."""
PAIRS = 400
"""Pairs of files that are compared in one change."""
LARGEST = 1_000_000
"""Bytes of a text that is compared; larger ones must be equal."""

Read = Callable[[Sequence[str]], Mapping[str, bytes]]
"""The bytes of objects."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that is not there any more, by its object's name."""

    path: str
    oid: str


@dataclass(frozen=True, slots=True)
class Other:
    """A path with another content than before."""

    path: str
    before: str
    after: str


def moved_over(gone: Sequence[Gone], others: Sequence[Other], read: Read) -> dict[str, str]:
    """For each path with another file's content now, where that file was before; each file is taken once."""
    found: dict[str, str] = {}
    left = list(gone)
    for other in others:
        if same := next((each for each in left if each.oid == other.after), None):
            found[other.path] = same.path
            left.remove(same)
    rest = [other for other in others if other.path not in found]
    if not left or not rest or len(left) * len(rest) > PAIRS:
        return found
    texts = read([*(each.oid for each in left), *(oid for each in rest for oid in (each.before, each.after))])
    for other in rest:
        if not left:
            break
        stayed = likeness(texts[other.before], texts[other.after])
        best = max(left, key=lambda each: likeness(texts[each.oid], texts[other.after]))
        if (like := likeness(texts[best.oid], texts[other.after])) >= LIKE and like > stayed:
            found[other.path] = best.path
            left.remove(best)
    return found


def likeness(one: bytes, other: bytes) -> float:
    """How much of two texts is equal, line by line wherever it stands: 0 to 1."""
    if max(len(one), len(other)) > LARGEST:
        return float(one == other)
    lines, others = Counter(one.split(b"\n")), Counter(other.split(b"\n"))
    return 2 * (lines & others).total() / max(lines.total() + others.total(), 1)
