"""A mark outside the database: how far the log had come, and its running hash.

SQLite drops damaged or cut WAL frames silently and then says it is well; only a
mark kept elsewhere can tell that acknowledged rows are gone. The file has two
slots, written in turn, so a torn write leaves the slot before it.
"""

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from cairn_memory.files import sync_folder

_SLOT = 512
"""Bytes: one disk sector, so that writing one slot cannot tear the other."""
_FORMAT = struct.Struct(">8sQ16s")
_MAGIC = b"cairnwm1"

START = b"\0" * 16
"""The running hash before the first event."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last acknowledged sequence number and the running hash up to it."""

    seq: int
    chain: bytes


class Watermark:
    """The file with the newest mark. Not for sharing between processes: the host's lock guards it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        if new:
            os.ftruncate(self._file, 2 * _SLOT)
            os.fsync(self._file)
            sync_folder(path.parent)
        marks = [(self._read(slot), slot) for slot in (0, 1)]
        found = [(mark, slot) for mark, slot in marks if mark is not None]
        newest = max(found, key=lambda pair: pair[0].seq, default=None)
        self.mark: Mark | None = newest[0] if newest else None
        self._slot = 1 - newest[1] if newest else 0

    def write(self, mark: Mark) -> None:
        """Makes `mark` durable. Blocking, about 1.4 ms: call it off the event loop."""
        body = _FORMAT.pack(_MAGIC, mark.seq, mark.chain)
        record = body + struct.pack(">I", zlib.crc32(body))
        os.lseek(self._file, self._slot * _SLOT, os.SEEK_SET)
        os.write(self._file, record)
        getattr(os, "fdatasync", os.fsync)(self._file)
        self._slot = 1 - self._slot
        self.mark = mark

    def close(self) -> None:
        os.close(self._file)

    def _read(self, slot: int) -> Mark | None:
        os.lseek(self._file, slot * _SLOT, os.SEEK_SET)
        record = os.read(self._file, _FORMAT.size + 4)
        if len(record) < _FORMAT.size + 4:
            return None
        body, check = record[: _FORMAT.size], record[_FORMAT.size :]
        magic, seq, chain = _FORMAT.unpack(body)
        if magic != _MAGIC or struct.unpack(">I", check)[0] != zlib.crc32(body):
            return None
        return Mark(seq, chain)
