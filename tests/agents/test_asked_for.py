"""What a person asks of a session's memory by command: a checkpoint now, a new window, and what one would say."""

from pathlib import Path

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import call, say

from cairn_agents import rebuild
from cairn_agents.window import encode
from cairn_memory.blobs import BlobStore
from cairn_memory.events import CheckpointWritten, NoteAdded, ReceiptWritten, WindowStarted
from cairn_memory.places import Workspace
from cairn_memory.preview import preview
from cairn_memory.recall.page import to_markdown

BIG = 'for i in $(seq 1 300); do echo "line $i of step {0} says lorem ipsum"; done'
SECRET = "ghp_" + "A7b9C2d4E6f8G1h3J5k7" + "L9m2N4p6Q8r1S3t5"
SLOW = "while [ ! -e go ]; do sleep 0.02; done; echo went"


async def started(h: Harness) -> list[WindowStarted]:
    return [each for each in await h.payloads(WindowStarted.kind) if isinstance(each, WindowStarted)]


async def until(h: Harness, kind: str) -> None:
    """Waits for the first event of a kind."""
    async with deadline(20):
        since = 0
        while not await h.events(kind):
            await h.log.wait(since)
            since = h.log.last_seq


async def test_a_running_session_begins_a_new_window_before_its_next_request(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("bash", command=SLOW), say("done")]) as h:
        session = await h.start("Keep the blue door shut.")
        await until(h, "tool.started")
        assert h.runs.ask_rebuild(session)
        (h.root / "go").touch()
        assert (await h.rest(session)).state == "done"
        first, second = await started(h)
        assert (first.covers, second.reason) == (0, "command")
        assert second.covers
        assert b"Keep the blue door shut." in h.provider.requests[-1].body


async def test_a_session_at_rest_begins_its_new_window_when_it_goes_on_and_only_one(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("one"), say("two"), say("three")]) as h:
        info = await h.run("first words")
        assert not h.runs.ask_rebuild(info.session)
        assert len(await started(h)) == 1
        await h.resume(info.session, "second words")
        assert [each.reason for each in await started(h)][1:] == ["command"]
        said = [each["content"] for each in h.conversation() if each["role"] == "user"]
        assert said.count("second words") == 1, "what the new window tells of is not said once more"
        await h.resume(info.session, "third words")
        assert len(await started(h)) == 2


async def test_a_new_window_that_would_free_nothing_does_not_end_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "WORTH", 0.0)
    async with harness(tmp_path, [say("one"), say("two")]) as h:
        info = await h.run("x")
        h.runs.ask_rebuild(info.session)
        info = await h.resume(info.session, "y")
        assert info.state == "done"
        assert "keeps its window" in caplog.text


async def test_a_checkpoint_of_a_session_at_rest_is_made_by_code_and_stands_in_its_page(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [say("one"), say("two")]) as h:
        info = await h.run("Paint the gate green.")
        made = await h.runs.checkpoint(info.session)
        assert made is not None and isinstance(made.payload, CheckpointWritten)
        assert not made.payload.judged
        page = Workspace.of(h.root).session(info.session) / "checkpoint.md"
        assert "Paint the gate green." in page.read_text(encoding="utf-8")
        again = await h.runs.checkpoint(info.session)
        assert again is not None and isinstance(again.payload, CheckpointWritten)
        assert again.payload.number == made.payload.number + 1
        assert len(h.provider.requests) == 1
        assert (await h.resume(info.session, "and the fence")).state == "done"


async def test_a_checkpoint_says_of_each_note_it_took_in_which_event_it_was_and_of_no_other(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [say("one")]) as h:
        session = (await h.run("Paint the gate green.")).session
        await h.log.append(session, *(NoteAdded(text=f"hinge {number} is loose") for number in range(70)))
        made = await h.runs.checkpoint(session)
        assert made is not None and isinstance(made.payload, CheckpointWritten)
        stored = h.runs.memory.checkpoint(made.payload)
        assert stored is not None
        taken = {item.events[0]: item.text for item in stored.items("notes")}
        assert set(made.payload.notes) == set(taken) and 0 < len(taken) < 70
        said = {event.seq: event.payload for event in await h.events(NoteAdded.kind)}
        assert all(said[seq] == NoteAdded(text=text) for seq, text in taken.items())


