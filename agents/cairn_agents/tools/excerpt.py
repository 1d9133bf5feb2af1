"""Some lines of a text: out of one that is held, or streamed from a file too large for that."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

LINE_LENGTH = 2_000
"""Characters of one line that are shown."""
TOTAL = 48_000
"""Characters of one excerpt."""
_PIECE = 1 << 20
"""Bytes read at once: no line, however long, takes more memory."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Numbered lines `first` to `last` of `total`; no lines and `last` below `first` when none are there."""

    text: str
    first: int
    last: int
    total: int


def from_text(text: str, first: int, limit: int) -> Excerpt:
    """Out of a text whose lines end with "\\n"."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    shown = _numbered(((line, len(line)) for line in lines[first - 1 : first - 1 + limit]), first)
    return Excerpt("\n".join(shown), first, first + len(shown) - 1, len(lines))


def from_file(path: Path, first: int, limit: int) -> Excerpt:
    """Out of a UTF-8 file, other bytes replaced. Reads all of it, to count the lines. Raises OSError."""
    with path.open("rb") as file:
        wanted = islice(_lines(file), first - 1, first - 1 + limit)
        shown = _numbered(((line.decode("utf-8", "replace"), length) for line, length in wanted), first)
        file.seek(0)
        return Excerpt("\n".join(shown), first, first + len(shown) - 1, _count(file))


def _numbered(lines: Iterable[tuple[str, int]], first: int) -> list[str]:
    """The lines, given with their whole lengths, as the model sees them, within the limits."""
    shown: list[str] = []
    used = 0
    for number, (line, length) in enumerate(lines, start=first):
        line = line.rstrip("\r")
        if len(line) > LINE_LENGTH:
            line = f"{line[:LINE_LENGTH]} [... {length - LINE_LENGTH:,} more characters]"
        used += len(line) + 8
        if used > TOTAL and shown:
            break
        shown.append(f"{number}\t{line}")
    return shown


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each line's beginning without its end, and its whole length in bytes."""
    while piece := file.readline(_PIECE):
        line, length = piece.removesuffix(b"\n"), len(piece)
        while not piece.endswith(b"\n") and (piece := file.readline(_PIECE)):
            length += len(piece)
        yield line, length


def _count(file: BinaryIO) -> int:
    count, last = 0, b"\n"
    while piece := file.read(_PIECE):
        count += piece.count(b"\n")
        last = piece[-1:]
    return count + (last != b"\n")
