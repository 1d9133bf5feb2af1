"""A search does a bounded amount of work, however long the history; counted in rows and texts, not in time."""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from deadlines import deadline

from cairn_memory.events import NoteAdded, UserMessage
from cairn_memory.redact import SecretMasker
from cairn_memory.search import SearchIndex, Section, candidates, literal, reader
from cairn_memory.search.entries import Entries
from cairn_memory.search.texts import Texts
from cairn_memory.search.tokens import counted, terms
from cairn_memory.store import open_log

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")


@asynccontextmanager
async def searched(
    folder: Path, texts: Sequence[str], sections: Sequence[Section] = ()
) -> AsyncGenerator[SearchIndex]:
    """A search over `texts`: every fourth in session "t", the others in "s"."""

    async def files() -> Sequence[Section]:
        return sections

    async with deadline(40):
        log, _ = await open_log(folder, SecretMasker())
        for session, part in (("s", [text for n, text in enumerate(texts) if n % 4]), ("t", texts[::4])):
            await log.append(session, *(UserMessage(text=text) for text in part))
        search = await SearchIndex.open(folder, log, files)
        try:
            assert await search.catch_up(30) == ""
            yield search
        finally:
            await search.close()
            await log.close()


def counting(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, size: Callable[..., int]) -> list[int]:
    """Replaces a method by itself, and collects the `size` of its arguments and its result at each call."""
    real, sizes = getattr(owner, name), list[int]()

    def method(*args: object) -> object:
        result = real(*args)
        sizes.append(size(result, *args))
        return result

    monkeypatch.setattr(owner, name, method)
    return sizes


@pytest.mark.parametrize("narrowed", [{}, {"session": "s"}, {"session": "t"}, {"scope": "history"}])
@pytest.mark.parametrize("query", ["alpha zebra", " ".join(WORDS), "alpha beta n1 n2 n3 n4 n5 gamma delta"])
async def test_a_search_fetches_no_more_postings_than_its_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, narrowed: dict[str, str]
) -> None:
    monkeypatch.setattr(candidates, "BUDGET", 40)
    monkeypatch.setattr(candidates, "AMONG", 10)
    monkeypatch.setattr(candidates, "TOGETHER", 10)
    texts = [f"{' '.join(WORDS[n % 3 :])} n{n}" for n in range(400)]
    texts[7] += " zebra"

    def rows(found: list[int], *_: object) -> int:
        return len(found)

    fetched = counting(monkeypatch, candidates._Search, "fetch", rows)  # pyright: ignore[reportPrivateUsage]
    async with searched(tmp_path, texts) as search:
        found = await search.search(query, **narrowed)  # pyright: ignore[reportArgumentType]
        assert found.hits
        assert 0 < sum(fetched) <= 2 * 40 + 5 * 10 + 2 * 5 * 10, fetched


async def test_common_words_answer_when_the_rarer_ones_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "BUDGET", 40)
    async with searched(tmp_path, ["zebra beta", *(f"alpha {n}" for n in range(400)), "zebra"]) as search:
        found = (await search.search("zebra alpha", session="s")).hits
        assert len(found) == 10 and found[0].snippet == "zebra"
        assert len((await search.search("zebra beta alpha 7", session="t")).hits) == 10


async def test_a_search_reads_as_many_texts_as_it_shows_and_a_few_to_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wanted(_: object, _texts: Texts, units: Collection[int]) -> int:
        return len(units)

    loaded = counting(monkeypatch, Texts, "load", wanted)
    async with searched(tmp_path, [f"alpha beta {n}" for n in range(900)]) as search:
        assert len((await search.search("alpha beta", limit=10)).hits) == 10
        assert sum(loaded) <= reader.EXACT + 10


