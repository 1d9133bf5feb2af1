"""The log: groups are atomic, durable and in order, whoever is cancelled, whatever fails."""

import asyncio
import os
from contextlib import closing
from pathlib import Path

import pytest
from deadlines import deadline
from stored import append_notes, counted, numbers, opened

from cairn_memory.database import connect
from cairn_memory.errors import StoreError, StoreFull
from cairn_memory.events import NoteAdded, StateChanged
from cairn_memory.verify import verify
from cairn_memory.watermark import Watermark
from cairn_memory.writer import Writer


async def test_appended_events_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _):
        written = await log.append("a", NoteAdded(text="one"), NoteAdded(text="two"), agent="build")
        assert await log.read() == list(written)
    async with opened(tmp_path) as (log, problems):
        assert await log.read() == list(written)
        assert log.last_seq == 2
        assert problems == ()


async def test_a_hundred_appends_at_once_take_few_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    real = Writer.store

    async def counted(self: Writer, rows: list[object], mark: object) -> None:
        commits.append(len(rows))
        await real(self, rows, mark)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Writer, "store", counted)
    async with opened(tmp_path) as (log, _):
        groups = await asyncio.gather(*(log.append("s", NoteAdded(text=str(n))) for n in range(100)))
    assert [event.seq for (event,) in groups] == list(range(1, 101))
    assert sum(commits) == 100
    assert len(commits) <= 3


async def test_a_group_of_ten_thousand_events_is_stored_whole(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _):
        await log.append("s", *(NoteAdded(text=str(n)) for n in range(10_000)))
    assert await numbers(tmp_path) == (list(range(1, 10_001)), ())


async def test_nothing_to_append_is_no_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _):
        assert await log.append("s") == ()
        assert log.last_seq == 0


async def test_reading_narrows_to_session_kinds_and_newest(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _):
        for n in range(1, 7):
            await log.append(
                "odd" if n % 2 else "even", NoteAdded(text=str(n)), StateChanged(state="waiting")
            )

        async def seqs(since: int = 0, **narrowed: object) -> list[int]:
            return [event.seq for event in await log.read(since, **narrowed)]  # pyright: ignore[reportArgumentType]

        assert await seqs(session="odd", kinds=["note.added"]) == [1, 5, 9]
        assert await seqs(since=5, kinds=["note.added"], limit=2) == [7, 9]
        assert await seqs(newest=True, limit=3) == [10, 11, 12]
        assert await seqs(session="even", newest=True, limit=1) == [12]
        newest = await log.newest_of_each("session.state")
        assert {session: event.seq for session, event in newest.items()} == {"odd": 10, "even": 12}


async def test_the_tail_in_memory_and_the_disk_tell_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn_memory.log._TAIL", 8)
    async with opened(tmp_path) as (log, _):
        await append_notes(log, 20)
        for since in range(22):
            for limit in (1, 5, 100):
                from_memory = await log.read(since, limit=limit)
                assert from_memory == await log.read(since, kinds=["note.added"], limit=limit)


async def test_everybody_who_waits_is_woken(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _), deadline():
        waiting = [asyncio.create_task(log.wait(since)) for since in (0, 1, 2) for _ in range(30)]
        for _ in range(3):
            await log.append("s", NoteAdded(text="x"))
        await asyncio.gather(*waiting)


async def test_a_cancelled_append_neither_hangs_nor_loses_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _), deadline():
        tasks = [asyncio.create_task(log.append("s", NoteAdded(text=str(n)))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results[3], asyncio.CancelledError)
        assert sum(isinstance(result, tuple) for result in results) == 9
        await log.append("s", NoteAdded(text="after"))
        assert [event.seq for event in await log.read()] == list(range(1, log.last_seq + 1))
    assert verify(tmp_path) == []


async def test_closing_writes_what_was_appended(tmp_path: Path) -> None:
    async with deadline():
        async with opened(tmp_path) as (log, _):
            tasks = [asyncio.create_task(log.append("s", NoteAdded(text=str(n)))) for n in range(50)]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
    assert (await numbers(tmp_path))[0] == list(range(1, 51))


async def test_a_closed_log_refuses_and_may_be_closed_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _), deadline():
        await log.close()
        with pytest.raises(StoreError, match="closed"):
            await log.append("s", NoteAdded(text="late"))


