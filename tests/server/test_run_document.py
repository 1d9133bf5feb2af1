"""A run as a Markdown file: what it shows, how it grows, and what cannot break it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from fake_runs import PlainMasker
from wire import HostProcess, client

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    BlobRef,
    CheckpointWritten,
    ClaimAnswered,
    ClaimForgotten,
    ClaimProposed,
    ClaimRemembered,
    DriftFound,
    Event,
    GuardActed,
    ModelFailed,
    ModelReplied,
    NoteAdded,
    Payload,
    SessionImported,
    SessionStarted,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
    UserMessage,
    WindowStarted,
)
from cairn_memory.log import EventLog
from cairn_memory.store import open_log
from cairn_server.documents.run import RunDocuments
from cairn_server.documents.transcript import Transcript

ESCAPES = "\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u2066 \u200bhidden"


@pytest.fixture
async def log(tmp_path: Path) -> AsyncGenerator[EventLog]:
    folder = tmp_path / "local"
    folder.mkdir()
    opened, _ = await open_log(folder, PlainMasker())
    yield opened
    await opened.close()


def _edit(call: str) -> ToolCall:
    arguments = '{"path": "a.py", "old": "x = 1\\ny = 2", "new": "x = 1\\ny = 3"}'
    return ToolCall(id=call, name="edit", arguments=arguments)


STORY: list[Payload] = [
    SessionStarted(goal="Mend the *parser*\nand more", root="/w", model="m"),
    UserMessage(text="Mend it.\n# not a heading"),
    ModelReplied(step=1, text="Looking.\n\n```\nnever closed", calls=(_edit("c1"),), usage=Usage(prompt=1_200)),
    ApprovalRequested(id="a", call="c1", name="edit", title="edit a.py", detail="--- a\n+++ b\n", reason="rule 2"),
    ApprovalAnswered(id="a", decision="allow", by="terminal"),
    ToolStarted(step=1, call="c1", name="edit", title="edit a.py"),
    ToolFinished(step=1, call="c1", name="edit", summary="+1 -1", text="Edited a.py", ms=3),
    GuardActed(guard="repeat", action="nudge", reason="the same call three times"),
    ModelFailed(step=2, error="Overloaded", message="503", retry_in=2.0),
    ModelReplied(step=2, text="", totals=Usage(prompt=3_000, cached=1_000, completion=50), total_cost=0.25),
    ToolStarted(step=2, call="c2", name="bash", title=f"echo {ESCAPES}"),
    ToolFinished(step=2, call="c2", name="bash", outcome="error", text=f"{ESCAPES}\n```\n# broke out\n", ms=9),
    NoteAdded(text="remember the tests"),
    StateChanged(state="done", reason="all tests pass"),
]  # fmt: skip


REMEMBERED: list[Payload] = [
    SessionStarted(goal="g", root="/w"),
    SessionImported(
        path="/old.jsonl", format="neutral", digest="d", messages=1_200, problems=("line 3: no JSON",)
    ),
    ModelReplied(step=1, text="on it", usage=Usage(prompt=80_000, completion=500)),
    CheckpointWritten(
        number=2, covers=90, data=BlobRef(digest="d", size=1), judged=True, dropped=("no *such* file",)
    ),
    WindowStarted(
        number=2, head=BlobRef(digest="d", size=1), tokens=9_000, covers=91, checkpoint=2, reason="limit"
    ),
    TaskChanged(task="T1.2", title="paint", state="done", evidence=(7, 8)),
    ClaimRemembered(claim="c2", text="mind the gap\n# no heading", about="rule", by="user"),
    ClaimProposed(claim="c3", text="use tabs", about="rule"),
    ClaimAnswered(claim="c3", accepted=True),
    ClaimForgotten(claim="c2", text="mind the gap", replaced_by="c4"),
    DriftFound(since=90, lines=("a.py is other than before",)),
]


def test_what_happens_to_memory_is_told_in_a_line_each() -> None:
    transcript = Transcript("s1")
    told = "".join(
        transcript.add(Event(1, "s1", "", each.kind, 0, each.model_dump_json())) for each in REMEMBERED
    )
    for line in (
        "- **Imported** from `/old.jsonl`, 1,200 messages\n  - left out: line 3: no JSON\n\n",
        "- **Checkpoint 2** of events up to e90, facts and judgement\n  - left out: no \\*such\\* file\n\n",
        "- **Window 2 rebuilt** from 80,500 to 9,000 tokens (limit), on checkpoint 2\n\n",
        "- **Task T1.2** paint: done (e7, e8)\n\n",
        "- **Remembered** (rule, project) `c2`: mind the gap \\# no heading\n\n",
        "- **Proposed to remember (rule, project)** `c3`: use tabs\n\n",
        "- **Proposal accepted** `c3`\n\n",
        "- **Forgotten** `c2`: mind the gap (superseded by `c4`)\n\n",
        "- **Changed while it rested**, since e90:\n  - a.py is other than before\n\n",
    ):
        assert line in told, line


async def test_a_story_reads_as_headings_lines_and_blocks(log: EventLog, tmp_path: Path) -> None:
    await log.append("s1", *STORY)
    documents = RunDocuments(log)
    text = (await documents.open("s1", tmp_path / "run.md")).read_text(encoding="utf-8")
    await documents.close()
    outline = [line for line in text.splitlines() if line.startswith("#")]
    assert outline == ["# Mend the \\*parser\\* and more", "## Step 1", "## Step 2", "# broke out", "## Done"]
    assert "````text\n" in text  # one backtick more than what is inside, so the heading above is code
    assert "> \\# not a heading" in text
    assert "> ```\n> never closed" in text
    assert "- **edit** `a.py`: +1 -1 (3 ms)\n\n```diff\n x = 1\n-y = 2\n+y = 3\n```" in text
    assert "**Asks for approval:** `edit a.py` (rule 2)" in text
    assert "**Approval allowed** by terminal" in text
    assert "**Guard repeat** (nudge): the same call three times" in text
    assert "**Overloaded**: 503; again in 2 s" in text
    assert "**error**" in text
    assert "| 2 | 3,000 | 1,000 | 50 | 0.2500 |" in text
    assert "all tests pass" in text


async def test_nothing_in_it_acts_on_a_terminal_or_turns_the_text(log: EventLog, tmp_path: Path) -> None:
    await log.append("s1", *STORY)
    documents = RunDocuments(log)
    text = (await documents.open("s1", tmp_path / "run.md")).read_text(encoding="utf-8")
    await documents.close()
    assert not set(text) & set("\x1b\x07\u202e\u2066\u200b")
    assert "␛[31mred" in text
    assert "⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧" in text


async def test_a_document_grows_by_appending_while_the_run_goes_on(log: EventLog, tmp_path: Path) -> None:
    await log.append("s1", *STORY[:3])
    documents = RunDocuments(log)
    path = await documents.open("s1", tmp_path / "run.md")
    before = path.read_bytes()
    inode = path.stat().st_ino
    await log.append("other", NoteAdded(text="not here"))
    for payload in STORY[3:]:
        await log.append("s1", payload)
    async with deadline():
        await _until(path, lambda text: "## Done" in text)
    grown = path.read_bytes()
    await documents.close()
    assert grown.startswith(before)
    assert path.stat().st_ino == inode
    assert b"not here" not in grown


async def test_a_call_that_takes_long_is_told_of_before_it_ends_and_once(
    log: EventLog, tmp_path: Path
) -> None:
    await log.append("s1", *STORY[:3])
    documents = RunDocuments(log)
    path = await documents.open("s1", tmp_path / "run.md")
    await log.append("s1", *STORY[5:6])
    async with deadline():
        await _until(path, lambda text: text.endswith("- **edit** `a.py` is running\n\n"))
    await log.append("s1", *STORY[6:])
    async with deadline():
        await _until(path, lambda text: "## Done" in text)
    await documents.close()
    text = path.read_text(encoding="utf-8")
    assert text.count("is running") == 1
    assert "- **edit** `a.py`: +1 -1 (3 ms)" in text


async def test_a_call_that_takes_long_is_told_of_while_another_session_is_busy(
    log: EventLog, tmp_path: Path
) -> None:
    await log.append("s1", *STORY[:3], *STORY[5:6])
    documents = RunDocuments(log)
    path = await documents.open("s1", tmp_path / "run.md")
    async with deadline():
        while "is running" not in await _text(path):
            await log.append("s2", NoteAdded(text="busy"))
    await documents.close()


async def test_a_call_that_a_kill_cut_off_is_not_said_to_run(log: EventLog) -> None:
    cut_off = StateChanged(state="interrupted", reason="the host stopped in mid-run", cause="host")
    transcript = Transcript("s1")
    for event in await log.append("s1", *STORY[:3], *STORY[5:6]):
        transcript.add(event)
    assert transcript.untold
    (event,) = await log.append("s1", cut_off)
    transcript.add(event)
    assert not transcript.untold


async def test_opening_again_after_a_restart_gives_the_same_document(log: EventLog, tmp_path: Path) -> None:
    path = tmp_path / "run.md"
    documents = RunDocuments(log)
    await log.append("s1", *STORY[:5])
    await documents.open("s1", path)
    for payload in STORY[5:]:
        await log.append("s1", payload)
    async with deadline():
        await _until(path, lambda text: "## Done" in text)
    await documents.close()
    grown = path.read_text(encoding="utf-8")
    path.write_text("half a line", encoding="utf-8")
    again = RunDocuments(log)
    await again.open("s1", path)
    await again.close()
    assert path.read_text(encoding="utf-8") == grown


async def test_a_document_that_was_removed_is_written_anew(log: EventLog, tmp_path: Path) -> None:
    await log.append("s1", *STORY)
    documents = RunDocuments(log)
    path = await documents.open("s1", tmp_path / "run.md")
    whole = path.read_text(encoding="utf-8")
    path.unlink()
    await documents.open("s1", path)
    assert path.read_text(encoding="utf-8") == whole
    await documents.close()


async def test_the_text_of_one_call_is_bounded(log: EventLog, tmp_path: Path) -> None:
    lines = "\n".join(f"line {n}" for n in range(10_000))
    await log.append("s1", STORY[0], ToolFinished(step=1, call="c", name="bash", text=lines))
    await log.append("s1", ToolFinished(step=1, call="d", name="bash", text="x" * 60_000))
    documents = RunDocuments(log)
    path = await documents.open("s1", tmp_path / "run.md")
    await documents.close()
    assert path.stat().st_size < 8_000
    assert "lines ...]" in path.read_text(encoding="utf-8")


async def test_an_editor_opens_the_document_of_a_running_session(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        started = await editor.request("cairn/run/start", {"prompt": "work"})
        found: dict[str, Any] = await editor.request("cairn/run/document", {"session": started["session"]})
        path = Path(found["path"])
        assert path == (host.local / "sessions" / started["session"] / "run.md").resolve()
        assert (await _text(path)).startswith("# work\n")
        await editor.request("cairn/run/interrupt", {"session": started["session"]})
        await _until(path, lambda text: "## Interrupted" in text)


async def _until(path: Path, true: Callable[[str], bool]) -> None:
    while not true(await _text(path)):
        pass


async def _text(path: Path) -> str:
    return await asyncio.to_thread(path.read_text, encoding="utf-8")
