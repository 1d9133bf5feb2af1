"""Damage on disk is noticed, set aside whole, and what can be read of it is kept."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from stored import append_notes, damage, execute, fill_and_crash, numbers, opened

from cairn_memory.chain import Mark
from cairn_memory.errors import StoreDamaged, StoreError
from cairn_memory.events import NoteAdded
from cairn_memory.salvage import salvage
from cairn_memory.verify import verify
from cairn_memory.watermark import Watermark, read_mark

COUNT = 200
FILES = ("cairn.db", "cairn.db-wal", "watermark")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores with COUNT events, made once: "closed" well, and "crashed" with all rows in its WAL."""

    async def make() -> None:
        await fill_and_crash(folder / "crashed", COUNT)

    folder = tmp_path_factory.mktemp("stores")
    asyncio.run(make())
    (folder / "crashed-alive").rename(folder / "closed")
    return folder


@pytest.fixture
def store(stores: Path, tmp_path: Path) -> Path:
    """A store of our own that was closed well."""
    return Path(shutil.copytree(stores / "closed", tmp_path / "store"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


def set_aside(folder: Path) -> Path:
    (aside,) = folder.glob("damaged-*")
    return aside


def cut_to(fraction: float) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * fraction)])


def garble(fraction: float, length: int = 64) -> Callable[[Path], object]:
    return lambda path: damage(path, fraction, length)


def empty(path: Path) -> None:
    path.write_bytes(b"")


