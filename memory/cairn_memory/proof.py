"""Shows that nothing of what was deleted is left: texts of it, chosen before, are sought in every file after.

The texts are kept in memory only, for as long as the deletion takes.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, cast

SHORTEST, LONGEST = 16, 40
"""Characters of a text that is sought. A longer one would more often lie across two pages of the database."""
SOUGHT = 48
"""Texts at most: each is looked for in every byte."""
_EACH = 6
_VARIETY = 8
_CHUNK = 4_000_000
_BREAKS = re.compile(r'["\\\x00-\x1f\x7f\ufffd]+')
"""What is written another way in JSON: a text that is sought must read the same in every file."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a search found: files and bytes looked at, texts sought, and the files that still hold one.

    `unreadable` are files that could not be looked at: they prove nothing.
    """

    files: int
    bytes: int
    sought: int
    hits: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


@dataclass
class Samples:
    """Distinctive texts of what is about to go, some of each kind, the earliest and the latest."""

    common: tuple[str, ...] = ()
    """What stays for good reason, such as the workspace's path: no text of that is sought."""
    _found: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list[str]))

    def add_json(self, kind: str, text: str) -> None:
        """Takes a sample of an event's payload."""
        try:
            value: object = json.loads(text)
        except ValueError:
            value = text
        self.add(kind, max(_strings(value), key=len, default=""))

    def add(self, kind: str, text: str) -> None:
        """Takes a sample of a text, if there is a distinctive one in it."""
        found = self._found[kind]
        for sample in _distinctive(text):
            if sample not in found and not any(sample in each or each in sample for each in self.common):
                found.append(sample)
                if len(found) > _EACH:
                    del found[_EACH // 2]
                return

    def forget_those_in(self, text: str) -> None:
        """Drops samples that something which stays says, too: to find them again would prove nothing."""
        for found in self._found.values():
            found[:] = [sample for sample in found if sample not in text]

    def chosen(self) -> tuple[str, ...]:
        """The texts to seek, kinds in turn."""
        turns = chain.from_iterable(zip_longest(*self._found.values()))
        return tuple(dict.fromkeys(sample for sample in turns if sample))[:SOUGHT]


def seek(texts: Iterable[str], roots: Iterable[Path]) -> Proof:
    """Looks for `texts` in all files under `roots`, byte by byte. Blocking: a second for each 100 MB and more."""
    needles = [text.encode() for text in texts]
    files = size = 0
    hits: list[str] = []
    unreadable: list[str] = []
    for path in chain.from_iterable(_files(root) for root in roots):
        try:
            found, read = _holds(path, needles)
        except FileNotFoundError:
            continue  # gone since it was listed
        except OSError:
            unreadable.append(str(path))
            continue
        files, size = files + 1, size + read
        if found:
            hits.append(str(path))
    return Proof(files, size, len(needles), tuple(hits), tuple(unreadable))


def _holds(path: Path, needles: list[bytes]) -> tuple[bool, int]:
    overlap, read, before = LONGEST * 4, 0, b""
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            read += len(data)
            window = before + data
            if any(needle in window for needle in needles):
                return True, read
            before = window[-overlap:]
    return False, read


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    elif root.is_dir():
        yield from (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _distinctive(text: str) -> Iterator[str]:
    """Stretches of `text` that hardly stand anywhere by chance, the longest first."""
    stretches = sorted((each.strip() for each in _BREAKS.split(text[:100_000])), key=len, reverse=True)
    for stretch in stretches[:20]:
        middle = max(len(stretch) - LONGEST, 0) // 2
        sample = stretch[middle : middle + LONGEST].strip()
        if len(sample) >= SHORTEST and len(set(sample)) >= _VARIETY:
            yield sample


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, Any]", value).values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _strings(each)
