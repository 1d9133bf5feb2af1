"""Writing a file so that a kill at any instant leaves the old content or the new, whole."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path


def write_atomically(path: Path, data: bytes, mode: int | None = None, token: str = "") -> None:
    """Replaces `path` by `data`: temporary file beside it, fsync, rename, fsync of the folder.

    Keeps the permission bits of the file it replaces unless `mode` is given, and
    writes through a symlink to its target. The new file has the owner and the extended
    attributes of a new file, and a hard link to the old one keeps the old content.
    Whoever gives a `token` of its own can find what a kill left behind: `remove_leftover`.
    Raises OSError; then the old file stands.
    """
    token = token or secrets.token_hex(6)
    target = _followed(path)
    temporary = _write_beside(target, data, mode, token)
    try:
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(target.parent)


def stage(path: Path, data: bytes, token: str) -> None:
    """The first half of `write_atomically`, for whoever must tell after a kill whether the second was done.

    `data` lies durably beside `path` until `land` or `remove_leftover` with this `token`. Raises OSError.
    """
    target = _followed(path)
    _write_beside(target, data, None, token)
    sync_folder(target.parent)


def staged(path: Path, token: str) -> bytes | None:
    """What was staged with this `token` and has not landed; None when there is nothing. Raises OSError."""
    try:
        return _temporary(_followed(path), token).read_bytes()
    except FileNotFoundError:
        return None


def land(path: Path, token: str) -> None:
    """The second half: what was staged with this `token` takes the place of `path`. Raises OSError."""
    target = _followed(path)
    os.replace(_temporary(target, token), target)
    sync_folder(target.parent)


def remove_leftover(path: Path, token: str) -> None:
    """Removes the temporary file that a kill in the midst of `write_atomically` with this `token` left. Raises OSError."""
    _temporary(_followed(path), token).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable. Windows and some network drives have no such call, nor need one."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _write_beside(target: Path, data: bytes, mode: int | None, token: str) -> Path:
    """The temporary file with `data`, on the disk, and with the permission bits it shall have."""
    if mode is None:
        mode = _mode_of(target)
    temporary = _temporary(target, token)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None and os.name == "posix":
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary


def temporary_name(name: str, token: str) -> str:
    """What the temporary file beside the file `name` is called while it is written."""
    return f".{name[:60]}.{token}.tmp"


def _temporary(target: Path, token: str) -> Path:
    return target.with_name(temporary_name(target.name, token))


def _followed(path: Path) -> Path:
    if not path.is_symlink():
        return path
    try:
        return path.resolve()
    except RuntimeError as error:  # how Python before 3.13 says that links go in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error


def _mode_of(path: Path) -> int | None:
    """The permission bits of `path`; None, for those of any new file, when it is not there."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
