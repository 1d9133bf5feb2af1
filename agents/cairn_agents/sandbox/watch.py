"""Names that no mount can hold, looked at before a command and put right after it.

A symlink cannot be mounted on, and where git reads `commondir` an empty folder would break git. So these are
compared, and what a command made of them is moved aside; nothing is deleted.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.sandbox.protected import AT_THE_TOP


@dataclass(frozen=True, slots=True)
class Watch:
    """Each path with where it led as a symlink; "" for one that was not there."""

    before: tuple[tuple[Path, str], ...]

    @classmethod
    def on(cls, root: Path, git_dirs: Iterable[Path]) -> "Watch":
        """What is to be watched in the work tree `root` and in git dirs that are nobody's linked ones."""
        links = [path for name in AT_THE_TOP if (path := root / name).is_symlink()]
        absent = [path for folder in git_dirs if not (path := folder / "commondir").exists()]
        return cls((*((path, str(path.readlink())) for path in links), *((path, "") for path in absent)))

    @property
    def lasting(self) -> "Watch":
        """What is watched over hours too: a link a person may well have changed meanwhile, git's files not."""
        return Watch(tuple((path, target) for path, target in self.before if not target))

    def put_right(self, aside: Path) -> list[str]:
        """Moves what came in their place into `aside`, and makes links anew. Says which. Blocking; raises nothing."""
        return [
            str(path)
            for path, target in self.before
            if _changed(path, target) and _mended(path, target, aside)
        ]


def _changed(path: Path, target: str) -> bool:
    if not target:
        return path.exists() or path.is_symlink()
    return not path.is_symlink() or str(path.readlink()) != target


def _mended(path: Path, target: str, aside: Path) -> bool:
    with suppress(OSError):
        if path.exists() or path.is_symlink():
            aside.mkdir(parents=True, exist_ok=True)
            number = len(os.listdir(aside))
            path.rename(aside / f"{number}-{path.name}")
        if target:
            path.symlink_to(target)
        return True
    return False
