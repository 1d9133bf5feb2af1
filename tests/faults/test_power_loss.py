"""The power goes: of what was not synced any sector may be old or new. Whatever was acknowledged is there.

The order that the log keeps is: write-ahead file, sync, watermark, sync, acknowledge. So the states a
power loss can leave are a write-ahead file torn anywhere beside the old watermark, and a torn watermark
beside the whole write-ahead file. Where SQLite begins that file anew it syncs the new header first.
"""

import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from stored import append_notes, numbers, opened

from cairn_memory.verify import verify

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
HEADER = 32
"""Bytes at the beginning of a write-ahead file."""
DATABASE, AHEAD, MARK = "cairn.db", "cairn.db-wal", "watermark"
Files = Mapping[str, bytes]
LOSSES = 12


def _files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (DATABASE, AHEAD, MARK)}


def _torn(old: bytes, new: bytes, chance: random.Random) -> bytes:
    """A file on its way from `old` to `new`: each sector is of one of them, the end may not be there yet."""
    likely = chance.random()
    size = chance.choice(
        (len(old), len(new), *((chance.randrange(min(len(old), len(new)), len(new) + 1),) * 2))
    )
    sectors = [
        (new if chance.random() < likely else old)[at : at + SECTOR].ljust(SECTOR, b"\0")
        for at in range(0, max(len(new), len(old)), SECTOR)
    ]
    return b"".join(sectors)[:size]


def _lost(before: Files, after: Files, chance: random.Random) -> Iterator[dict[str, bytes]]:
    """States of the disk that a power loss leaves between two acknowledgements."""
    for _ in range(LOSSES):
        yield {**before, AHEAD: _torn(before[AHEAD], after[AHEAD], chance)}
        yield {**after, MARK: _torn(before[MARK], after[MARK], chance)}


async def _found(folder: Path, files: Files) -> list[int]:
    """The numbers of the events that a start after the loss finds; nothing may look damaged to it."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    seqs, problems = await numbers(folder)
    assert problems == ()
    assert verify(folder) == []
    return seqs


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
async def test_after_a_power_loss_every_acknowledged_event_is_there_and_at_most_one_more(
    tmp_path: Path, acknowledged: int, seed: int
) -> None:
    chance, source = random.Random(seed + acknowledged), tmp_path / "alive"
    async with opened(source) as (log, _):
        await append_notes(log, acknowledged)
        before = _files(source)
        await append_notes(log, 1)
        after = _files(source)
    for number, files in enumerate(_lost(before, after, chance)):
        seqs = await _found(tmp_path / str(number), files)
        assert seqs in (list(range(1, acknowledged + 1)), list(range(1, acknowledged + 2)))


async def test_a_power_loss_while_the_write_ahead_file_is_taken_in_costs_nothing(
    tmp_path: Path, seed: int
) -> None:
    chance, source, count = random.Random(seed), tmp_path / "alive", 60
    async with opened(source) as (log, _):
        await append_notes(log, count)
        before = _files(source)
        with closing(sqlite3.connect(source / DATABASE)) as other:
            other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        after = _files(source)
        assert before[DATABASE] != after[DATABASE] and before[AHEAD] == after[AHEAD]
        await append_notes(log, 1)  # goes to the beginning of the write-ahead file
        again = _files(source)
        assert again[AHEAD] != after[AHEAD]
    for number in range(LOSSES):
        torn = _torn(before[DATABASE], after[DATABASE], chance)
        assert await _found(tmp_path / f"in {number}", {**before, DATABASE: torn}) == list(
            range(1, count + 1)
        )
        begun = again[AHEAD][:HEADER] + after[AHEAD][HEADER:]
        behind = {**after, AHEAD: _torn(begun, again[AHEAD], chance)}
        seqs = await _found(tmp_path / f"behind {number}", behind)
        assert seqs in (list(range(1, count + 1)), list(range(1, count + 2)))
