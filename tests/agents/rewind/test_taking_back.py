"""The work of a session is taken back from its log: the agent's changes go, the user's stay, and the model is told."""

from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import call, calls, say

from cairn_agents.outfit import RunError
from cairn_agents.rewind.rewinds import Wish
from cairn_memory.events import CheckpointWritten, SessionRewound, SnapshotTaken, TaskChanged

WRITES = [
    call("write", path="a.txt", content="agent one\n"),
    call("bash", command="printf 'shell\\n' > b.txt; mkdir made; echo x > made/c.txt; rm gone.txt"),
    calls(("read", {"path": "kept.txt"})),
    call("edit", path="kept.txt", old="two", new="two by the agent"),
    say("all done"),
]


def begin(folder: Path) -> Path:
    root = folder / "work"
    root.mkdir(parents=True)
    (root / "kept.txt").write_text("one\ntwo\nthree\nfour\n")
    (root / "gone.txt").write_text("was here\n")
    return root


def tree(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".cairn" not in path.parts
    }


async def taken(h: Harness) -> list[SnapshotTaken]:
    return [each for each in await h.payloads(SnapshotTaken.kind) if isinstance(each, SnapshotTaken)]


async def test_every_call_that_may_change_files_stands_between_two_states(tmp_path: Path) -> None:
    begin(tmp_path)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        states = await taken(h)
        assert [each.step for each in states if each.before] == [1, 2, 4]
        assert [each.step for each in states if each.after] == [1, 2, 4]
        assert all(each.commit for each in states)
        kinds = [event.kind for event in await h.log.read(session=info.session)]
        assert kinds.index("snapshot.taken") < kinds.index("tool.started")


async def test_all_that_the_agent_changed_is_taken_back_and_put_back(tmp_path: Path) -> None:
    root = begin(tmp_path)
    before = tree(root)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        after = tree(root)
        assert after["b.txt"] == "shell\n" and "gone.txt" not in after
        preview = await h.runs.rewinds.preview(Wish(info.session, "start"))
        assert tree(root) == after and not preview.applied
        assert {(each.path, each.how) for each in preview.files} == {
            ("a.txt", "deleted"),
            ("b.txt", "deleted"),
            ("made/c.txt", "deleted"),
            ("gone.txt", "restored"),
            ("kept.txt", "changed"),
        }
        done = await h.runs.rewinds.apply(Wish(info.session, "start"))
        assert done.applied and done.overlaps == ()
        assert tree(root) == before and not (root / "made").exists()
        again = await h.runs.rewinds.undo(info.session)
        assert again.applied and tree(root) == after
        with pytest.raises(RunError, match="nothing of session"):
            await h.runs.rewinds.undo(info.session)


async def test_the_users_later_work_in_the_same_file_stays(tmp_path: Path) -> None:
    root = begin(tmp_path)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        (root / "kept.txt").write_text("zero\none\ntwo by the agent\nthree\nfour\n")
        done = await h.runs.rewinds.apply(Wish(info.session, "s4", conversation=False))
        assert done.applied and done.kept == ("kept.txt",)
        assert (root / "kept.txt").read_text() == "zero\none\ntwo\nthree\nfour\n"
        assert (root / "a.txt").read_text() == "agent one\n"


async def test_an_overlap_is_shown_and_nothing_at_all_is_changed(tmp_path: Path) -> None:
    root = begin(tmp_path)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        (root / "kept.txt").write_text("one\ntwo by both\nthree\nfour\n")
        mine = tree(root)
        refused = await h.runs.rewinds.apply(Wish(info.session, "start"))
        assert not refused.applied and tree(root) == mine
        (overlap,) = refused.overlaps
        assert (overlap.path, overlap.steps) == ("kept.txt", (4,))
        (clash,) = overlap.clashes
        assert (clash.line, clash.base, clash.ours, clash.theirs) == (
            2,
            ("two by the agent",),
            ("two by both",),
            ("two",),
        )
        assert await h.payloads(SessionRewound.kind) == []


