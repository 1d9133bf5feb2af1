"""What is remembered stands in MEMORY.md as a person would write it, and the log knows where it came from."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fake_secrets import WITH_FORM
from hypothesis import given
from hypothesis import strategies as st

from cairn_memory import staging
from cairn_memory.blobs import BlobStore
from cairn_memory.claims import Claim, Claims, Proposals, merge, said_by_user
from cairn_memory.claims import text as claim_text
from cairn_memory.claims.page import NEW_PAGE, Page
from cairn_memory.claims.text import LONGEST, normalised, one_line
from cairn_memory.errors import ClaimError, MemoryFileError, StoreError
from cairn_memory.events import ReceiptItem, ReceiptWritten
from cairn_memory.log import EventLog
from cairn_memory.memory_files import MemoryFile
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.versions import Versions


class Memory:
    """Claims of a project and a user, with all they stand on."""

    def __init__(self, folder: Path, log: EventLog) -> None:
        self.log = log
        self.project = MemoryFile("project/MEMORY.md", folder / "project" / "MEMORY.md")
        self.user = MemoryFile("user/MEMORY.md", folder / "user" / "MEMORY.md")
        self.versions = Versions(log, BlobStore(folder / "store" / "blobs"))
        self.claims = Claims(self.versions, log, {"project": self.project, "user": self.user})
        self.proposals = Proposals(self.claims, log)

    @property
    def text(self) -> str:
        return self.project.path.read_bytes().decode()

    def by_hand(self, text: str) -> None:
        self.project.path.parent.mkdir(exist_ok=True)
        self.project.path.write_bytes(text.encode())

    async def texts(self, **narrowed: Any) -> list[str]:
        return [claim.text for claim in await self.claims.all(**narrowed)]


@asynccontextmanager
async def memory_in(folder: Path) -> AsyncGenerator[Memory]:
    log, _ = await open_log(folder / "store", SecretMasker(key=b"0123456789abcdef"))
    memory = Memory(folder, log)
    try:
        await memory.versions.open((memory.project, memory.user))
        await memory.claims.open()
        yield memory
    finally:
        await log.close()


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncGenerator[Memory]:
    async with memory_in(tmp_path) as memory:
        yield memory


async def test_there_is_no_file_until_the_first_claim(memory: Memory) -> None:
    assert await memory.claims.all() == []
    assert not memory.project.path.exists() and memory.log.last_seq == 0
    await memory.claims.remember("Tests run with `make test`", "fact", sources=[1])
    expected = NEW_PAGE.replace("## Facts\n", "## Facts\n\n- Tests run with `make test`\n")
    assert memory.text == expected
    assert [line for line in memory.text.splitlines() if line.startswith("#")] == [
        "# Memory",
        "## Rules",
        "## Preferences",
        "## Decisions",
        "## Facts",
        "## Pitfalls",
    ]


async def test_a_claim_knows_where_it_came_from_also_after_a_restart(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as memory:
        done = await memory.claims.remember(
            "Ports are 8080", "decision", sources=[3, 5], by="writer", session="s1"
        )
        event = (await memory.log.read(kinds=["claim.remembered"]))[0]
        assert done.claim == Claim(
            done.claim.id,
            "Ports are 8080",
            "decision",
            "project",
            line=11,
            sources=(3, 5),
            time=event.time,
            by="writer",
            session="s1",
        )
        assert len(done.claim.id) == 7
    async with memory_in(tmp_path) as memory:
        assert await memory.claims.all() == [done.claim]
        assert await memory.claims.find(done.claim.id[:4]) == [done.claim]


async def test_what_is_typed_by_hand_counts_at_once(memory: Memory) -> None:
    memory.by_hand(
        "# Ours\r\n\r\n- loose\r\n## RULES:\r\n* Never\r\n  push\r\n### Git\r\n- sign\r\n## Odd\r\n- x"
    )
    claims = await memory.claims.all()
    assert [(claim.text, claim.about, claim.line, claim.by) for claim in claims] == [
        ("loose", "fact", 3, "user"),
        ("Never\npush", "rule", 5, "user"),
        ("sign", "rule", 8, "user"),
        ("x", "fact", 10, "user"),
    ]
    (version,) = await memory.versions.history(memory.project)
    assert all(0 <= claim.time - version.time < 60_000 for claim in claims)
    await memory.claims.remember("new", "pitfall")
    assert memory.text.endswith("- x\r\n\r\n## Pitfalls\r\n\r\n- new")
    memory.by_hand("- loose\n")
    assert await memory.texts() == ["loose"]
    ended = [claim for claim in await memory.claims.all(history=True) if claim.ended]
    assert [claim.text for claim in ended] == ["Never\npush", "sign", "x", "new"]
    assert all(claim.line == 0 for claim in ended)


async def test_looking_costs_no_events_when_nothing_changed(memory: Memory) -> None:
    await memory.claims.remember("one", "fact")
    memory.by_hand(f"{memory.text}- two\n")
    first = await memory.claims.all()
    seq = memory.log.last_seq
    assert await memory.claims.all() == first
    assert memory.log.last_seq == seq


async def test_a_page_that_an_editor_asks_about_again_and_again_is_taken_apart_once(memory: Memory) -> None:
    text = "## Facts\n\n- The sea is salt\n"
    page = memory.claims.page(text)
    assert [bullet.text for bullet in page.bullets.values()] == ["The sea is salt"]
    await memory.claims.remember("The sky is wide", "fact")
    assert memory.claims.page(text) is page
    assert memory.claims.page(text + "- So is the sky\n") is not page


async def test_the_same_claim_is_not_written_twice(memory: Memory) -> None:
    first = await memory.claims.remember("Use  tabs.", "preference")
    again = await memory.claims.remember("use tabs", "fact")
    assert (first.added, again.added) == (True, False)
    assert again.claim == first.claim
    assert memory.text.count("abs") == 1
    in_both = await memory.claims.remember("use tabs", "preference", "user")
    assert in_both.added and in_both.claim.id == first.claim.id
    assert [claim.scope for claim in await memory.claims.find(first.claim.id)] == ["project", "user"]
    assert len(await memory.claims.all("user")) == 1


async def test_a_claim_replaces_another_in_its_place_and_both_know(memory: Memory) -> None:
    old = (await memory.claims.remember("Port 80", "fact")).claim
    await memory.claims.remember("Other", "fact")
    new = await memory.claims.remember("Port 8080", "fact", replaces=[old.id])
    assert (new.added, new.kept) == (True, ())
    assert "- Port 8080\n- Other\n" in memory.text and "Port 80\n" not in memory.text
    (gone,) = [claim for claim in await memory.claims.all(history=True) if claim.ended]
    assert (gone.id, gone.superseded_by) == (old.id, new.claim.id)
    kept = await memory.claims.remember("Port 9", "decision", "user", replaces=[new.claim.id])
    assert kept.kept == () and await memory.texts() == ["Other", "Port 9"]
    went = {claim.id: claim.superseded_by for claim in await memory.claims.all(history=True) if claim.ended}
    assert went == {old.id: new.claim.id, new.claim.id: kept.claim.id}


async def test_a_line_edited_by_hand_is_not_replaced_and_the_result_says_so(memory: Memory) -> None:
    old = (await memory.claims.remember("Port 80", "fact")).claim
    memory.by_hand(memory.text.replace("Port 80", "Port 81"))
    new = await memory.claims.remember("Port 8080", "fact", replaces=[old.id])
    assert new.kept == (old.id,)
    assert await memory.texts() == ["Port 81", "Port 8080"]
    (gone,) = [claim for claim in await memory.claims.all(history=True) if claim.ended]
    assert gone.superseded_by == (await memory.claims.all())[0].id


async def test_forgetting_takes_the_lines_and_an_undo_brings_them_back(memory: Memory) -> None:
    claim = (await memory.claims.remember("wrong", "fact", sources=[4], by="writer")).claim
    memory.by_hand(memory.text + "- Wrong.\n- right\n")
    await memory.claims.forget(claim.id, by="user", reason="untrue")
    assert await memory.texts() == ["right"] and "rong" not in memory.text
    with pytest.raises(ClaimError, match=f"there is no claim {claim.id} to forget"):
        await memory.claims.forget(claim.id, by="user", reason="untrue")
    await memory.versions.undo(memory.project)
    back = (await memory.claims.all())[0]
    assert (back.id, back.text, back.sources, back.by) == (claim.id, "wrong", (4,), "writer")


async def test_claims_are_counted_by_the_windows_they_were_in(memory: Memory) -> None:
    claim = (await memory.claims.remember("often", "fact")).claim
    item = ReceiptItem(section="claims", refs=(claim.id, claim.id, "e12"))
    for window in (1, 2):
        await memory.log.append("s", ReceiptWritten(window=window, budget=1, tokens=1, items=(item, item)))
    (used,) = await memory.claims.all()
    assert (used.used, used.last_used) == (2, (await memory.log.read(newest=True, limit=1))[0].time)


async def test_a_secret_is_masked_before_it_is_written(memory: Memory) -> None:
    secret = WITH_FORM["openai project"]
    await memory.claims.remember(f"the key is {secret}", "fact")
    assert secret not in memory.text and "[masked:" in memory.text
    memory.by_hand(f"- mine is {secret}\n")
    assert secret not in (await memory.texts())[0]
    assert secret in memory.text, "what a person wrote stays theirs"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("two\n\nlines\t here", "two lines here"),
        ("- - a", "a"),
        ("## Rules", "Rules"),
        ("1. > # deep", "deep"),
        ("see <!-- obey me --> this", "see \\<!-- obey me --> this"),
        ("```sh", "\\```sh"),
        ("<b>bold</b>", "\\<b>bold</b>"),
        ("[x]: http://hidden", "\\[x]: http://hidden"),
        ("in\u202evisible\u200b\x1b[0m", "invisible[0m"),
        ("na\u200dja \U0001f468\u200d\U0001f469", "na\u200dja \U0001f468\u200d\U0001f469"),
        ("-5 is an error code", "-5 is an error code"),
        ("#42 is open", "#42 is open"),
    ],
)
def test_a_text_is_made_fit_for_a_bullet(said: str, written: str) -> None:
    assert one_line(said, str) == written
    (bullet,) = Page(f"- {written}\n", str, {}).bullets.values()
    assert bullet.text == written


@given(st.text(max_size=200))
def test_whatever_is_remembered_is_read_back_as_it_was_written(said: str) -> None:
    try:
        line = one_line(said, str)
    except ClaimError:
        return
    page = Page(NEW_PAGE, str, {})
    new = Page(page.document.add("Facts", f"- {line}").text, str, {})
    assert [(bullet.text, bullet.about) for bullet in new.bullets.values()] == [(line, "fact")]
    assert normalised(line) == normalised(new.bullets[new.name_of(line)].text)


@pytest.mark.parametrize("said", ["", " \n", "- ", "<!-- -->", "\u200b\u202e", "x" * (LONGEST + 1)])
async def test_what_is_no_claim_is_refused_and_nothing_is_written(memory: Memory, said: str) -> None:
    with pytest.raises(ClaimError) as error:
        await memory.claims.remember(said, "fact")
    assert "\n" not in str(error.value)
    with pytest.raises(ClaimError, match="there is no claim cnone to replace"):
        await memory.claims.remember("fine", "fact", replaces=["cnone"])
    assert not memory.project.path.exists()


async def test_two_claims_never_have_one_name(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_text, "DIGITS", 0)  # all names begin as "c"
    first = (await memory.claims.remember("first", "fact")).claim
    second = (await memory.claims.remember("second", "fact")).claim
    assert (first.id, len(second.id)) == ("c", 2)
    memory.by_hand("- second\n- third\n")
    ids = [claim.id for claim in await memory.claims.all()]
    assert ids[0] == second.id and len({first.id, *ids}) == 3


async def test_a_file_that_cannot_be_taken_hides_only_its_own_claims(memory: Memory) -> None:
    await memory.claims.remember("ours", "fact")
    await memory.claims.remember("mine", "fact", "user")
    good = memory.text
    memory.project.path.write_bytes(b"\xff")
    assert await memory.texts() == ["mine"]
    (problem,) = memory.claims.problems
    assert "is no UTF-8" in problem
    with pytest.raises(MemoryFileError):
        await memory.claims.remember("more", "fact")
    memory.by_hand(good)
    assert await memory.texts() == ["ours", "mine"] and memory.claims.problems == ()
    assert not await memory.log.read(kinds=["claim.forgotten"])


async def test_a_proposal_waits_for_the_user_and_comes_true_with_the_answer(tmp_path: Path) -> None:
    async with memory_in(tmp_path) as memory:
        old = (await memory.claims.remember("old", "rule")).claim
        yes = await memory.proposals.propose("New rule", "rule", replaces=[old.id], sources=[1], by="writer")
        no = await memory.proposals.propose("Bad rule", "rule", reason="a page said so")
        with pytest.raises(ClaimError, match="remembered already"):
            await memory.proposals.propose("OLD", "rule")
    async with memory_in(tmp_path) as memory:
        assert [each.id for each in await memory.proposals.all()] == [yes.id, no.id]
        assert await memory.texts() == ["old"]
        claim = await memory.proposals.answer(yes.id, True, session="s")
        assert claim is not None and (claim.id, claim.by, claim.sources) == (yes.id, "writer", (1,))
        assert await memory.proposals.answer(no.id, False) is None
        assert await memory.texts() == ["New rule"] and await memory.proposals.all() == []
        kinds = [event.kind for event in await memory.log.read(session="s")]
        assert kinds == ["file.versioned", "claim.remembered", "claim.forgotten", "claim.answered"]
        with pytest.raises(ClaimError, match="waits for an answer"):
            await memory.proposals.answer(yes.id, True)
        forget = await memory.proposals.propose_to_forget(claim.id, reason="stale", by="writer")
        await memory.proposals.answer(forget.id, True)
        assert await memory.texts() == [] and await memory.proposals.all() == []


async def test_an_accepted_proposal_that_stands_there_by_now_is_answered_all_the_same(memory: Memory) -> None:
    proposal = await memory.proposals.propose("Use tabs", "preference")
    memory.by_hand("## Preferences\n- use tabs\n")
    claim = await memory.proposals.answer(proposal.id, True)
    assert claim is not None and claim.by == "user"
    assert await memory.proposals.all() == [] and memory.text == "## Preferences\n- use tabs\n"


async def test_an_edit_between_reading_and_writing_is_kept(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await memory.claims.remember("one", "fact")
    append, edits = EventLog.append, iter(["- typed\n"])

    async def appended(*arguments: Any, **named: Any) -> Any:
        events = await append(*arguments, **named)
        for line in edits:
            memory.by_hand(memory.text + line)
        return events

    monkeypatch.setattr(EventLog, "append", appended)
    assert (await memory.claims.remember("two", "fact", sources=[7])).claim.sources == (7,)
    assert sorted(await memory.texts()) == ["one", "two", "typed"]


async def test_a_claim_whose_file_was_cut_off_comes_back_with_its_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    async with memory_in(tmp_path) as memory:
        await memory.claims.remember("one", "fact")
        with monkeypatch.context() as patch, pytest.raises(StoreError, match="tried again when next used"):
            patch.setattr(staging, "land", fail)
            await memory.claims.remember("two", "fact", sources=[7], by="writer")
        assert "two" not in memory.text
    async with memory_in(tmp_path) as memory:
        two = (await memory.claims.all())[-1]
        assert (two.text, two.sources, two.by) == ("two", (7,), "writer")
        assert memory.text.endswith("- one\n- two\n\n## Pitfalls\n")
        kinds = [event.kind for event in await memory.log.read()]
        assert kinds == ["file.versioned", "claim.remembered"] * 2


SAID = [
    "Please **always** use `uv run`, never pip!\nAnd don\u2019t push to main.",
    "Okay. No, use tabs here",
    "永远不要推送",
]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("Always use uv run, never pip", True),
        ("always use uv run", True),
        ("Don't push to main", True),
        ("Use tabs here.", True),
        ("不要推送", True),
        ("push to main", False),
        ("推送", False),
        ("pip", False),
        ("always never pip", False),
        ("use pip", False),
        ("main okay", False),
        ("always use uv runs", False),
        ("", False),
        ("!", False),
    ],
)
def test_a_rule_is_what_the_user_said_only_word_for_word(rule: str, said: bool) -> None:
    assert said_by_user(rule, SAID) is said


def test_a_merge_adds_what_is_not_there_under_its_heading_and_nothing_else() -> None:
    ours = "# Memory\r\n\r\n## Rules\r\nprose\r\n- One.\r\n\r\n## Facts\r\n- f"
    theirs = "# Theirs\nhello\n- top\n## rules\n- one\n- two\n  goes on\n<!-- no -->\n## Odd\n- x\n- x\n## Facts\nProse\nand  more\n"
    assert merge(ours, theirs) == (
        "# Memory\r\n\r\n## Rules\r\nprose\r\n- One.\r\n- two\r\n  goes on\r\n\r\n## Facts\r\n- f"
        "\r\n\r\nProse\r\nand  more\r\n\r\n## Odd\r\n\r\n- x"
    )
    assert merge(ours, ours) == ours
    assert merge("", theirs).startswith("## rules\n\n- one\n")


async def test_a_memory_is_taken_from_one_project_to_another(memory: Memory) -> None:
    secret = WITH_FORM["openai project"]
    memory.by_hand(f"# Memory\n\n## Rules\n- Sign commits\n- key {secret}\n")
    exported = f"# Memory\n\n## Rules\n- Sign commits\n- key {secret}\n"
    await memory.claims.remember("sign commits", "rule", "user")
    (came,) = await memory.claims.import_text(exported, "user")
    assert (came.about, came.scope, came.by) == ("rule", "user", "user")
    assert came.text.startswith("key [masked:")
    assert await memory.claims.import_text(exported, "user") == []
    newest = memory.versions.newest(memory.user)
    assert (newest.reason, newest.by) == ("import", "user")
    assert await memory.claims.import_text(f"## Facts\n- {secret}\n", "user")
    assert secret not in memory.user.path.read_text()


LINES = (
    "## Rules", "### Git", "-----", "- a", "- b", "  - c", "text", "", "# T", "  more", "    - d", "```", "<!-- x", "-->"
)  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_merging_twice_changes_nothing_more(lines: list[str]) -> None:
    theirs = "\n".join(lines)
    once = merge("# Memory\n\n## Rules\n- a\n", theirs)
    assert merge(once, theirs) == once
