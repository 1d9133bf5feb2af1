"""AGENTS.md and CLAUDE.md: what people wrote for agents, the nearest to a file winning."""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.prompts import prompt

LARGEST = 16_384
"""Bytes of one file that are told."""

_POINTER = re.compile(
    r"(#[^\n]*\n)?\W*((read|see|follow|use)\s+)?(the\s+)?@?(\./)?`?AGENTS\.md\W*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """One file of instructions; `text` is what the model is told of it."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Instructions:
    """The instructions that hold in the work tree `root` (symlinks followed); `user` is the user's own configuration folder.

    Reads the files anew each time, keeps nothing, raises nothing.
    """

    root: Path
    user: Path

    def for_root(self) -> list[Found]:
        """For the system prompt: the user's own first, then the work tree's."""
        return [*_told(self.user, within=None), *_told(self.root, within=self.root)]

    def nearby(self, path: Path) -> list[Found]:
        """For a file (absolute) that was touched: those of the folders below `root` down to it, nearest last."""
        folders = [folder for folder in (path, *path.parents) if self.root in folder.parents]
        return [found for folder in reversed(folders) for found in _told(folder, within=self.root)]


def _told(folder: Path, within: Path | None) -> Iterator[Found]:
    """AGENTS.md, and CLAUDE.md unless it says the same or only points there."""
    agents = _read(folder / "AGENTS.md", within)
    claude = _read(folder / "CLAUDE.md", within)
    if claude == agents or (agents and _POINTER.fullmatch(claude)):
        claude = ""
    for name, text in (("AGENTS.md", agents), ("CLAUDE.md", claude)):
        if text:
            yield Found(folder / name, prompt("instructions").format(path=folder / name, text=text))


def _read(path: Path, within: Path | None) -> str:
    """The text, cut with a mark; "" when there is none, it is no file, or a symlink leads it out of `within`."""
    try:
        path.stat()  # mostly there is none, and following every link of the way takes ten times as long
        real = path.resolve(strict=True)
        if within is not None and not real.is_relative_to(within):
            return ""
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            return ""
        with real.open("rb") as file:
            data = file.read(LARGEST)
    except (OSError, RuntimeError):  # RuntimeError: Python 3.11 and 3.12 raise it for a loop of symlinks
        return ""
    text = data.decode("utf-8-sig", "replace").strip()
    if status.st_size > LARGEST:
        text = text.removesuffix("\ufffd")  # half a character
        text += f"\n[cut: the first {LARGEST:,} of {status.st_size:,} bytes; read {path} for the rest]"
    return text