async def test_a_long_session_is_narrowed_to_as_exactly_as_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scope that holds much of all is looked up in another way: the answers are the same."""
    texts = [f"{WORDS[n % 5]} {WORDS[n % 3]} n{n}" for n in range(200)]
    async with searched(tmp_path, texts) as search:
        answers: list[list[str]] = []
        for wide in (8, 0):  # one in so many pieces; 0: no scope is wide
            monkeypatch.setattr(candidates, "WIDE", wide)
            found = await search.search("alpha beta n17 n33", session="s", limit=100)
            assert {hit.session for hit in found.hits} == {"s"}
            answers.append([hit.ref for hit in found.hits])
        assert answers[0] == answers[1] != []


@pytest.mark.parametrize("literally", [False, True])
async def test_history_holds_no_section_of_a_memory_file(tmp_path: Path, literally: bool) -> None:
    sections = [Section("c1", "claim", "Rules", "the alpha beta gamma")]
    async with searched(tmp_path, ["see alpha beta now"], sections) as search:
        history = await search.search("alpha beta", "history", literal=literally)
        everything = await search.search("alpha beta", literal=literally)
        assert [hit.ref for hit in history.hits] == ["e1"]
        assert {hit.ref for hit in everything.hits} == {"e1", "c1"}


async def test_an_exact_text_of_common_words_is_found_however_far_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(literal, "TOGETHER", 5)
    monkeypatch.setattr(literal, "CANDIDATES", 7)
    texts = [f"x gamma beta alpha {n}" for n in range(100)]
    texts[1], texts[41] = "xalpha beta gammay", "alpha beta gamma"
    async with searched(tmp_path, texts) as search:
        found = await search.search("alpha beta gamma", literal=True)
        assert [hit.event for hit in found.hits] == [31, 1]
        assert found.problems == ()


@pytest.mark.parametrize("text", ["pha", "x gamma pha", "x gamma delta pha"])
async def test_a_search_that_runs_out_of_time_says_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(literal, "SECONDS", 0.0)
    monkeypatch.setattr(literal, "CANDIDATES", 10)
    monkeypatch.setattr(literal, "_STRETCH", 10)
    texts = ["alpha", *("delta" for _ in range(200)), *(f"x gamma {n}" for n in range(99))]
    async with searched(tmp_path, texts) as search:
        found = await search.search(text, literal=True)
        assert found.hits == ()
        (problem,) = found.problems
        assert re.fullmatch(r"the text was looked for back to event e2\d\d; older ones were not .*", problem)
        assert (
            await search.search("x gamma alpha pha", literal=True)
        ).problems == ()  # one text has that word


async def test_an_exact_text_is_found_across_the_pieces_of_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = f"{'two ' * 130}the alpha {'x' * 30} beta gamma {'y' * 560} delta end"
    monkeypatch.setattr(literal, "CANDIDATES", 3)
    async with searched(tmp_path, ["alpha delta", long, *["delta alpha"] * 30]) as search:
        wanted = long[long.index("the alpha") :]
        assert [hit.event for hit in (await search.search(wanted, literal=True)).hits] == [1]


async def test_catching_up_takes_in_many_events_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(_: object, _entries: Entries, events: Sequence[object], _chain: object) -> int:
        return len(events)

    batches = counting(monkeypatch, Entries, "add_events", taken)
    async with searched(tmp_path, [f"alpha {n}" for n in range(1_500)]):
        assert sum(batches) == 1_500 and len(batches) <= 3


async def test_a_batch_is_bounded_by_the_size_of_its_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(_: object, _entries: Entries, events: Sequence[NoteAdded], _chain: object) -> int:
        return len(events)

    monkeypatch.setattr("cairn_memory.search.indexer.BATCH_SIZE", 1)
    batches = counting(monkeypatch, Entries, "add_events", size)
    async with searched(tmp_path, [f"alpha {n}" for n in range(450)]):
        assert max(batches) <= 200 and sum(batches) == 450


@pytest.mark.parametrize(
    "text",
    [
        "Running the runs, run: RUNNER re-run parseDecl parse_decl Parsed",
        "naïve Café cafés 数据库连接 データベース sha256 HTTPServer2 e5 eing ies y",
        "the to be; _x_ 'don''t' 12 1.5 ŒUVRE ßtraße STRASSE İstanbul",
    ],
)
def test_counting_some_terms_is_counting_all_of_them(text: str) -> None:
    whole = Counter(terms(text))
    assert counted(text, whole.keys()) == whole
    for term, times in whole.items():
        assert counted(text, {term}) == Counter({term: times})
