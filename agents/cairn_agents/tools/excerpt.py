"""Some lines of a text: out of one that is held, or streamed from a file too large for that."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from cairn_agents.tools import masking
from cairn_agents.tools.masking import LEAD, MARGIN, Mask

LINE_LENGTH = 2_000
"""Characters of one line that are shown."""
TOTAL = 48_000
"""Characters of one excerpt."""
_PIECE = 1 << 20
"""Bytes read at once: no line, however long, takes more memory."""
_KEPT = 4 * (LINE_LENGTH + MARGIN)
"""Bytes of one line that are looked at."""
_KEPT_ABOVE = 1_024
"""Bytes of a line above the excerpt: none of a private key is longer."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Numbered lines `first` to `last` of `total`; no lines and `last` below `first` when none are there."""

    text: str
    first: int
    last: int
    total: int


def from_text(text: str, first: int, limit: int, mask: Mask) -> Excerpt:
    """Out of a text whose lines end with "\\n"."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    above = [line[:_KEPT_ABOVE] for line in lines[max(first - 1 - LEAD, 0) : first - 1]]
    wanted = ((line, len(line)) for line in lines[first - 1 : first - 1 + limit])
    shown = _numbered(above, wanted, first, mask)
    return Excerpt("\n".join(shown), first, first + len(shown) - 1, len(lines))


def from_file(file: BinaryIO, first: int, limit: int, mask: Mask) -> Excerpt:
    """Out of a UTF-8 file that is open at its beginning, other bytes replaced. Reads all of it, to count the lines. Raises OSError."""
    lines = _lines(file)
    above = deque((line[:_KEPT_ABOVE] for line, _ in islice(lines, first - 1)), LEAD)
    wanted = ((line.decode("utf-8", "replace"), length) for line, length in islice(lines, limit))
    shown = _numbered([line.decode("utf-8", "replace") for line in above], wanted, first, mask)
    file.seek(0)
    return Excerpt("\n".join(shown), first, first + len(shown) - 1, _count(file))


def _numbered(above: Sequence[str], wanted: Iterable[tuple[str, int]], first: int, mask: Mask) -> list[str]:
    """The lines, given with their whole lengths, as the model sees them, within the limits."""
    taken: list[str] = []
    marks: list[str] = []
    used = 0
    for line, length in wanted:
        line = line.rstrip("\r")
        long = len(line) > LINE_LENGTH
        used += min(len(line), LINE_LENGTH) + 8
        if used > TOTAL and taken:
            break
        taken.append(line)
        marks.append(f" [... {length - LINE_LENGTH:,} more characters]" if long else "")
    together = [*above, *taken]
    masked = masking.lines(together, len(above), len(together), mask, LINE_LENGTH)
    return [
        f"{number}\t{line}{mark}"
        for number, (line, mark) in enumerate(zip(masked, marks, strict=True), start=first)
    ]


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each line's beginning without its end, and its whole length in bytes."""
    while piece := file.readline(_PIECE):
        line, length = piece.removesuffix(b"\n")[:_KEPT], len(piece)
        while not piece.endswith(b"\n") and (piece := file.readline(_PIECE)):
            length += len(piece)
        yield line, length


def _count(file: BinaryIO) -> int:
    count, last = 0, b"\n"
    while piece := file.read(_PIECE):
        count += piece.count(b"\n")
        last = piece[-1:]
    return count + (last != b"\n")
