"""Opens exactly the file that was judged: no link may stand anywhere in its path when it is opened.

The gate judges a path with every link followed. Between that and the use somebody may put a link in its
place: looking again and then opening leaves a gap, however small. So the kernel is told to follow no link at
all (`openat2` with RESOLVE_NO_SYMLINKS, Linux 5.6, openat2(2)); where there is no such call, each folder is
opened in the one before it with O_NOFOLLOW. Windows has neither: there the path is resolved anew on both sides.
"""

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

from cairn_memory.files import temporary_name, write_atomically

_OPENAT2 = 437
"""The same number on all of Linux's architectures but Alpha."""
_NO_LINKS = 0x02 | 0x04
"""RESOLVE_NO_MAGICLINKS and RESOLVE_NO_SYMLINKS, linux/openat2.h."""
_HAS_FOLDERS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_ENTER = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY))
"""A folder on the way needs only to be entered, not to be read."""
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


@contextmanager
def opened(path: Path) -> Generator[BufferedReader]:
    """The ordinary file at `path` (absolute, every link followed), to be read.

    Raises OSError: with ELOOP when a link stands in its way now, with EINVAL when it is no ordinary file. It
    never waits for a pipe.
    """
    descriptor = open_exactly(path, _READ)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "no ordinary file", str(path))
        with os.fdopen(os.dup(descriptor), "rb") as file:
            yield file
    finally:
        os.close(descriptor)


class Entry(NamedTuple):
    """A name in a folder: whether it is a folder itself, whether it is or leads to one, whether it is or leads to a file."""

    name: str
    folder: bool
    leads_to_folder: bool
    file: bool


def entries(path: Path) -> list[Entry]:
    """What is in the folder `path` (absolute, every link followed). Raises OSError, as `opened`."""
    if not _HAS_FOLDERS or os.scandir not in os.supports_fd:
        _require_unmoved(path)
        with os.scandir(path) as found:
            return [_entry(each) for each in found]
    descriptor = open_exactly(path, os.O_RDONLY | _FOLDER)
    try:
        with os.scandir(descriptor) as found:
            return [_entry(each) for each in found]
    finally:
        os.close(descriptor)


def _entry(found: "os.DirEntry[str]") -> Entry:
    folder = found.is_dir(follow_symlinks=False)
    return Entry(found.name, folder, folder or found.is_dir(), not folder and found.is_file())


def replace(path: Path, data: bytes, expected: "bytes | None", token: str) -> None:
    """Puts `data` in the place of the file at `path`, durably and whole, and makes its folders.

    `expected` is what it must hold now, None for no file at all. Raises Moved when it is not so, OSError when it
    cannot be written; then the old file stands. As `write_atomically`, but through no link: what is put in the
    place of a folder meanwhile is not followed.
    """
    if not _HAS_FOLDERS:
        _replace_by_path(path, data, expected, token)
        return
    folder = _folder(path.parent) if expected is None else open_exactly(path.parent, os.O_RDONLY | _FOLDER)
    try:
        if _content(folder, path.name) != expected:
            raise Moved
        temporary = temporary_name(path.name, token)
        mode = _mode(folder, path.name)
        _write_new(folder, temporary, data, mode)
        try:
            _require_same_folder(folder, path.parent)
            os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        _sync(folder)
    finally:
        os.close(folder)


class Moved(Exception):
    """The file is no longer what the change was planned for."""


def open_exactly(path: Path, flags: int) -> int:
    """A descriptor of what lies at `path`, an absolute one. Raises OSError with ELOOP when any part of it is a link."""
    if not path.is_absolute() or ".." in path.parts:
        raise OSError(errno.EINVAL, "no absolute path", str(path))
    if not _HAS_FOLDERS:
        _require_unmoved(path)
        descriptor = os.open(path, flags)
        try:
            _require_unmoved(path)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
    found = _by_kernel(path, flags)
    if found is not None:
        return found
    return _by_folders(path, flags)


# --- by the kernel ----------------------------------------------------------------------------


class _How(ctypes.Structure):
    """struct open_how, linux/openat2.h."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


@cache
def _kernel() -> "ctypes.CDLL | None":
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _by_kernel(path: Path, flags: int) -> int | None:
    """None where the kernel knows no such call, or a filter forbids it. Raises OSError."""
    kernel = _kernel()
    if kernel is None:
        return None
    how = _How(flags | os.O_CLOEXEC, 0, _NO_LINKS)
    text = os.fsencode(path)
    while True:
        found = kernel.syscall(
            ctypes.c_long(_OPENAT2),
            ctypes.c_int(-100),
            text,
            ctypes.byref(how),
            ctypes.c_size_t(ctypes.sizeof(how)),
        )
        if found >= 0:
            return found
        number = ctypes.get_errno()
        if number in (errno.ENOSYS, errno.EPERM, errno.E2BIG):  # EPERM: older containers' filters say so
            return None
        if number not in (errno.EINTR, errno.EAGAIN):
            raise OSError(number, os.strerror(number), str(path))


# --- folder by folder -------------------------------------------------------------------------


def _by_folders(path: Path, flags: int) -> int:
    folder = os.open(path.anchor, _ENTER | _FOLDER)
    try:
        for part in path.parts[1:-1]:
            folder = _entered(folder, part)
        if len(path.parts) == 1:
            return os.dup(folder)
        return os.open(path.name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _entered(folder: int, name: str) -> int:
    """The folder `name` in an open one, which is closed. Raises OSError; a link is no folder."""
    try:
        below = os.open(name, _ENTER | _FOLDER, dir_fd=folder)
    except NotADirectoryError as error:
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name) from error
        raise
    os.close(folder)
    return below


def _folder(path: Path) -> int:
    """The folder at `path`, made with those above it where it is missing. Raises OSError."""
    with suppress(FileNotFoundError):
        return open_exactly(path, os.O_RDONLY | _FOLDER)
    above = _folder(path.parent)
    try:
        with suppress(FileExistsError):
            os.mkdir(path.name, dir_fd=above)
        return os.open(path.name, os.O_RDONLY | _FOLDER, dir_fd=above)
    finally:
        os.close(above)


def _content(folder: int, name: str) -> bytes | None:
    try:
        descriptor = os.open(name, _READ | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Moved
        return file.read()


def _mode(folder: int, name: str) -> int | None:
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None


def _write_new(folder: int, name: str, data: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise


def _require_same_folder(folder: int, path: Path) -> None:
    """The open folder must still be the one at `path`: it may have been moved away meanwhile. Raises Moved."""
    here = os.fstat(folder)
    there = os.stat(path, follow_symlinks=False)
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        raise Moved


def _sync(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


# --- by path alone ----------------------------------------------------------------------------


def _require_unmoved(path: Path) -> None:
    """Where nothing better is there: every link followed, it is still the same path. Raises OSError."""
    if os.path.normcase(os.path.realpath(path)) != os.path.normcase(path):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _replace_by_path(path: Path, data: bytes, expected: bytes | None, token: str) -> None:
    _require_unmoved(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.is_file() else None
    if before != expected:
        raise Moved
    _require_unmoved(path)
    write_atomically(path, data, token=token)