async def test_a_mark_that_cannot_be_written_takes_the_group_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (log, _):
        await append_notes(log, 3)
        with monkeypatch.context() as patch:
            patch.setattr(Watermark, "write", _no_room)
            with pytest.raises(StoreFull, match="make room"):
                await log.append("s", NoteAdded(text="unacknowledged"))
            assert [event.seq for event in await log.read(kinds=["note.added"])] == [1, 2, 3]
        (after,) = await log.append("s", NoteAdded(text="after"))
        assert after.seq == 4
        assert [event.seq for event in await log.read()] == [1, 2, 3, 4]
    assert verify(tmp_path) == []


async def test_a_group_that_was_stored_but_not_acknowledged_is_kept_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (log, _):
        await append_notes(log, 3)
        monkeypatch.setattr(Watermark, "write", _no_room)
        with pytest.raises(StoreFull):
            await log.append("s", NoteAdded(text="unacknowledged"))
    monkeypatch.undo()
    assert await numbers(tmp_path) == ([1, 2, 3, 4], ())
    assert verify(tmp_path) == []


async def test_a_dead_writer_is_told_to_whoever_waits_and_whoever_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    async with opened(tmp_path) as (log, _), deadline():
        monkeypatch.setattr(Writer, "store", broken)
        first, second = await asyncio.gather(
            log.append("s", NoteAdded(text="1")), log.append("s", NoteAdded(text="2")), return_exceptions=True
        )
        assert isinstance(first, StoreError)
        assert isinstance(second, StoreError)
        with pytest.raises(StoreError):
            await log.append("s", NoteAdded(text="3"))
    assert "the log's writer has stopped" in caplog.text


async def test_what_cannot_be_encoded_fails_its_caller_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _), deadline():
        with pytest.raises(UnicodeEncodeError):
            await log.append("\ud800", NoteAdded(text="x"))
        assert len(await append_notes(log, 1)) == 1


async def test_secrets_are_masked_before_they_are_stored(tmp_path: Path) -> None:
    async with opened(tmp_path) as (log, _):
        log.masker.learn("fake-value-of-a-key-9")
        (event,) = await log.append("s", NoteAdded(text="the key is fake-value-of-a-key-9"))
        assert isinstance(event.payload, NoteAdded)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"fake-value-of-a-key-9" not in stored
    assert b"[masked:known-secret:" in stored


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "cairn.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
async def test_the_files_are_private(tmp_path: Path) -> None:
    async with opened(tmp_path / "local") as (log, _):
        await append_notes(log, 1)
        modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "local").iterdir()}
    assert set(modes.values()) == {0}, modes


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("session", [None, "s"])
async def test_a_page_of_some_kinds_reads_no_more_of_a_long_log_than_of_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: str | None
) -> None:
    monkeypatch.setattr("cairn_memory.log._TAIL", 8)

    async def work(folder: Path, count: int) -> list[int]:
        """Steps of the database for the first page, one behind it, and the newest."""
        async with opened(folder) as (log, _), counted(log) as steps:
            await log.append("s", *(NoteAdded(text=str(n)) for n in range(count)))
            rare = [event.seq for event in await log.append("s", StateChanged(state="waiting"))]
            await log.append("s", *(NoteAdded(text=str(n)) for n in range(50)))
            kinds, spent = ("note.added", "session.state"), list[int]()
            for since, newest in ((0, False), (count - 10, False), (0, True)):
                steps.clear()
                found = await log.read(since, session=session, kinds=kinds, limit=20, newest=newest)
                assert (
                    [each.seq for each in found] == [*range(since + 1, since + 21)]
                    if not newest
                    else [*range(count + 32, count + 52)]
                )
                spent.append(len(steps))
            steps.clear()
            assert [each.seq for each in await log.read(kinds=["session.state"])] == rare
            assert [*await log.newest_of_each("note.added")] == ["s"]
            return [*spent, len(steps)]

    short, long = await work(tmp_path / "short", 200), await work(tmp_path / "long", 20_000)
    assert all(more <= 2 * few for few, more in zip(short, long, strict=True)), (short, long)


async def test_what_came_last_is_read_without_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (log, _), counted(log) as steps:
        await append_notes(log, 30)
        await log.append("other", StateChanged(state="waiting"))
        found = await log.read(10, kinds=["session.state"]), await log.read(10, session="s", until=12)
        assert [[each.seq for each in events] for events in found] == [[31], [11, 12]]
        assert not steps
