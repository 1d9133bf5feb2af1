"""What can go wrong in the store, named by who must react."""

import errno

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, *([errno.EDQUOT] if hasattr(errno, "EDQUOT") else [])}
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_TRUNCATE"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ"}


class StoreError(Exception):
    """The person decides: the store cannot do what was asked; nothing acknowledged is lost."""


class StoreFull(StoreError):
    """The disk is full or the file may not grow: make room, then resume."""


class StoreDamaged(StoreError):
    """What is on disk is not what was written; it was left as it is."""


class MemoryFileError(StoreError):
    """The person decides: a memory file is not one that Cairn can take or write; it was left as it is."""


class ClaimError(Exception):
    """The model is told, or whoever asked: this cannot be remembered or forgotten; nothing was changed."""


def is_damage(error: Exception) -> bool:
    """Whether SQLite says with `error` that the file itself is broken."""
    name: str = getattr(error, "sqlite_errorname", "")
    return name in _DAMAGED or name.startswith("SQLITE_CORRUPT_")


def explain(error: Exception, task: str) -> StoreError:
    """The error of ours for one of SQLite or of the system, that came of `task` ("the log could not be ...")."""
    if getattr(error, "sqlite_errorname", "") in _FULL or getattr(error, "errno", None) in _NO_ROOM:
        return StoreFull(f"{task} ({error}); make room on the disk, then resume")
    if is_damage(error):
        return StoreDamaged(f"{task} ({error}); restart Cairn: it keeps what can be read")
    return StoreError(f"{task} ({error})")
