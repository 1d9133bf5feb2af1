"""The check of a whole store reports every kind of damage as data, and raises nothing."""

from pathlib import Path

import pytest
from stored import append_notes, damage, execute, opened

from cairn_memory.blobs import BlobStore
from cairn_memory.events import NoteAdded, ToolFinished
from cairn_memory.verify import Problem, verify
from cairn_memory.watermark import Watermark


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """Thirty notes and a tool result whose whole output lies in a blob."""
    folder = tmp_path / "store"
    async with opened(folder) as (log, _):
        await append_notes(log, 30)
        whole = BlobStore(folder / "blobs").put(b"the whole output")
        await log.append("s", ToolFinished(step=1, call="c", whole=whole))
    return folder


def found(folder: Path) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in verify(folder)]


async def test_a_sound_store_and_none_at_all_have_no_problems(store: Path, tmp_path: Path) -> None:
    assert verify(store) == []
    assert verify(tmp_path / "nowhere") == []


async def test_it_may_run_while_a_host_writes(store: Path) -> None:
    async with opened(store) as (log, _):
        for _ in range(5):
            await append_notes(log, 3)
            assert verify(store) == []


async def test_it_changes_nothing(store: Path) -> None:
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    verify(store)
    assert {path: path.read_bytes() for path in before} == before


async def test_an_altered_event_is_found_anywhere(store: Path) -> None:
    for column, value in (
        ("payload", '{"text":"forged"}'),
        ("session", "other"),
        ("time", 1),
        ("kind", "note.lost"),
    ):
        execute(store, "CREATE TABLE kept AS SELECT * FROM events WHERE seq = 7")
        execute(store, f"UPDATE events SET {column} = ? WHERE seq = 7", value)
        assert ("altered", "event 7") in found(store)
        execute(store, "REPLACE INTO events SELECT * FROM kept")
        execute(store, "DROP TABLE kept")
        assert found(store) == []


async def test_a_missing_event_is_found(store: Path) -> None:
    execute(store, "DELETE FROM events WHERE seq BETWEEN 7 AND 9")
    assert ("lost", "events 7-9") in found(store)


async def test_missing_newest_events_are_found(store: Path) -> None:
    execute(store, "DELETE FROM events WHERE seq > 28")
    assert found(store) == [("lost", "events 29-31")]


async def test_an_event_that_does_not_load_is_named(store: Path) -> None:
    execute(store, "UPDATE events SET payload = '{' WHERE seq = 7")
    assert set(found(store)) == {("altered", "event 7"), ("event", "event 7")}


async def test_text_that_is_no_utf8_is_an_altered_event(store: Path) -> None:
    execute(store, "UPDATE events SET payload = CAST(x'7b22ff' AS TEXT) WHERE seq = 7")
    assert ("altered", "event 7") in found(store)


async def test_a_damaged_and_a_missing_blob_are_named(store: Path) -> None:
    (blob,) = (path for path in (store / "blobs").rglob("*") if path.is_file())
    blob.write_bytes(b"other")
    assert found(store) == [("blob", "event 31")]
    blob.unlink()
    assert found(store) == [("blob", "event 31")]


async def test_a_watermark_that_disagrees_is_found(store: Path) -> None:
    watermark = Watermark(store / "watermark")
    assert watermark.mark is not None
    watermark.write(watermark.mark._replace(seq=40))
    assert found(store) == [("lost", "events 32-40")]
    watermark.close()
    (store / "watermark").unlink()
    assert found(store) == [("watermark", "watermark")]


@pytest.mark.parametrize("start", [0.0, 0.3, 0.6, 0.9])
async def test_damaged_pages_are_problems_and_no_exception(store: Path, start: float) -> None:
    damage(store / "cairn.db", start, 4096)
    problems = verify(store)
    assert problems
    assert all(isinstance(problem, Problem) and "\n" not in problem.detail for problem in problems)


async def test_an_empty_and_a_missing_database_are_found(store: Path) -> None:
    (store / "cairn.db").write_bytes(b"")
    assert found(store) == [("lost", "cairn.db")]
    (store / "cairn.db").unlink()
    assert found(store) == [("lost", "cairn.db")]


async def test_a_loss_that_was_dealt_with_is_told_as_such(store: Path) -> None:
    execute(store, "DELETE FROM events WHERE seq = 31")
    async with opened(store) as (log, problems):
        assert len(problems) == 1
        await log.append("s", NoteAdded(text="goes on"))
    (problem,) = verify(store)
    assert (problem.kind, problem.where) == ("lost", "event 31")
    assert "earlier start" in problem.detail