IN_WAL: dict[str, tuple[str, Callable[[Path], object], int]] = {
    "wal missing": ("cairn.db-wal", Path.unlink, 0),
    "wal empty": ("cairn.db-wal", empty, 0),
    "wal cut in half": ("cairn.db-wal", cut_to(0.5), COUNT // 3),
    "wal cut near its end": ("cairn.db-wal", cut_to(0.99), COUNT * 9 // 10),
    "wal garbled early": ("cairn.db-wal", garble(0.1), COUNT - 1),
    "wal garbled in the middle": ("cairn.db-wal", garble(0.5), COUNT - 1),
    "wal with a damaged header": ("cairn.db-wal", garble(0.0, 24), COUNT - 1),
    "database missing": ("cairn.db", Path.unlink, COUNT),
    "database empty": ("cairn.db", empty, COUNT),
}
"""What happens to a store whose rows are all in the write-ahead file, and how many are kept at least."""


@pytest.mark.parametrize("name", IN_WAL)
async def test_damage_before_a_checkpoint(stores: Path, tmp_path: Path, name: str) -> None:
    file, harm, least = IN_WAL[name]
    folder = Path(shutil.copytree(stores / "crashed", tmp_path / "store"))
    harm(folder / file)
    await _check_salvage(folder, least)


IN_DATABASE: dict[str, tuple[Callable[[Path], object], int]] = {
    "missing": (Path.unlink, 0),
    "empty": (empty, 0),
    "header garbled": (garble(0.0, 100), COUNT),
    "first page gone": (garble(0.0, 4096), COUNT),
    "a page in the middle garbled": (garble(0.5, 4096), COUNT // 2),
    "the last page garbled": (lambda path: damage(path, 1 - 4096 / path.stat().st_size, 4096), COUNT // 2),
    "cut in half": (cut_to(0.5), COUNT // 4),
    "cut within a page": (cut_to(0.77), COUNT // 4),
    "no database at all": (lambda path: path.write_bytes(b"not a database" * 1000), 0),
}
"""What happens to a store that was closed well, and how many rows are kept at least."""


@pytest.mark.parametrize("name", IN_DATABASE)
async def test_damage_after_a_checkpoint(store: Path, name: str) -> None:
    harm, least = IN_DATABASE[name]
    harm(store / "cairn.db")
    await _check_salvage(store, least)


async def _check_salvage(folder: Path, least: int) -> None:
    before = files_of(folder)
    async with opened(folder) as (log, problems):
        (problem,) = problems
        assert "\n" not in problem
        events = await log.read(limit=COUNT * 2)
        for event in events:
            assert isinstance(event.payload, NoteAdded) and event.payload.text.startswith(
                f"note {event.seq} "
            )
        kept = [event.seq for event in events]
        (after,) = await log.append("s", NoteAdded(text="goes on"))
    assert len(kept) >= least, problem
    assert kept == sorted(set(kept))
    assert after.seq == COUNT + 1, "no number is given twice"
    assert f"{len(kept)} events were kept" in problem
    assert set_aside(folder).name in problem
    assert files_of(set_aside(folder)).items() >= before.items(), "the damaged files stay as they were found"
    assert not (folder / "cairn.db.salvaged").exists()
    found = verify(folder)
    assert {problem.kind for problem in found} <= {"lost"}
    assert bool(found) == (len(kept) < COUNT)
    assert await numbers(folder) == ([*kept, COUNT + 1], ()), "the next start finds nothing new"


async def test_the_report_names_the_lost_events(store: Path) -> None:
    execute(store, "DELETE FROM events WHERE seq > 197")
    _, (problem,) = await numbers(store)
    assert problem.startswith("the database ends before the last acknowledged event; ")
    assert "197 events were kept, lost: events 198-200" in problem
    assert [(found.kind, found.where) for found in verify(store)] == [("lost", "events 198-200")]


async def test_an_altered_last_event_is_noticed_and_left_out(store: Path) -> None:
    execute(store, "UPDATE events SET payload = replace(payload, 'note', 'nope') WHERE seq = 200")
    kept, (problem,) = await numbers(store)
    assert kept == list(range(1, 200))
    assert "event 200" in problem


async def test_an_event_altered_in_the_middle_costs_only_itself(store: Path) -> None:
    execute(store, 'UPDATE events SET payload = \'{"text": "forged"}\' WHERE seq = 100')
    execute(store, "DELETE FROM events WHERE seq = 200")
    kept, (problem,) = await numbers(store)
    assert kept == [*range(1, 100), *range(101, 200)]
    assert "lost: event 100, event 200" in problem


async def test_another_database_in_its_place_is_noticed(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with opened(other) as (log, _):
        await append_notes(log, COUNT, session="another")
    shutil.copyfile(other / "cairn.db", store / "cairn.db")
    kept, (problem,) = await numbers(store)
    assert len(kept) == COUNT
    assert "event 200 is not the one that was acknowledged" in problem
    async with opened(store) as (log, problems):
        assert problems == ()
        (event,) = await log.append("s", NoteAdded(text="goes on"))
        assert event.seq > COUNT
    assert await numbers(store) == ([*range(1, COUNT + 1), event.seq], ())


async def test_a_store_damaged_twice_keeps_both_originals(store: Path) -> None:
    for _ in range(2):
        execute(store, "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)")
        await numbers(store)
        async with opened(store) as (log, _):
            await append_notes(log, 1)
    assert len(list(store.glob("damaged-*"))) == 2
    seqs, problems = await numbers(store)
    assert seqs == [*range(1, COUNT), 202]
    assert problems == ()


async def test_a_missing_watermark_is_told_and_made_anew(store: Path) -> None:
    (store / "watermark").unlink()
    assert [problem.kind for problem in verify(store)] == ["watermark"]
    seqs, (problem,) = await numbers(store)
    assert len(seqs) == COUNT
    assert "watermark was missing" in problem
    assert (await numbers(store))[1] == ()
    assert list(store.glob("damaged-*")) == []


async def test_without_a_watermark_numbers_jump_over_what_may_be_lost(store: Path) -> None:
    damage(store / "cairn.db", 0.5, 4096)
    (store / "watermark").unlink()
    async with opened(store) as (log, _):
        (event,) = await log.append("s", NoteAdded(text="goes on"))
    assert event.seq > COUNT


async def test_a_database_of_a_later_version_is_left_alone(store: Path) -> None:
    execute(store, "PRAGMA user_version = 99")
    before = files_of(store)
    with pytest.raises(StoreDamaged, match="update Cairn"):
        await numbers(store)
    assert files_of(store).items() >= before.items()


async def test_a_folder_that_cannot_be_written_is_a_clear_error(store: Path) -> None:
    (store / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="could not be opened"):
        await numbers(store / "file" / "local")


@pytest.mark.parametrize("step", ["_write", "finish"])
async def test_a_salvage_that_is_killed_is_done_again(
    store: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    damage(store / "cairn.db", 0.5, 4096)
    mark = read_mark(store / "watermark")

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(f"cairn_memory.salvage.{step}", die)
        salvage(store / "cairn.db", store / "watermark", mark, "damaged")
    kept, _ = await numbers(store)
    assert len(kept) >= COUNT // 2
    assert {problem.kind for problem in verify(store)} == {"lost"}


async def test_rows_after_the_mark_are_taken_in_when_they_follow(store: Path) -> None:
    mark = read_mark(store / "watermark")
    (store / "watermark").unlink()
    watermark = Watermark(store / "watermark")
    async with opened(store) as (log, _):
        earlier = (await log.read(limit=COUNT))[COUNT - 2]
    assert mark is not None
    watermark.write(Mark(earlier.seq, _chain(store, earlier.seq)))
    watermark.close()
    assert await numbers(store) == (list(range(1, COUNT + 1)), ())
    assert read_mark(store / "watermark") == mark


def _chain(folder: Path, seq: int) -> bytes:
    with closing(sqlite3.connect(folder / "cairn.db")) as connection:
        return connection.execute("SELECT chain FROM events WHERE seq = ?", (seq,)).fetchone()[0]
