"""The workspace was renamed or copied, or a worktree removed: its sessions go on where it lies now."""

import shutil
import subprocess
from pathlib import Path

from harness import Harness, harness
from scripted_provider import Turn, call, say

from cairn_memory.events import (
    DriftFound,
    NoteAdded,
    SessionResumed,
    SessionStarted,
    StateChanged,
    TaskChanged,
    UserMessage,
)
from cairn_memory.events.conversation import FileEffect, ToolFinished
from cairn_memory.places import Workspace

FIRST = [
    call("read", path="a.py"),
    call("task", action="create", title="oil the wheel"),
    call("note", text="the wheel squeaks"),
    say("so far"),
]


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *identity, *arguments), cwd=root, check=True, capture_output=True, timeout=30)


async def begin(folder: Path, turns: list[Turn] | None = None) -> str:
    """A session in `folder`/work that read a.py and rests; the host is gone afterwards."""
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "a.py").write_text("x = 1\n")
    async with harness(folder, turns or FIRST) as h:
        return (await h.run("Look after the mill.", model="scripted")).session


async def host_message(h: Harness) -> str:
    return "".join(event.text for event in await h.events("message.host"))


async def test_a_renamed_workspace_goes_on_with_all_it_had(tmp_path: Path) -> None:
    session = await begin(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    old, new = str(tmp_path / "before" / "work"), tmp_path / "after" / "work"
    (new / "a.py").write_text("x = 2\n")
    turns = [call("edit", path="a.py", old="x = 2", new="x = 3"), call("bash", command="pwd"), say("ok")]
    async with harness(tmp_path / "after", turns) as h:
        (info,) = h.runs.list()
        assert info.root == old, "listed as before"
        assert [task.title for task in h.runs.memory.tasks.order()] == ["oil the wheel"]
        info = await h.resume(session, "go on")
        assert (info.state, info.root) == ("done", str(new))
        (resumed,) = await h.payloads(SessionResumed.kind)
        assert isinstance(resumed, SessionResumed) and resumed.root == str(new)
        (found,) = await h.payloads(DriftFound.kind)
        assert isinstance(found, DriftFound)
        assert found.lines == (f"work tree: {old} -> {new}", "changed: a.py")
        assert f"lies in {new} now" in await host_message(h)
        results = [each for each in await h.payloads("tool.finished") if isinstance(each, ToolFinished)]
        assert results[-2].outcome == "error", "what it saw is out of date: the edit is refused"
        assert str(new) in results[-1].text
        assert [each.text for each in await h.payloads(NoteAdded.kind) if isinstance(each, NoteAdded)]
    async with harness(tmp_path / "after", [say("again")]) as h:
        (info,) = h.runs.list()
        assert info.root == str(new), "what is listed later is where it is now"
        await h.resume(session, "and on")
        assert len(await h.payloads(DriftFound.kind)) == 1, "told once"


async def test_a_file_that_did_not_change_can_be_edited_at_once_in_the_new_place(tmp_path: Path) -> None:
    session = await begin(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    async with harness(
        tmp_path / "after", [call("edit", path="a.py", old="x = 1", new="x = 3"), say("ok")]
    ) as h:
        await h.resume(session, "go on")
        assert (h.root / "a.py").read_text() == "x = 3\n"


async def test_a_copy_never_works_in_the_original(tmp_path: Path) -> None:
    session = await begin(tmp_path / "original")
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    async with harness(tmp_path / "copy", [call("write", path="new.py", content="y"), say("ok")]) as h:
        await h.resume(session, "go on")
        assert (h.root / "new.py").exists()
        assert not (tmp_path / "original" / "work" / "new.py").exists()


async def test_a_session_of_another_system_goes_on_here(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("edit", path="src/a.py", old="x", new="y"), say("ok")]) as h:
        (h.root / "src").mkdir()
        (h.root / "src" / "a.py").write_text("x")
        digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        effect = FileEffect(path="C:\\Users\\me\\proj\\src\\a.py", before=digest, after=digest)
        await h.log.append(
            "s-1",
            SessionStarted(goal="g", root="C:\\Users\\me\\proj", model="scripted"),
            UserMessage(text="g"),
            ToolFinished(step=1, call="c", name="read", effect=effect),
            StateChanged(state="done"),
        )
        await h.runs.open()
        info = await h.resume("s-1", "go on")
        assert (info.state, info.root) == ("done", str(h.root))
        assert (h.root / "src" / "a.py").read_text() == "y"
        assert "C:\\\\Users\\\\me\\\\proj" in await host_message(h)


async def test_worktrees_share_the_memory_and_each_session_works_in_its_own(tmp_path: Path) -> None:
    root, side = tmp_path / "work", tmp_path / "side"
    root.mkdir()
    (root / "a.py").write_text("x = 1\n")
    for command in ("init -q -b main", "add -A", "commit -q -m begin", f"worktree add -q {side}"):
        git(root, *command.split())
    assert Workspace.of(side).folder == Workspace.of(root).folder
    turns = [
        call("task", action="create", title="oil the wheel"),
        say("ok"),
        call("task", action="list"),
        call("write", path="here.py", content="y"),
        say("ok"),
        call("bash", command="pwd"),
        say("ok"),
    ]
    async with harness(tmp_path, turns, config="[guards]\nopen_tasks = 0") as h:
        await h.run()
        await h.runs.memory.claims.remember("The mill has one wheel.", "fact", "project", by="user")
        session, _ = await h.runs.start("And here?", side, "build", h.settings())
        info = await h.rest(session)
        assert info.root == str(side) and (side / "here.py").exists()
        assert not (root / "here.py").exists()
        sent = str(h.provider.requests[-1].json["messages"])
        assert "The mill has one wheel." in sent and "oil the wheel" in sent
        git(root, "worktree", "remove", "--force", str(side))
        info = await h.resume(session, "the worktree is gone")
        assert info.root == str(root)
        assert "lies in" in await host_message(h)
        last = [each for each in await h.payloads("tool.finished") if isinstance(each, ToolFinished)][-1]
        assert last.text.strip() == str(root)


async def test_everything_is_listed_searched_and_remembered_as_before(tmp_path: Path) -> None:
    async with harness(tmp_path / "before", FIRST) as h:
        (h.root / "a.py").write_text("x = 1")
        session = (await h.run("Look after the mill.")).session
        await h.runs.memory.claims.remember("The mill has one wheel.", "fact", by="user")
    (tmp_path / "before").rename(tmp_path / "after")
    async with harness(tmp_path / "after", [say("ok")]) as h:
        assert [info.session for info in h.runs.list()] == [session]
        assert [event.session for event in await h.events(NoteAdded.kind, TaskChanged.kind)] == [session] * 2
        assert [claim.text for claim in await h.runs.memory.claims.all()] == ["The mill has one wheel."]
        index = await h.runs.memory.index()
        assert session in {hit.session for hit in (await index.search("wheel squeaks")).hits}
