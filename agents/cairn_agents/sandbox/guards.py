"""Empty folders that stand, while commands run, where a protected name is missing from a work tree.

Nothing can be mounted where nothing is. So the host makes an empty folder under the missing name, the sandbox
mounts another one on it that cannot be written, and when no command runs any more the folders are removed
again: they are empty, and git sees no empty folder. A lock that every running command holds tells when.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such sandbox
    fcntl = None

_LARGEST = 1_000_000
"""Bytes of the record. A longer one was not written here."""


_PATIENCE = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
"""Seconds between looks whether the last command is gone: its process namespace ends a moment after it."""


@dataclass(slots=True)
class Guards:
    """`folder` is Cairn's own, shared by all hosts and commands of a workspace."""

    folder: Path
    _running: int = field(default=0, init=False)
    """Commands of this process that hold the guards."""

    @property
    def empty(self) -> Path:
        """The folder that is mounted on a guard."""
        return self.folder / "empty"

    def hold(self, missing: Iterable[Path]) -> tuple[int, tuple[Path, ...]]:
        """Makes the folders that can be made. They stand until the descriptor is closed, everywhere it was passed on.

        Blocking. Raises OSError when Cairn's own folder cannot be written.
        """
        self.empty.mkdir(parents=True, exist_ok=True)
        lock = self._open()
        try:
            _flock(lock, shared=True)
            made = self._make(list(missing))
        except OSError:
            os.close(lock)
            raise
        self._running += 1
        return lock, made

    def ended(self) -> None:
        """Tells that one command of this process has ended."""
        self._running = max(self._running - 1, 0)

    def tidy(self) -> None:
        """Removes the folders, unless a command runs: then its end does. Blocking, a moment; raises nothing."""
        with suppress(OSError):
            lock = self._open()
            try:
                if self._alone(lock):
                    self._remove()
            finally:
                os.close(lock)

    def _alone(self, lock: int) -> bool:
        for pause in () if self._running else _PATIENCE:
            if _flock(lock, shared=False):
                return True
            time.sleep(pause)
        return _flock(lock, shared=False)

    def _make(self, missing: list[Path]) -> tuple[Path, ...]:
        """The record is written first: what it names and is empty may be removed, whoever was killed in between."""
        new = [path for path in missing if not path.exists()]
        if new:
            with self._record.open("a", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(str(path))}\n" for path in new)
        for path in new:
            with suppress(OSError):  # no room, no right: then the command cannot make it either
                path.mkdir()
        return tuple(path for path in missing if path.is_dir() and not path.is_symlink())

    def standing(self) -> list[Path]:
        """The folders that were made and not removed yet. Blocking; none when that cannot be read."""
        try:
            with self._record.open(encoding="utf-8") as file:
                lines = file.read(_LARGEST).splitlines()
        except OSError:
            return []
        found: list[Path] = []
        for line in dict.fromkeys(lines):
            with suppress(ValueError):
                found.append(Path(str(json.loads(line))))
        return found

    def _remove(self) -> None:
        for path in self.standing():
            with suppress(OSError):  # not empty: somebody else's by now
                path.rmdir()
        self._record.unlink(missing_ok=True)

    @property
    def _record(self) -> Path:
        return self.folder / "guards"

    def _open(self) -> int:
        return os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _flock(descriptor: int, *, shared: bool) -> bool:
    """Takes the lock: shared it waits for a moment's work of others, alone it does not wait."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
