"""From one text to another in few small edits, so that cursors, folds and marks stay where nothing changes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate

from lsprotocol import types
from pygls.workspace import PositionCodec

from cairn_server.editors.text import lines_of

COMPARED = 2_000
"""Lines of either side, between what both begin and end with, that are compared; of more, all are replaced."""


def edits(before: str, after: str, codec: PositionCodec) -> list[types.TextEdit]:
    """Edits of `before` that do not touch each other, in its order; columns as the client counts them."""
    old, new = lines_of(before), lines_of(after)
    starts = [0, *accumulate(map(len, old))]
    if before and not before.endswith(("\n", "\r")):
        starts.pop()  # the last line has no end, so none begins behind it
    found: list[types.TextEdit] = []
    for a, b, c, d in _blocks(old, new):
        start = sum(map(len, old[:a]))
        gone, put = "".join(old[a:b]), "".join(new[c:d])
        kept = _prefix(gone, put)
        tail = _suffix(gone[kept:], put[kept:])
        first, last = start + kept, start + len(gone) - tail
        span = types.Range(_position(before, starts, first, codec), _position(before, starts, last, codec))
        found.append(types.TextEdit(span, put[kept : len(put) - tail]))
    return found


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Lines old[a:b] that become new[c:d]."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(left), len(right)) > COMPARED:
        yield head, len(old) - tail, head, len(new) - tail
        return
    for tag, a, b, c, d in SequenceMatcher(None, left, right).get_opcodes():
        if tag != "equal":
            yield a + head, b + head, c + head, d + head


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines, or characters, both begin with."""
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        if a != b:
            return index
    return min(len(old), len(new))


def _prefix(old: str, new: str) -> int:
    """How many characters both begin with; never half of a line's end."""
    length = _common(old, new)
    return length - 1 if length and old[length - 1] == "\r" else length


def _suffix(old: str, new: str) -> int:
    """How many characters both end with; never half of a line's end."""
    length = _common(old[::-1], new[::-1])
    halved = length and old[len(old) - length] == "\n"
    before = old[: len(old) - length][-1:], new[: len(new) - length][-1:]
    return length - 1 if halved and "\r" in before else length


def _position(text: str, starts: list[int], at: int, codec: PositionCodec) -> types.Position:
    line = bisect_right(starts, at) - 1
    return types.Position(line, codec.client_num_units(text[starts[line] : at]))
