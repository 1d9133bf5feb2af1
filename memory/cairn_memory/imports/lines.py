"""JSON Lines of any size, one line in memory at a time."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cairn_memory.imports.message import Message, Problems, Source
from cairn_memory.imports.values import mapping

LONGEST = 50_000_000
"""Bytes of a line; a longer one is passed over."""
_CHUNK = 1_000_000

Rows = Iterator[tuple[int, dict[str, Any]]]


def rows(path: Path, problems: Problems, size: int) -> Rows:
    """The objects of the first `size` bytes, with the numbers of their lines. Raises OSError."""
    with path.open("rb") as file:
        for line, data in _lines(file, size, problems):
            if not data.strip():
                continue
            try:
                found: object = json.loads(data.decode("utf-8-sig" if line == 1 else "utf-8", "replace"))
            except (ValueError, RecursionError):
                problems.add(line, "no JSON, or not all of it")
                continue
            if row := mapping(found):
                yield line, row
            elif found != {}:
                problems.add(line, "no JSON object")


def source_of_lines(path: Path, name: str, read: Callable[[Rows], Iterator[Message]]) -> Source:
    """A file of JSON Lines up to where it ends now: what is written to it from now on is not seen."""
    size = path.stat().st_size
    return Source(
        path,
        name,
        partial(digest_of, path, size),
        lambda problems: read(rows(path, problems, size)),
    )


def digest_of(path: Path, size: int) -> str:
    """SHA-256 of the first `size` bytes. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (chunk := file.read(min(_CHUNK, size))):
            digest.update(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def _lines(file: BinaryIO, size: int, problems: Problems) -> Iterator[tuple[int, bytes]]:
    line = 0
    while size > 0 and (data := file.readline(min(LONGEST, size))):
        line += 1
        size -= len(data)
        if len(data) < LONGEST or data.endswith(b"\n"):
            yield line, data
            continue
        problems.add(line, f"longer than {LONGEST:,} bytes")
        while size > 0 and not data.endswith(b"\n") and (data := file.readline(min(_CHUNK, size))):
            size -= len(data)
