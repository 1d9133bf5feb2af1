"""Pages that people read and change: what they write there counts, and is never written over."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from hypothesis import given
from hypothesis import strategies as st

from cairn_memory.blobs import BlobStore
from cairn_memory.carry import carried
from cairn_memory.events import CheckpointWritten, NoteAdded, NoteRemoved
from cairn_memory.memory import Memory
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.recall.checkpoint import Checkpoint, Item
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.versions import Versions


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncGenerator[Memory]:
    root = tmp_path / "wörk space"
    root.mkdir()
    workspace = Workspace.of(root)
    workspace.create()
    log, _ = await open_log(workspace.local, SecretMasker(()))
    made = Memory(workspace, UserFolders(root / "u", root / "u", root / "u"), log, BlobStore(workspace.blobs))
    await made.open()
    yield made
    await made.close()
    await log.close()


async def note(memory: Memory, text: str) -> None:
    (event,) = await memory.log.append("s1", NoteAdded(text=text))
    memory.follow(event.payload, "s1", event.time)


async def page(memory: Memory, name: str, word: str) -> Path:
    """The page once it holds `word`."""
    path = memory.workspace.local / name
    async with deadline():
        while not path.exists() or word not in path.read_text(encoding="utf-8"):
            await memory.pages.close(memory.tasks)
    return path


async def test_notes_become_a_page_and_lines_of_the_user_become_notes(memory: Memory) -> None:
    await note(memory, "The lamp is in lamp.py")
    path = await page(memory, "sessions/s1/notes.md", "The lamp")
    path.write_text(path.read_text(encoding="utf-8") + "- Mind the gap\n", encoding="utf-8")
    await note(memory, "The wall is old")
    await page(memory, "sessions/s1/notes.md", "The wall")
    text = path.read_text(encoding="utf-8")
    assert text.count("Mind the gap (e") == 1 and text.count("The lamp is in lamp.py (e") == 1
    theirs = [event.payload for event in await memory.log.read(kinds=(NoteAdded.kind,))]
    assert NoteAdded(text="Mind the gap", by="user") in theirs


async def test_a_note_that_the_user_takes_out_is_none_any_more(memory: Memory) -> None:
    await note(memory, "wrong")
    path = await page(memory, "sessions/s1/notes.md", "wrong")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "wrong" not in line]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    await note(memory, "right")
    await page(memory, "sessions/s1/notes.md", "right")
    assert "wrong" not in path.read_text(encoding="utf-8")
    assert len(await memory.log.read(kinds=(NoteRemoved.kind,))) == 1


async def test_a_note_stays_also_when_a_checkpoint_took_in_others(memory: Memory) -> None:
    await note(memory, "first")
    (first,) = await memory.log.read(kinds=(NoteAdded.kind,))
    data = memory.blobs.put(b"{}")
    await memory.log.append(
        "s1", CheckpointWritten(number=1, covers=first.seq, data=data, notes=(first.seq,))
    )
    await note(memory, "second")
    path = await page(memory, "sessions/s1/notes.md", "second")
    second = (await memory.log.read(kinds=(NoteAdded.kind,)))[-1].seq
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    assert lines == [f"- first (e{first.seq}, in checkpoint 1)", f"- second (e{second})"]


async def test_a_page_whose_writing_was_cut_off_is_not_taken_for_an_edit_by_hand(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that stops cancels what writes the pages; the edit that is under way is done whole all the same."""
    await note(memory, "first")
    await page(memory, "sessions/s1/notes.md", "first")
    edit = Versions.edit

    async def cut_off(self: Versions, *given: Any, **named: Any) -> None:
        await edit(self, *given, **named)
        raise asyncio.CancelledError

    await note(memory, "second")
    with monkeypatch.context() as patch, pytest.raises(asyncio.CancelledError):
        patch.setattr(Versions, "edit", cut_off)
        await memory.pages.close(memory.tasks)
    await memory.pages.close(memory.tasks)
    notes = [event.payload for event in await memory.log.read(kinds=(NoteAdded.kind, NoteRemoved.kind))]
    assert notes == [NoteAdded(text="first"), NoteAdded(text="second")]


async def test_a_task_has_a_page_and_keeps_what_the_user_writes_there(memory: Memory) -> None:
    for change in (
        memory.tasks.create("Mend the lamp", criteria=("it blinks",)),
        None,
        lambda: memory.tasks.change("T1", state="in progress"),
    ):
        if change is None:
            path = await page(memory, "tasks/T1/progress.md", "Mend the lamp")
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("- [ ] it blinks", "- [ ] it blinks\n- [ ] twice"), encoding="utf-8")
            continue
        payload = change() if callable(change) else change
        (event,) = await memory.log.append("s1", payload)
        memory.follow(event.payload, "s1", event.time)
    path = await page(memory, "tasks/T1/progress.md", "in progress")
    assert "twice" in path.read_text(encoding="utf-8")


LINES = st.lists(st.sampled_from(["# A", "## B", "- one", "- two", "- three", "words", ""]), max_size=8)


@given(base=LINES, today=LINES, new=LINES)
def test_what_a_person_added_stays_and_what_they_took_out_stays_out(
    base: list[str], today: list[str], new: list[str]
) -> None:
    made = carried("\n".join(base), "\n".join(today), "\n".join(new)).splitlines()
    if not "\n".join(today) or base == today:
        return
    for line in today:
        if line.strip() and line not in base:
            assert line in made
    for line in base:
        if line.strip() and line not in today:
            assert line not in made


async def test_what_is_written_into_a_checkpoint_while_the_next_one_is_made_stays_and_counts(
    memory: Memory,
) -> None:
    first = Checkpoint(number=1, covers=1, sections={"decisions": (Item(text="SQLite it is", events=(1,)),)})
    await memory.pages.show("s1", first, None)
    path = memory.workspace.session("s1") / "checkpoint.md"
    path.write_text(path.read_text(encoding="utf-8") + "- the hinge stays left\n", encoding="utf-8")
    second = first.model_copy(update={"number": 2, "covers": 2})
    await memory.pages.show("s1", second, first)
    text = path.read_text(encoding="utf-8")
    assert "# Checkpoint 2" in text and "SQLite it is" in text and "the hinge stays left" in text
    taken = await memory.pages.edited("s1", second)
    assert taken is not None
    assert Item(text="the hinge stays left", by="user") in taken.items("decisions")
