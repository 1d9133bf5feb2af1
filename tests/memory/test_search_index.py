"""The index file: it follows the log and the memory files by itself, and can always be made anew."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
from deadlines import deadline
from stored import damage

from cairn_memory.events import UserMessage
from cairn_memory.log import EventLog
from cairn_memory.redact import SecretMasker
from cairn_memory.search import SearchIndex, Section
from cairn_memory.search.candidates import Asked, candidates
from cairn_memory.search.entries import Entries
from cairn_memory.store import open_log


class Desk:
    """A log, a search over it, its memory files, and the lines it told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.sections, self.told = folder, list[Section](), list[str]()

    async def __aenter__(self) -> Self:
        self.log, _ = await open_log(self.folder, SecretMasker())
        self.search = await SearchIndex.open(self.folder, self.log, self._files, self.told.append)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.search.close()
        await self.log.close()

    async def _files(self) -> list[Section]:
        return self.sections

    async def say(self, *texts: str) -> None:
        await self.log.append("s", *(UserMessage(text=text) for text in texts))

    async def refs(self, query: str) -> list[str]:
        found = await self.search.search(query)
        assert found.problems == ()
        return [hit.ref for hit in found.hits]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


async def test_what_was_just_said_is_found(folder: Path) -> None:
    async with deadline(), Desk(folder) as desk:
        for n in range(5):
            await desk.say(f"the pelican number {n}")
            assert f"e{n + 1}" in await desk.refs("pelican")


async def test_the_index_follows_the_log_without_being_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = asyncio.Event()
    loop, real = asyncio.get_running_loop(), Entries.add_events

    def add(self: Entries, *args: object) -> None:
        real(self, *args)  # pyright: ignore[reportArgumentType]
        loop.call_soon_threadsafe(done.set)

    monkeypatch.setattr(Entries, "add_events", add)
    async with deadline(), Desk(folder) as desk:
        await desk.say("pelican")
        await done.wait()
    with closing(sqlite3.connect(folder / "index.db")) as index:
        assert index.execute("SELECT position FROM state").fetchone() == (1,)


async def test_it_goes_on_where_it_was_after_a_restart(folder: Path) -> None:
    async with deadline(), Desk(folder) as desk:
        await desk.say("a pelican")
        assert await desk.refs("pelican") == ["e1"]
    async with deadline(), Desk(folder) as desk:
        await desk.say("two pelicans")
        assert set(await desk.refs("pelican")) == {"e1", "e2"}
        assert desk.told == []


async def test_a_search_that_cannot_catch_up_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, real = threading.Event(), Entries.add_events

    def add(self: Entries, *args: object) -> None:
        assert held.wait(20)
        real(self, *args)  # pyright: ignore[reportArgumentType]

    async with deadline(30), Desk(folder) as desk:
        await desk.say("an old pelican")
        assert await desk.refs("pelican") == ["e1"]
        monkeypatch.setattr(Entries, "add_events", add)
        monkeypatch.setattr("cairn_memory.search.index.CATCH_UP", 0.05)
        await desk.say("a new pelican")
        found = await desk.search.search("pelican")
        assert [hit.ref for hit in found.hits] == ["e1"]
        assert found.problems == (
            "the newest 1 events are not in the search index yet; ask again in a moment",
        )
        held.set()
        assert await desk.search.catch_up(20) == ""
        assert set(await desk.refs("pelican")) == {"e1", "e2"}


async def test_a_hand_edit_of_a_memory_file_counts_at_once(folder: Path) -> None:
    rule = Section("c1", "claim", "Rules", "never deploy on fridays")
    async with deadline(), Desk(folder) as desk:
        desk.sections = [rule, Section("c2", "claim", "Facts", "the port is 8443")]
        assert await desk.refs("fridays") == ["c1"]
        desk.sections = [replace(rule, text="never deploy on mondays")]
        assert await desk.refs("fridays") == []
        assert await desk.refs("port") == []
        assert await desk.refs("mondays") == ["c1"]
        desk.sections = []
        assert await desk.refs("deploy") == []
    with closing(sqlite3.connect(folder / "index.db")) as index:
        assert index.execute("SELECT pieces, size FROM state").fetchone() == (0, 0)
        assert index.execute("SELECT sum(pieces) FROM terms").fetchone() == (0,)


