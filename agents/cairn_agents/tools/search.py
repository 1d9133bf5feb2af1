"""A small stand-in for ripgrep, run as a program: `python -m cairn_agents.tools.search PATTERN PATH GLOB`.

A process of its own, since Python's `re` holds the interpreter while it works: a pattern
that never comes to an end would stop the whole host, and no deadline could be kept.
It prints what ripgrep prints with --null, and like it ends with 2 for a broken pattern.
So this module imports nothing that is slow to import.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cairn_agents.tools import beneath
from cairn_agents.tools.encoding import decode, is_binary
from cairn_agents.tools.walk import fits, walk

LINE_LENGTH = 300
"""Characters of a line that are shown."""
STRETCH = 1_500
"""Characters of a line that are printed: so much is masked before the line is cut."""
OMITTED = " [... omitted end of long line]"
"""As ripgrep says it."""
_LARGEST = 4_000_000
"""Bytes of a file that is looked into."""


def main() -> int:
    pattern, place, glob = sys.argv[1:4]
    try:
        wanted = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        sys.stderr.buffer.write(f"{error}\n".encode())
        return 2
    for name, file in _candidates(Path(place), glob):
        for number, line in _lines(file):
            if wanted.search(line):
                cut = line if len(line) <= STRETCH else f"{line[:STRETCH]}{OMITTED}"
                sys.stdout.buffer.write(f"{name}\0{number}:{cut}\n".encode("utf-8", "surrogateescape"))
    return 0


def _candidates(place: Path, glob: str) -> Iterator[tuple[str, Path]]:
    if place.is_file():
        yield str(place), place
        return
    spec = fits(glob) if glob else None
    for file in walk(place):
        name = file.relative_to(place).as_posix()
        if spec is None or spec.match_file(name):
            yield name, file


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with beneath.opened(file) as opened:
            data = opened.read(_LARGEST + 1)
    except OSError:  # a link too: ripgrep follows none either
        return
    if len(data) > _LARGEST:
        return
    if not is_binary(data):
        yield from enumerate(decode(data).text.removesuffix("\n").split("\n"), start=1)


if __name__ == "__main__":
    sys.exit(main())
