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
    header = log.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return
    magic, _, told_size, _, *told_salts, sum1, sum2 = _HEADER.unpack(header)
    size = told_size if told_size in (page_size, 65536) or told_size == _USUAL_PAGE else page_size
    words = struct.Struct(f"{'>' if magic == _BIG_ENDIAN else '<'}{size // 4 + 2}I")
    salts, before = tuple(told_salts), (sum1, sum2)
    largest = max(log.seek(0, 2) // size + 1_000_000, 1)
    log.seek(_HEADER.size)
    while len(frame := log.read(_FRAME.size + size)) == _FRAME.size + size:
        page, commit, salt1, salt2, *sums = _FRAME.unpack(frame[: _FRAME.size])
        data = frame[_FRAME.size :]
        expected = _checksum(words.unpack(frame[:8] + data), before)
        if expected == tuple(sums) and 0 < page < largest and _same_age((salt1, salt2), salts):
            yield _Frame(page, commit, data)
        before = (sums[0], sums[1])


def _same_age(salts: tuple[int, int], header: tuple[int, ...]) -> bool:
    """Frames of before the last checkpoint carry other salts; a damaged header tells none that match."""
    return salts == header


def _checksum(words: tuple[int, ...], before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    for index in range(0, len(words), 2):
        first = (first + words[index] + second) & _MASK
        second = (second + words[index + 1] + first) & _MASK
    return first, second