@pytest.mark.parametrize("harm", ["no database", "another program's", "of another version", "holes"])
async def test_a_file_that_is_no_index_of_ours_is_made_anew_and_said_once(folder: Path, harm: str) -> None:
    async with deadline(), Desk(folder) as desk:
        await desk.say(*(f"pelican {n} {'word ' * n}" for n in range(300)))
        assert len(await desk.refs("pelican")) == 10
    index = folder / "index.db"
    if harm == "no database":
        index.write_bytes(b"not a database" * 100)
    elif harm == "holes":
        damage(index, 0.1, int(index.stat().st_size * 0.85))
    else:
        with closing(sqlite3.connect(index)) as connection:
            setting = "application_id = 7" if harm == "another program's" else "user_version = 999"
            connection.execute(f"PRAGMA {setting}")
    async with deadline(30), Desk(folder) as desk:
        for _ in range(2):
            assert len((await desk.search.search("pelican")).hits) == 10
        assert len(desk.told) == 1
        assert desk.told[0].startswith("the search index index.db is made anew: ")


async def test_the_index_of_another_log_is_made_anew(folder: Path, tmp_path: Path) -> None:
    async with deadline(), Desk(folder) as desk:
        await desk.say("a pelican")
        assert await desk.refs("pelican") == ["e1"]
    async with deadline(), Desk(tmp_path / "other") as desk:
        await desk.say("a heron")
    (tmp_path / "other" / "index.db").write_bytes((folder / "index.db").read_bytes())
    async with deadline(), Desk(tmp_path / "other") as desk:
        assert await desk.refs("pelican") == []
        assert await desk.refs("heron") == ["e1"]
        assert desk.told == ["the search index index.db is made anew: it belongs to another log"]


async def test_reindex_gives_the_same_answers_from_nothing(folder: Path) -> None:
    async with deadline(), Desk(folder) as desk:
        desk.sections = [Section("c1", "claim", "Rules", "feed the pelican")]
        await desk.say(*(f"pelican {n}" for n in range(30)))
        before = await desk.search.search("pelican 7 food", limit=40)
        assert await desk.search.reindex() == ""
        after = await desk.search.search("pelican 7 food", limit=40)
        assert after == before and len(before.hits) == 31
        assert desk.told == []


async def test_searches_and_appends_do_not_wait_for_each_other(folder: Path) -> None:
    async def append(log: EventLog) -> None:
        for n in range(40):
            await log.append(f"s{n % 3}", UserMessage(text=f"pelican {n}"))

    async with deadline(30), Desk(folder) as desk:
        searches = [desk.search.search("pelican") for _ in range(20)]
        found = await asyncio.gather(append(desk.log), *searches)
        assert all(each is None or each.problems == () for each in found)
        assert len((await desk.search.search("pelican", limit=100)).hits) == 40


async def test_the_work_is_bounded_however_common_the_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the budget a text is found by its rarer words, and by common ones that stand together."""
    monkeypatch.setattr("cairn_memory.search.candidates.BUDGET", 40)
    monkeypatch.setattr("cairn_memory.search.candidates.TOGETHER", 25)
    async with deadline(30), Desk(folder) as desk:
        texts = [f"{'alpha' if n % 2 else 'beta'} gamma {n}" for n in range(400)]
        texts[100], texts[200] = "alpha gamma zebra", "alpha beta together"
        await desk.say(*texts)
        assert (await desk.refs("alpha gamma zebra"))[0] == "e101"
        assert (await desk.refs("alpha beta"))[0] == "e201"
        with closing(sqlite3.connect(folder / "index.db")) as index:
            asked = Asked(dict.fromkeys(("alpha", "gamma"), 1.0), {"alpha": 200, "gamma": 399})
            assert 0 < len(candidates(index, asked, 400)) <= 60
