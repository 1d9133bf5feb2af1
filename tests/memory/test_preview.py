"""A window as it would have been rebuilt at some moment: nothing later is in it, and no judgement when none is wanted."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from cairn_memory.blobs import BlobStore
from cairn_memory.events import (
    CheckpointWritten,
    ModelReplied,
    SessionStarted,
    TaskChanged,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.imports.importer import import_file
from cairn_memory.memory import Memory
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.preview import PreviewError, preview
from cairn_memory.recall.checkpoint import Checkpoint, Item
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

SECRET = "ghp_" + "A7b9C2d4E6f8G1h3J5k7" + "L9m2N4p6Q8r1S3t5"


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncGenerator[Memory]:
    folder = tmp_path / "project"
    folder.mkdir()
    workspace = Workspace.of(folder)
    workspace.create()
    log, _ = await open_log(workspace.local, SecretMasker())
    user = UserFolders(tmp_path / "user", tmp_path / "user", tmp_path / "user")
    made = Memory(workspace, user, log, BlobStore(workspace.blobs))
    await made.open()
    yield made
    await made.close()
    await log.close()


async def say(memory: Memory, text: str) -> int:
    (event,) = await memory.log.append("s1", UserMessage(text=text))
    return event.seq


async def judged(memory: Memory, covers: int, *items: Item) -> None:
    made = Checkpoint(number=1, covers=covers, judged=True, sections={"decisions": items})
    data = memory.blobs.put(made.to_json().encode())
    await memory.log.append("s1", CheckpointWritten(number=1, covers=covers, data=data, judged=True))


async def test_nothing_that_came_later_is_in_it(memory: Memory) -> None:
    await memory.log.append("s1", SessionStarted(goal="the gate", root="/w"))
    at = await say(memory, "Paint the gate green.")
    await memory.record("s1", TaskChanged(task="T1", title="Burn the fence"))
    await memory.claims.remember("the fence is dry", "fact", sources=[await say(memory, "x")], session="s1")
    await say(memory, "Now the fence, blue.")
    then = await preview(memory, "s1", 2_000, at=at)
    assert (then.at, "gate green" in then.text, "ence" in then.text) == (at, True, False)
    now = await preview(memory, "s1", 2_000)
    for words in ("Now the fence, blue.", "Burn the fence", "the fence is dry"):
        assert words in now.text


async def test_the_rules_of_today_bind_wherever_it_is_cut(memory: Memory) -> None:
    at = await say(memory, "Paint the gate green.")
    await say(memory, "more")
    await memory.claims.remember("Never touch legacy/ünï.txt!", "rule", by="user")
    assert "Never touch legacy/ünï.txt!" in (await preview(memory, "s1", 500, at=at)).text


async def test_facts_only_leaves_out_what_a_model_judged_and_keeps_what_a_person_wrote(
    memory: Memory,
) -> None:
    at = await say(memory, "Paint the gate green.")
    await judged(memory, at, Item(text="oil paint it is", by="writer"), Item(text="two coats", by="user"))
    both = await preview(memory, "s1", 2_000)
    facts = await preview(memory, "s1", 2_000, facts_only=True)
    assert ("oil paint" in both.text, "two coats" in both.text, both.checkpoint) == (True, True, 1)
    assert ("oil paint" in facts.text, "two coats" in facts.text) == (False, True)
    before = await preview(memory, "s1", 2_000, at=at)
    assert ("oil paint" in before.text, before.checkpoint) == (False, 0)


async def test_a_line_of_an_imported_file_is_the_last_that_counts(memory: Memory, tmp_path: Path) -> None:
    file = tmp_path / "session.jsonl"
    turns = [("user", f"order number {number}") for number in range(1, 9)]
    file.write_text("".join(json.dumps({"role": who, "content": text}) + "\n" for who, text in turns))
    imported = await import_file(file, memory.log, memory.blobs, Path("/w"))
    for line in (1, 4, 8):
        text = (await preview(memory, imported.session, 4_000, line=line)).text
        assert [f"order number {number}" in text for number in range(1, 9)] == [
            number <= line for number in range(1, 9)
        ]
    await memory.log.append(imported.session, UserMessage(text="an order of later"))
    assert "of later" not in (await preview(memory, imported.session, 4_000, line=100)).text


async def test_it_fits_and_says_so_whatever_there_is(memory: Memory) -> None:
    for number in range(60):
        call = ToolCall(id=f"c{number}", name="bash", arguments=json.dumps({"command": f"run {number}"}))
        await memory.log.append("s1", ModelReplied(step=number, calls=(call,)))
        await memory.log.append("s1", ToolFinished(step=number, call=call.id, name="bash", text="ö" * 3_000))
    for budget in (100, 700, 5_000):
        made = await preview(memory, "s1", budget)
        assert made.tokens <= budget
        assert max(len(made.text) / 4, len(made.text.encode()) / 3.6) <= budget


async def test_a_secret_that_was_typed_into_memory_by_hand_is_masked(memory: Memory) -> None:
    await say(memory, "go")
    (memory.workspace.folder / "MEMORY.md").write_text(f"# Memory\n\n## Rules\n\n- push with {SECRET}\n")
    text = (await preview(memory, "s1", 1_000)).text
    assert "push with" in text and SECRET not in text


async def test_a_secret_that_was_typed_into_a_checkpoint_by_hand_is_masked(memory: Memory) -> None:
    said = await say(memory, "Begin.")
    await judged(memory, said, Item(text="SQLite it is", events=(said,), by="writer"))
    event = await memory.newest_checkpoint("s1")
    assert event is not None and isinstance(event.payload, CheckpointWritten)
    stored = memory.checkpoint(event.payload)
    assert stored is not None
    await memory.pages.show("s1", stored, None)
    path = memory.workspace.session("s1") / "checkpoint.md"
    path.write_text(path.read_text("utf-8") + f"- push with {SECRET}\n", "utf-8")
    made = await preview(memory, "s1", 2_000)
    assert "push with" in made.text and SECRET not in made.text


async def test_where_there_is_nothing_it_says_so_in_one_line(memory: Memory) -> None:
    await say(memory, "one")
    with pytest.raises(PreviewError, match="nothing up to line 3"):
        await preview(memory, "s1", 1_000, line=3)
    with pytest.raises(PreviewError, match="nothing up to event e0"):
        await preview(memory, "s1", 1_000, at=0)
