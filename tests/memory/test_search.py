"""Search: what is asked in other words is found, within its scope, and shown within bounds."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from deadlines import deadline

from cairn_memory.events import (
    HostMessage,
    ModelReplied,
    NoteAdded,
    Origin,
    Payload,
    TaskChanged,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.log import EventLog
from cairn_memory.redact import SecretMasker
from cairn_memory.search import SearchIndex, Section
from cairn_memory.search.snippets import LONGEST
from cairn_memory.store import open_log


@asynccontextmanager
async def searched(
    folder: Path, *payloads: Payload, sections: list[Section] | None = None
) -> AsyncGenerator[tuple[SearchIndex, EventLog]]:
    """A log with `payloads` in session "s", and the search over it and over `sections`."""

    async def files() -> list[Section]:
        return sections or []

    log, _ = await open_log(folder, SecretMasker())
    search = await SearchIndex.open(folder, log, files)
    try:
        async with deadline(20):
            await log.append("s", *payloads)
            yield search, log
    finally:
        await search.close()
        await log.close()


async def refs(search: SearchIndex, query: str, **narrowed: object) -> list[str]:
    return [hit.ref for hit in (await search.search(query, **narrowed)).hits]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("the migrations were running twice", "why did a migration run two times"),
        ("function parseDecl is slow", "parse"),
        ("function parseDecl is slow", "parsedecl"),
        ("call read_config_file first", "config"),
        ("look at the user-agent header", "agent"),
        ("import os.path.join", "path"),
        ("the class HTTPServer2 answers", "server"),
        ("digest is sha256", "sha"),
        ("see src/app/main.py", "main.py"),
        ("Café au lait", "cafe"),
        ("修复数据库连接的错误", "数据库"),
        ("数据库连接池已满", "连接"),
        ("検索インデックスを作り直す", "インデックス"),
        ("데이터베이스를 다시 만들었다", "데이터베이스"),
        ("山に登る", "山"),
    ],
)
async def test_a_text_is_found_by_other_words_and_by_parts_of_its_words(
    tmp_path: Path, text: str, query: str
) -> None:
    async with searched(tmp_path, UserMessage(text="something else"), UserMessage(text=text)) as (search, _):
        assert (await refs(search, query))[:1] == ["e2"]


async def test_one_of_the_words_is_enough_and_more_of_them_are_better(tmp_path: Path) -> None:
    texts = ["nothing of it", "the banner is green", "the banner on the landing page is green"]
    async with searched(tmp_path, *(UserMessage(text=text) for text in texts)) as (search, _):
        found = (await search.search("banner of the landing zeppelin")).hits
        assert [hit.ref for hit in found[:2]] == ["e3", "e2"]
        assert found[0].score > found[1].score


async def test_a_scope_narrows_the_search(tmp_path: Path) -> None:
    sections = [Section("c1", "claim", "Rules", "deploy on fridays never")]
    async with searched(tmp_path, UserMessage(text="deploy it"), sections=sections) as (search, log):
        await log.append("t", NoteAdded(text="deploy needs the key"))
        assert set(await refs(search, "deploy")) == {"e1", "e2", "c1"}
        assert set(await refs(search, "deploy", scope="history")) == {"e1", "e2"}
        assert set(await refs(search, "deploy", scope="memory")) == {"e2", "c1"}
        assert await refs(search, "deploy", session="s") == ["e1"]
        assert await refs(search, "deploy", session="t", scope="memory") == ["e2"]
        assert await refs(search, "deploy", session="nobody") == []


async def test_every_kind_that_says_something_is_found(tmp_path: Path) -> None:
    call = ToolCall(id="c", name="bash", arguments='{"command": "make zebra\\nmake quagga"}')
    payloads = [
        UserMessage(text="zebra one", origin=Origin(line=17, time=1_234)),
        HostMessage(text="zebra two"),
        ModelReplied(step=1, calls=(call,)),
        ToolFinished(step=1, call="c", name="bash", title="make zebra", text="zebra done"),
        NoteAdded(text="zebra note"),
        TaskChanged(task="T1.2", title="feed the zebra"),
    ]
    async with searched(tmp_path, *payloads) as (search, _):
        hits = {hit.ref: hit for hit in (await search.search("zebra")).hits}
        assert set(hits) == {"e1", "e2", "e3", "e4", "e5", "T1.2"}
        assert (hits["e1"].line, hits["e1"].time, hits["e1"].who) == (17, 1_234, "user")
        assert (hits["e4"].title, hits["e4"].who, hits["e4"].kind) == ("make zebra", "tool", "tool.finished")
        assert hits["T1.2"].event == 6
        assert (await refs(search, "quagga"))[0] == "e3"  # not `nmake`: the call's JSON is read


async def test_a_question_lends_its_score_to_the_answer_that_shares_no_word_with_it(tmp_path: Path) -> None:
    payloads: list[Payload] = []
    for n in range(40):
        payloads += [UserMessage(text=f"topic {n} of the list"), ModelReplied(step=1, text=f"fine {n}")]
    payloads[20] = UserMessage(text="which port does the staging balancer listen on")
    payloads[21] = ModelReplied(step=1, text="8443")
    async with searched(tmp_path, *payloads) as (search, _):
        found = await refs(search, "staging balancer port")
        assert found[0] == "e21" and "e22" in found[:4]


async def test_a_word_without_spaces_comes_before_its_letters_elsewhere(tmp_path: Path) -> None:
    texts = ("我们在京都见面", "都说南京很远 都去过南京")
    async with searched(tmp_path, *(UserMessage(text=text) for text in texts)) as (search, _):
        assert (await refs(search, "京都"))[0] == "e1"


async def test_a_literal_search_keeps_to_its_session(tmp_path: Path) -> None:
    sections = [Section("t/checkpoint.md#notes", "checkpoint", "notes", "see (#) there", session="t")]
    async with searched(tmp_path, UserMessage(text="nothing"), sections=sections) as (search, log):
        await log.append("t", UserMessage(text="here (#) too"))
        assert await refs(search, "(#)", literal=True, session="s") == []
        assert await refs(search, "(#)", literal=True, session="t") == ["t/checkpoint.md#notes", "e2"]


async def test_an_answer_beside_the_question_comes_before_a_passing_mention(tmp_path: Path) -> None:
    asked = UserMessage(text="When is the pelican feeding?")
    answer = ModelReplied(step=1, text="At noon, by the pond.")
    other = [ModelReplied(step=2, text=f"Door {n} is painted.") for n in range(8)]
    passing = ModelReplied(step=3, text=" ".join(f"plank{n} board{n}" for n in range(60)) + " feeding")
    async with searched(tmp_path, asked, answer, *other, passing) as (search, _):
        found = await refs(search, "pelican feeding")
        assert found[0] == "e1" and found.index("e2") < found.index("e11")


async def test_a_session_that_is_about_it_comes_before_one_that_is_not(tmp_path: Path) -> None:
    mention = UserMessage(text="the pelican and the wall")
    other = [ModelReplied(step=2, text=f"Door {n} is painted.") for n in range(8)]
    about = UserMessage(text="pelican pelican feeding")
    async with searched(tmp_path, mention, *other, about) as (search, log):
        (alone,) = await log.append("t", mention)
        found = await refs(search, "pelican")
        assert found.index("e1") < found.index(f"e{alone.seq}")


async def test_a_literal_search_is_exact(tmp_path: Path) -> None:
    texts = ["use parseDecl( now", "use parsedecl( now", "parse Decl(", "xparseDecl(y", 'a\tb "quoted" ü\n']
    call = ToolCall(id="c", name="bash", arguments='{"command": "echo \\"tabbed\\tvalue\\""}')
    messages = [UserMessage(text=text) for text in texts]
    async with searched(tmp_path, *messages, ModelReplied(step=1, calls=(call,))) as (search, _):
        assert set(await refs(search, "parseDecl(", literal=True)) == {"e1", "e4"}
        assert await refs(search, 'a\tb "quoted" ü', literal=True) == ["e5"]
        assert await refs(search, '"tabbed\tvalue"', literal=True) == ["e6"]
        assert await refs(search, "seDec", literal=True) == ["e4", "e1"]
        assert await refs(search, "%", literal=True) == []


async def test_words_that_stand_everywhere_are_looked_for_literally(tmp_path: Path) -> None:
    async with searched(tmp_path, UserMessage(text="to be or not to be"), NoteAdded(text="x")) as (search, _):
        assert await refs(search, "not to be") == ["e1"]


async def test_what_is_shown_is_bounded_and_holds_the_words(tmp_path: Path) -> None:
    filler = "\n".join(f"line {n} of many" for n in range(900))
    long = f"{filler}\nthe needle is here\n{filler}"[:60_000]
    one_line = "x " * 5_000 + "needle" + " y" * 3_000
    async with searched(tmp_path, ToolFinished(step=1, call="c", text=long)) as (search, log):
        await log.append("t", ToolFinished(step=1, call="c", text=one_line[:15_000]))
        found = (await search.search("needle", literal=True)).hits
        assert {hit.ref for hit in found} == {"e1", "e2"}  # the middle of a long output, by reading it
        for hit in [*found, *(await search.search("needle")).hits, *(await search.search("line 3")).hits]:
            assert len(hit.snippet) <= LONGEST and len(hit.title) <= 120
        assert all("needle" in hit.snippet for hit in found)


async def test_only_masked_text_is_kept_and_shown(tmp_path: Path) -> None:
    secret = "ghp_FAKE0123456789abcdefghijklmnopqrstuv"
    sections = [Section("c1", "claim", "Facts", f"the token is {secret}")]
    async with searched(tmp_path, UserMessage(text=f"my token: {secret}"), sections=sections) as (search, _):
        found = (await search.search("token")).hits
        assert len(found) == 2 and all("[masked:" in hit.snippet for hit in found)
        assert (await search.search(secret, literal=True)).hits == ()
    for path in tmp_path.iterdir():
        if path.is_file():
            data = path.read_bytes().lower()
            assert secret.lower().encode() not in data and b"abcdefghijklmnopqrstuv" not in data, path


async def test_around_and_get_show_where_a_message_stands(tmp_path: Path) -> None:
    async with searched(tmp_path, *(UserMessage(text=f"said {n}") for n in range(9))) as (search, log):
        await log.append("t", UserMessage(text="another session"))
        assert [hit.event for hit in await search.around(5, 2)] == [3, 4, 5, 6, 7]
        assert [hit.event for hit in await search.around(10, 2)] == [10]
        assert await search.around(99) == []
        unit = await search.get(4)
        assert unit is not None and unit.passage.text == "said 3"
        assert await search.get(99) is None


async def test_odd_questions_find_nothing_and_break_nothing(tmp_path: Path) -> None:
    async with searched(tmp_path, UserMessage(text="hello")) as (search, _):
        for query in ("", "   ", '"', "AND OR NOT", "NEAR(a b)", "*", "§h", "a\0b", "\ud800", "x" * 100_000):
            assert (await search.search(query)).hits == ()
            assert (await search.search(query, literal=True)).hits == ()
        assert await refs(search, 'hello" OR "') == ["e1"]
