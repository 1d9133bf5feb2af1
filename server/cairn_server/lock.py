"""One host a workspace: a file lock that the system lets go of when its holder dies."""

import os
import sys
from pathlib import Path

EXIT_TAKEN = 75
"""Exit code of a host that found another one (EX_TEMPFAIL of sysexits.h)."""


class LockTaken(Exception):
    """The caller reacts: another host has the workspace. The message is one line for a person."""


class HostLock:
    """Held from `take` to `release`, or until the process dies in whatever way.

    The descriptor is not inherited (O_CLOEXEC, Python's default): a command that
    outlives its host must not keep the lock.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "HostLock":
        """Takes the lock or raises LockTaken at once. Raises OSError when `path` cannot be written."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            _lock(descriptor)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise LockTaken(
                f"another host{holder} has this workspace ({path.parent}); use it, or stop it with `cairn stop`"
            ) from error
        _sign(descriptor)
        return cls(descriptor)

    def release(self) -> None:
        """Lets go. The file stays: removing it would let two hosts lock two files of one name."""
        os.close(self._descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _sign(descriptor: int) -> None:
        """The locked byte cannot be read by others there, so it would tell nobody."""

    def _holder(descriptor: int) -> str:
        return ""

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _sign(descriptor: int) -> None:
        """Leaves our process number for whoever finds the lock taken."""
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)

    def _holder(descriptor: int) -> str:
        pid = os.pread(descriptor, 20, 0)
        return f" (process {pid.decode('ascii')})" if pid.isdigit() else ""
