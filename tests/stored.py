"""Helpers for tests of the store: a log in a folder, filled, and looked at from outside."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from cairn_memory.events import Event, NoteAdded
from cairn_memory.log import EventLog
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[tuple[EventLog, tuple[str, ...]]]:
    """The log in `folder` and the problems found there; closed at the end."""
    log, problems = await open_log(folder, SecretMasker())
    try:
        yield log, problems
    finally:
        await log.close()


@asynccontextmanager
async def counted(log: EventLog) -> AsyncGenerator[list[None]]:
    """Grows by one for every ten steps that the database takes for who reads the log."""
    steps: list[None] = []
    reader = log._reader  # pyright: ignore[reportPrivateUsage]
    await reader.set_progress_handler(lambda: steps.append(None), 10)
    try:
        yield steps
    finally:
        await reader.set_progress_handler(None, 10)  # pyright: ignore[reportArgumentType]


async def append_notes(log: EventLog, count: int, session: str = "s") -> list[Event]:
    """Appends `count` notes, one commit each; their texts are their numbers."""
    return [
        event
        for _ in range(count)
        for event in await log.append(session, NoteAdded(text=f"note {log.last_seq + 1} {'x' * 300}"))
    ]


async def fill_and_crash(folder: Path, count: int) -> None:
    """Leaves `folder` as a killed host would: rows in the write-ahead file, nothing checkpointed."""
    source = folder.with_name(f"{folder.name}-alive")
    async with opened(source) as (log, _):
        await append_notes(log, count)
        folder.mkdir(exist_ok=True)
        for name in ("cairn.db", "cairn.db-wal", "watermark"):
            (folder / name).write_bytes((source / name).read_bytes())


async def numbers(folder: Path) -> tuple[list[int], tuple[str, ...]]:
    """The numbers of all events in `folder`, and the problems that opening it found."""
    async with opened(folder) as (log, problems):
        return [event.seq for event in await log.read(limit=100_000)], problems


def execute(folder: Path, statement: str, *values: object) -> None:
    """Changes the database in `folder` behind the log's back."""
    with closing(sqlite3.connect(folder / "cairn.db", isolation_level=None)) as connection:
        connection.execute(statement, values)


def damage(path: Path, start: float, length: int) -> None:
    """Overwrites `length` bytes of `path` from the fraction `start` of its size on."""
    data = bytearray(path.read_bytes())
    first = int(len(data) * start)
    data[first : first + length] = bytes((byte ^ 0x5A) for byte in data[first : first + length])
    path.write_bytes(data)
