"""A mark outside the database: how far the log had come, and its running hash.

SQLite drops damaged or cut WAL frames silently and then says it is well; only a
mark kept elsewhere can tell that acknowledged rows are gone. The file has two
slots, written in turn, so a torn write leaves the slot before it.
"""

import os
import struct
import zlib
from pathlib import Path

from cairn_memory.chain import Mark
from cairn_memory.files import sync_folder

_SLOT = 512
"""Bytes: one disk sector, so that writing one slot cannot tear the other."""
_FORMAT = struct.Struct(">8sQ16s")
_RECORD = _FORMAT.size + 4
_MAGIC = b"cairnwm1"


class Watermark:
    """The file with the newest mark. Not for sharing between processes: the host's lock guards it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            self._reserve(path)
            slots = [_parse(_read(self._file, slot)) for slot in (0, 1)]
        except BaseException:
            os.close(self._file)
            raise
        self.mark = _newest(slots)
        self._slot = 0 if slots[0] is None or slots[0] != self.mark else 1

    def write(self, mark: Mark) -> None:
        """Makes `mark` durable. Blocking, up to 1.4 ms: call it off the event loop."""
        body = _FORMAT.pack(_MAGIC, mark.seq, mark.chain)
        os.lseek(self._file, self._slot * _SLOT, os.SEEK_SET)
        os.write(self._file, body + struct.pack(">I", zlib.crc32(body)))
        getattr(os, "fdatasync", os.fsync)(self._file)
        self._slot = 1 - self._slot
        self.mark = mark

    def close(self) -> None:
        os.close(self._file)

    def _reserve(self, path: Path) -> None:
        """Both slots get real blocks at once, so that a full disk cannot stop a later mark."""
        size = os.fstat(self._file).st_size
        if size < 2 * _SLOT:
            os.lseek(self._file, size, os.SEEK_SET)
            os.write(self._file, b"\0" * (2 * _SLOT - size))
            os.fsync(self._file)
            sync_folder(path.parent)


def read_mark(path: Path) -> Mark | None:
    """The newest mark in the file at `path`, which stays as it is; None when there is none. Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return _newest([_parse(data[slot * _SLOT : slot * _SLOT + _RECORD]) for slot in (0, 1)])


def _newest(slots: list[Mark | None]) -> Mark | None:
    return max((mark for mark in slots if mark is not None), key=lambda mark: mark.seq, default=None)


def _read(file: int, slot: int) -> bytes:
    os.lseek(file, slot * _SLOT, os.SEEK_SET)
    return os.read(file, _RECORD)


def _parse(record: bytes) -> Mark | None:
    if len(record) < _RECORD:
        return None
    body, check = record[: _FORMAT.size], record[_FORMAT.size :]
    magic, seq, chain = _FORMAT.unpack(body)
    if magic != _MAGIC or struct.unpack(">I", check)[0] != zlib.crc32(body):
        return None
    return Mark(seq, chain)