async def test_what_the_agent_wrote_into_an_ignored_file_is_taken_back_too(tmp_path: Path) -> None:
    root = begin(tmp_path)
    (root / ".gitignore").write_text("*.log\n")
    (root / "old.log").write_text("old\n")
    turns = [
        call("write", path="new.log", content="new\n"),
        call("read", path="old.log"),
        call("edit", path="old.log", old="old", new="changed"),
        say("done"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run()
        await h.runs.rewinds.apply(Wish(info.session, "start"))
        assert not (root / "new.log").exists() and (root / "old.log").read_text() == "old\n"


async def test_a_session_at_work_must_be_interrupted_first(tmp_path: Path) -> None:
    begin(tmp_path)
    async with harness(tmp_path, [WRITES[0], call("bash", command="sleep 60"), say("x")]) as h:
        session = await h.start(approve_all=False)
        await h.until(session, "waiting")
        with pytest.raises(RunError, match="works now: interrupt it first"):
            await h.runs.rewinds.apply(Wish(session, "start"))
        await h.runs.interrupt(session, "test")


async def test_the_next_window_knows_nothing_of_what_was_taken_back(tmp_path: Path) -> None:
    root = begin(tmp_path)
    turns = [
        call("read", path="kept.txt"),
        call("write", path="later.txt", content="SECOND THING\n"),
        say("I wrote SECOND THING into later.txt"),
        say("all right"),
        say("and on"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run("The first words.")
        await h.runs.rewinds.apply(Wish(info.session, "s2"))
        assert not (root / "later.txt").exists()
        assert h.runs.info(info.session).state == "interrupted"
        await h.resume(info.session, "Do the other thing.")
        body = str(h.provider.requests[-1].json["messages"])
        assert "SECOND THING" not in body and "later.txt" not in body
        assert "The first words." in body and "Do the other thing." in body
        assert "The user took work back" in body
        assert "one\\ntwo" in body or "kept.txt" in body, "what stands is still known"
        checkpoints = [
            e for e in await h.payloads(CheckpointWritten.kind) if isinstance(e, CheckpointWritten)
        ]
        numbers = [each.number for each in checkpoints]
        assert numbers == sorted(set(numbers)), "each checkpoint has a number of its own"
        await h.runs.checkpoint(info.session)
        made = h.runs.memory.checkpoint(checkpoints[-1])
        assert made is not None and "later.txt" not in made.to_json()


async def test_a_conversation_that_was_put_back_is_known_again(tmp_path: Path) -> None:
    begin(tmp_path)
    turns = [
        call("write", path="later.txt", content="SECOND THING\n"),
        say("I wrote SECOND THING"),
        say("all right"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run("The first words.")
        await h.runs.rewinds.apply(Wish(info.session, "start"))
        await h.runs.rewinds.undo(info.session)
        await h.resume(info.session, "Go on.")
        assert "SECOND THING" in str(h.provider.requests[-1].json["messages"])


async def test_a_task_that_was_finished_since_is_as_it_was(tmp_path: Path) -> None:
    begin(tmp_path)
    turns = [
        call("task", action="create", title="Write it"),
        call("task", action="start", id="T1"),
        call("write", path="later.txt", content="x\n"),
        call("task", action="done", id="T1", evidence=["the file is there"]),
        say("done"),
    ]
    async with harness(tmp_path, turns) as h:
        info = await h.run()
        changes = [e for e in await h.payloads(TaskChanged.kind) if isinstance(e, TaskChanged)]
        assert [each.state for each in changes][:2] == ["open", "in progress"]
        await h.runs.rewinds.apply(Wish(info.session, "s2"))
        task = h.runs.memory.tasks.get("T1")
        assert task is not None and task.state == "open"


async def test_files_alone_and_conversation_alone(tmp_path: Path) -> None:
    root = begin(tmp_path)
    async with harness(tmp_path, [*WRITES, say("go on")]) as h:
        info = await h.run()
        after = tree(root)
        talk = await h.runs.rewinds.apply(Wish(info.session, "s2", files=False))
        assert talk.applied and tree(root) == after
        await h.runs.rewinds.undo(info.session)
        files = await h.runs.rewinds.apply(Wish(info.session, "s2", conversation=False))
        assert files.applied and set(tree(root)) == {"a.txt", "gone.txt", "kept.txt"}
        await h.resume(info.session, "go on")
        body = str(h.provider.requests[-1].json["messages"])
        assert "The user took your changes since step 2 back" in body and "- b.txt" in body


@pytest.mark.parametrize("place", ["s99", "c9", "e999999", "T7", "nonsense"])
async def test_a_place_that_is_not_there_is_told_in_one_line(tmp_path: Path, place: str) -> None:
    begin(tmp_path)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        with pytest.raises(RunError) as caught:
            await h.runs.rewinds.preview(Wish(info.session, place))
        assert "\n" not in str(caught.value) and len(str(caught.value)) > 20


async def test_switched_off_nothing_is_recorded_and_a_rewind_says_so(tmp_path: Path) -> None:
    begin(tmp_path)
    async with harness(tmp_path, WRITES, config="[snapshots]\nenabled = false\n") as h:
        info = await h.run()
        assert await taken(h) == [] and not (h.root / ".cairn/local/snapshots.git").exists()
        with pytest.raises(RunError, match=r"snapshots\.enabled = false"):
            await h.runs.rewinds.apply(Wish(info.session, "start"))