async def test_a_secret_that_a_person_types_into_a_page_is_in_no_store_and_in_no_window(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [say("one"), say("two")]) as h:
        session = (await h.run("Paint the gate green.")).session
        await h.log.append(session, NoteAdded(text="the hinge is loose"))
        await h.runs.checkpoint(session)
        folder = Workspace.of(h.root).session(session)
        for name in ("checkpoint.md", "notes.md"):
            path = folder / name
            text = path.read_text("utf-8") if path.exists() else ""
            path.write_text(text + f"- push with {SECRET}\n", encoding="utf-8")
        h.runs.ask_rebuild(session)
        await h.resume(session, "Go on.")
        body = h.provider.requests[-1].body
        assert await h.runs.checkpoint(session)
        assert b"push with" in body and SECRET.encode() not in body
        assert (folder / "checkpoint.md").read_text("utf-8").count("push with") == 1
        local = Workspace.of(h.root).local
        kept = [path for path in local.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
        assert kept == [folder / "checkpoint.md"], "only the page that the person wrote it into"


async def test_a_checkpoint_of_a_running_session_does_not_hold_it_up(tmp_path: Path) -> None:
    config = "[window]\nwriter = false\n"
    async with harness(tmp_path, [call("bash", command=SLOW), say("done")], config=config) as h:
        session = await h.start("Paint the gate green.")
        await until(h, "tool.started")
        async with deadline(20):
            made = await h.runs.checkpoint(session)
        assert made is not None and not await h.events("tool.finished")
        (h.root / "go").touch()
        assert (await h.rest(session)).state == "done"


async def test_a_preview_says_what_a_rebuild_there_began_with(tmp_path: Path) -> None:
    turns = [*(call("bash", command=BIG.format(number)) for number in range(25)), say("All done.")]
    async with harness(tmp_path, turns, window=16_000) as h:
        await h.runs.memory.claims.remember("never touch legacy/", "rule", by="user")
        info = await h.run("Go on to the end.", window=16_000)
        rebuilt = [each for each in await started(h) if each.covers]
        receipts = [
            each for each in await h.payloads(ReceiptWritten.kind) if isinstance(each, ReceiptWritten)
        ]
        assert rebuilt
        for window, receipt in zip(rebuilt, [each for each in receipts if each.window > 1], strict=True):
            steps = next(item.tokens for item in receipt.items if item.section == "newest steps")
            made = await preview(h.runs.memory, info.session, receipt.budget - steps, at=window.covers)
            head = BlobStore(Workspace.of(h.root).blobs).get(window.head)
            assert encode(made.text)[1:-1] in head
            assert "never touch legacy/" in made.text


async def test_a_page_that_was_edited_by_hand_counts_in_a_preview_of_now(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("one")]) as h:
        info = await h.run("Paint the gate green.")
        await h.runs.checkpoint(info.session)
        page = Workspace.of(h.root).session(info.session) / "checkpoint.md"
        page.write_text(page.read_text() + "\n## Decisions\n\n- the hinge stays left\n", encoding="utf-8")
        made = await preview(h.runs.memory, info.session, 2_000, facts_only=True)
        assert "the hinge stays left" in made.text
        newest = await h.runs.memory.newest_checkpoint(info.session)
        assert newest is not None and isinstance(newest.payload, CheckpointWritten)
        stored = h.runs.memory.checkpoint(newest.payload)
        assert stored is not None and "hinge" not in to_markdown(stored)


async def test_what_a_run_notes_and_does_of_its_tasks_stands_in_their_pages(tmp_path: Path) -> None:
    turns = [
        call("task", action="create", title="Mend the lamp"),
        call("task", action="start", id="T1"),
        call("note", text="The lamp is in lamp.py"),
        call("task", action="block", id="T1", note="no lamp oil"),
        say("blocked"),
    ]
    async with harness(tmp_path, turns) as h:
        session = (await h.run("Mend the lamp.")).session
        await h.runs.close()
        local = Workspace.of(h.root).local
        progress = (local / "tasks" / "T1" / "progress.md").read_text(encoding="utf-8")
        assert "State: blocked" in progress and "no lamp oil" in progress
        assert "- The lamp is in lamp.py (e" in (local / "sessions" / session / "notes.md").read_text("utf-8")


async def test_what_a_person_writes_into_the_notes_at_rest_is_in_the_next_window(tmp_path: Path) -> None:
    turns = [call("note", text="The lamp is in lamp.py"), say("one"), say("two"), say("three")]
    async with harness(tmp_path, turns) as h:
        session = (await h.run("Mend the lamp.")).session
        page = Workspace.of(h.root).session(session) / "notes.md"
        await h.runs.memory.pages.close(h.runs.memory.tasks)
        text = page.read_text(encoding="utf-8").replace("The lamp is in", "The lamp is not in")
        page.write_text(text + "- The fuse is behind the mirror\n", encoding="utf-8")
        for words in ("Go on.", "And on."):
            h.runs.ask_rebuild(session)
            await h.resume(session, words)
            sent = h.provider.requests[-1].body.decode().partition("## Notes")[2]
            assert sent.count("- The fuse is behind the mirror") == 1
            assert sent.count("- The lamp is not in lamp.py") == 1
            assert "- The lamp is in lamp.py" not in sent
        theirs = [each for each in await h.payloads(NoteAdded.kind) if isinstance(each, NoteAdded)]
        assert [each.by for each in theirs] == ["agent", "user", "user"]
