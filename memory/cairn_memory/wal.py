"""The sound pages of SQLite's write-ahead file, also those after a damaged one.

Each frame's checksum goes on from the frame before. SQLite stops at the first that is
wrong; but the checksum before a frame stands in the frame before, so every other frame
can still be told to be sound. Format: https://www.sqlite.org/fileformat2.html#walformat
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER = struct.Struct(">IIIIIIII")
"""Magic, version, page size, checkpoint number, two salts, two checksums."""
_FRAME = struct.Struct(">IIIIII")
"""Page number, pages of the database after a commit (else 0), two salts, two checksums."""
_BIG_ENDIAN = 0x377F0683
_MASK = 0xFFFFFFFF
_USUAL_PAGE = 4096


class _Frame(NamedTuple):
    page: int
    commit: int
    data: bytes


def apply_wal(wal: Path, database: Path) -> None:
    """Writes every sound, committed page of `wal` into `database`, which needs no write-ahead file then."""
    with database.open("r+b") as file, wal.open("rb") as log:
        page_size = page_size_of(file)
        waiting: list[_Frame] = []
        for frame in _sound_frames(log, page_size):
            waiting.append(frame)
            if frame.commit:
                for page, _, data in waiting:
                    file.seek((page - 1) * len(data))
                    file.write(data)
                waiting.clear()
        file.seek(0, 2)
        if file.tell() >= 100:
            file.seek(18)
            file.write(b"\x01\x01")


def page_size_of(file: BinaryIO) -> int:
    """The page size that a database's header tells, or the usual one when it tells none."""
    file.seek(16)
    size = int.from_bytes(file.read(2), "big")
    file.seek(0)
    return 65536 if size == 1 else size if size >= 512 and size & (size - 1) == 0 else _USUAL_PAGE


def _sound_frames(log: BinaryIO, page_size: int) -> Iterator[_Frame]:
    start = log.read(_HEADER.size + _FRAME.size)
    if len(start) < _HEADER.size + _FRAME.size:
        return
    magic, *_, sum1, sum2 = _HEADER.unpack(start[: _HEADER.size])
    order, before = ">" if magic == _BIG_ENDIAN else "<", (sum1, sum2)
    told = _checksum(struct.unpack(f"{order}6I", start[:24]), (0, 0)) == before
    # Frames of before the last checkpoint carry other salts than the header; where that is
    # damaged, the first frame, which was written after it, tells them as well.
    salts = start[16:24] if told else start[_HEADER.size + 8 : _HEADER.size + 16]
    words = struct.Struct(f"{order}{page_size // 4 + 2}I")
    log.seek(_HEADER.size)
    while len(frame := log.read(_FRAME.size + page_size)) == _FRAME.size + page_size:
        page, commit, _, _, *sums = _FRAME.unpack(frame[: _FRAME.size])
        data = frame[_FRAME.size :]
        sound = _checksum(words.unpack(frame[:8] + data), before) == tuple(sums)
        if sound and frame[8:16] == salts:
            yield _Frame(page, commit, data)
        before = (sums[0], sums[1])


def _checksum(words: tuple[int, ...], before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & _MASK
        second = (second + words[index + 1] + first) & _MASK
    return first, second
