"""Takes one change out of a text that others went on with, line by line, or says where it cannot be done.

git's own merge refuses changes in neighbouring lines; here only what touches the same lines, or is put at the
same place, is an overlap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cairn_memory.snapshots.states import Hunk

SHOWN = 12
"""Lines of each side of an overlap that are shown."""
LONGEST = 200
"""Characters of each of them."""


Compare = Callable[[bytes, bytes], Sequence[Hunk]]
"""How the second text differs from the first, in order."""


@dataclass(frozen=True, slots=True)
class Clash:
    """One place where both changed something: lines as they were, as `ours` has them now, as `theirs` would."""

    line: int
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


class Merged(NamedTuple):
    """The text with both changes in it; with `clashes` there is none."""

    data: bytes
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    lines: tuple[bytes, ...]
    ours: bool


def merge(base: bytes, ours: bytes, theirs: bytes, compare: Compare) -> Merged:
    """`ours` with the change from `base` to `theirs` made in it, too."""
    if ours in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(ours)
    if is_binary(base) or is_binary(ours) or is_binary(theirs):
        return Merged(b"", (Clash(1, ("(not a text: it can only be taken back as a whole)",), (), ()),))
    lines = split(base)
    mine = list(_edits(lines, ours, compare(base, ours), ours=True))
    other = list(_edits(lines, theirs, compare(base, theirs), ours=False))
    edits = _without_doubles(mine, other)
    clashes = tuple(_clash(lines, one, two) for one in mine for two in other if _clashing(one, two))
    if clashes:
        return Merged(b"", clashes)
    merged = _applied(lines, sorted(edits, key=lambda edit: (edit.start, edit.end)))
    if merged is None:
        return Merged(b"", (_clash(lines, mine[-1], other[-1]),))
    return Merged(merged)


def split(data: bytes) -> list[bytes]:
    """Lines with their ends, where `\\n` alone ends one."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def is_binary(data: bytes) -> bool:
    """Whether git would take it for one."""
    return b"\0" in data[:8_000]


def _edits(base: Sequence[bytes], other: bytes, hunks: Sequence[Hunk], *, ours: bool) -> Iterator[_Edit]:
    lines = split(other)
    for hunk in hunks:
        yield _Edit(hunk.start, hunk.end, tuple(lines[hunk.first : hunk.last]), ours)


def _same(one: _Edit, two: _Edit) -> bool:
    return (one.start, one.end, one.lines) == (two.start, two.end, two.lines)


def _clashing(one: _Edit, two: _Edit) -> bool:
    """Whether both touch the same lines, or both put something at the same place."""
    if _same(one, two):
        return False
    if one.start == one.end and two.start == two.end:
        return one.start == two.start
    if one.start == one.end:
        return two.start < one.start < two.end
    if two.start == two.end:
        return one.start < two.start < one.end
    return one.start < two.end and two.start < one.end


def _without_doubles(mine: Sequence[_Edit], other: Sequence[_Edit]) -> list[_Edit]:
    """What both did alike is done once."""
    return [*mine, *(edit for edit in other if not any(_same(edit, one) for one in mine))]


def _applied(base: Sequence[bytes], edits: Sequence[_Edit]) -> bytes | None:
    """None when a line without an end would come to stand before another."""
    pieces: list[bytes] = []
    at = 0
    for edit in edits:
        pieces += [*base[at : edit.start], *edit.lines]
        at = edit.end
    pieces += base[at:]
    if any(not piece.endswith(b"\n") for piece in pieces[:-1]):
        return None
    return b"".join(pieces)


def _clash(base: Sequence[bytes], one: _Edit, two: _Edit) -> Clash:
    start, end = min(one.start, two.start), max(one.end, two.end)
    return Clash(start + 1, _shown(base[start:end]), _shown(one.lines), _shown(two.lines))


def _shown(lines: Sequence[bytes]) -> tuple[str, ...]:
    texts = [line.rstrip(b"\n").decode("utf-8", "replace")[:LONGEST] for line in lines[:SHOWN]]
    more = [f"... {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return (*texts, *more)
