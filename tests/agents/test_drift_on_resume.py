"""A session that is taken up learns what changed while it rested, before the model is asked anything."""

import asyncio
import subprocess
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from deadlines import deadline
from harness import Harness, harness
from scripted_provider import call, say

from cairn_agents import worktree
from cairn_agents.resting import resting
from cairn_memory.events import CheckpointWritten, DriftFound, StateChanged, WorkTreeSeen
from cairn_memory.places import Workspace

READ = call("read", path="a.py")
WINDOW = 16_000


def repository(folder: Path) -> Path:
    """The harness's folder as a git repository with a.py and b.py."""
    root = folder / "work"
    root.mkdir(parents=True)
    for name in ("a.py", "b.py"):
        (root / name).write_text("x = 1\n")
    for command in ("init -q -b main", "add -A", "commit -q -m begin"):
        git(root, *command.split())
    return root


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    subprocess.run(("git", *identity, *arguments), cwd=root, check=True, capture_output=True, timeout=30)


async def found(h: Harness) -> list[tuple[str, ...]]:
    return [each.lines for each in await h.payloads(DriftFound.kind) if isinstance(each, DriftFound)]


async def seen(h: Harness) -> list[WorkTreeSeen]:
    return [each for each in await h.payloads(WorkTreeSeen.kind) if isinstance(each, WorkTreeSeen)]


async def test_a_changed_file_is_told_before_the_next_request_goes_out(tmp_path: Path) -> None:
    root = repository(tmp_path)
    async with harness(tmp_path, [READ, say("read it"), say("again")]) as h:
        info = await h.run()
        (root / "a.py").write_text("x = 2\n")
        git(root, "checkout", "-qb", "side")
        since = h.log.last_seq
        await h.resume(info.session, "go on")
        (lines,) = await found(h)
        assert lines == ("branch: main -> side", "changed: a.py")
        kinds = [event.kind for event in await h.log.read(since, session=info.session)]
        assert kinds.index("drift.found") < kinds.index("message.host") < kinds.index("model.requested")
        said = h.conversation()[-2]["content"]
        assert "While this session rested" in str(said) and "- changed: a.py" in str(said)
        assert "read a file again before you change it" in str(said)


async def test_nothing_changed_is_no_event_and_no_token(tmp_path: Path) -> None:
    repository(tmp_path)
    async with harness(
        tmp_path, [READ, call("write", path="new.py", content="y"), say("ok"), say("yes")]
    ) as h:
        info = await h.run()
        before = len(h.conversation())
        await h.resume(info.session, "go on")
        assert await found(h) == [] and await h.payloads("message.host") == []
        assert len(h.conversation()) == before + 2, "the reply and the user's words"
        assert [event.seq for event in await h.events(WorkTreeSeen.kind)] != []


async def test_what_the_sessions_own_command_changed_is_no_drift(tmp_path: Path) -> None:
    repository(tmp_path)
    format_it = call("bash", command="echo 'x = 3' > a.py; git add -A; rm b.py")
    turns = [READ, call("read", path="b.py"), format_it, say("ok"), say("yes"), say("no")]
    async with harness(tmp_path, turns) as h:
        info = await h.run()
        await h.resume(info.session, "go on")
        assert await found(h) == []
        (h.root / "a.py").write_text("x = 4\n")
        await h.resume(info.session, "go on")
        assert await found(h) == [("changed: a.py",)]


async def test_after_a_kill_nobody_is_blamed_for_what_the_session_may_have_done(tmp_path: Path) -> None:
    async with harness(tmp_path, [READ, say("ok"), say("yes")]) as h:
        (h.root / "a.py").write_text("x = 1\n")
        session = (await h.run()).session
        await h.log.append(session, StateChanged(state="running"))
        await h.runs.open()  # as the next host after a kill
        (h.root / "a.py").write_text("x = 2\n")
        await h.resume(session, "go on")
        ((changed, killed),) = await found(h)
        assert changed == "changed: a.py" and "some of this may be its own doing" in killed


async def test_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    async with harness(tmp_path, [READ, say("ok"), say("yes"), say("no")]) as h:
        (h.root / "a.py").write_text("x = 1\n")
        info = await h.run()
        (h.root / "a.py").unlink()
        await h.resume(info.session, "go on")
        await h.resume(info.session, "go on")
        assert await found(h) == [("no longer there: a.py",)]


async def test_a_session_starts_without_drift_and_says_how_it_found_and_left_the_work_tree(
    tmp_path: Path,
) -> None:
    root = repository(tmp_path)
    commit = call("bash", command="git -c user.name=T -c user.email=t@l commit -qam more --allow-empty")
    async with harness(tmp_path, [commit, say("ok")]) as h:
        await h.run()
        assert await found(h) == []
        first, *_, last = await seen(h)
        assert first.branch == last.branch == "main" and first.head != last.head
        assert root == h.root


async def test_without_git_there_is_nothing_to_see(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("ok")]) as h:
        await h.run()
        assert await seen(h) == []


async def test_the_last_run_of_the_tests_is_named_with_the_changes(tmp_path: Path) -> None:
    tests = call("bash", command="true || pytest -q")
    async with harness(tmp_path, [READ, tests, say("ok"), say("yes")]) as h:
        (h.root / "a.py").write_text("x = 1\n")
        info = await h.run()
        (h.root / "a.py").write_text("x = 2\n")
        await h.resume(info.session, "go on")
        ran = (await h.events("tool.finished"))[1].seq
        assert await found(h) == [
            ("changed: a.py", f"tests: last passed at e{ran}, before these changes"),
        ]


async def test_a_checkpoint_says_how_the_work_tree_stands_when_it_is_other(tmp_path: Path) -> None:
    repository(tmp_path)
    big = "for i in $(seq 1 400); do echo line $i says lorem ipsum; done; echo {0} > c{0}.py"
    turns = [*(call("bash", command=big.format(number)) for number in range(12)), say("ok")]
    async with harness(tmp_path, turns, window=WINDOW) as h:
        await h.run(window=WINDOW)
        assert await h.payloads(CheckpointWritten.kind)
        looks = [event for event in await h.events(WorkTreeSeen.kind) if event.agent == "writer"]
        assert looks
        trees = [event.text for event in await h.events(WorkTreeSeen.kind)]
        assert all(one != other for one, other in pairwise(trees))


async def test_a_look_that_takes_long_holds_up_neither_rest_nor_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()

    def wait(*_: object) -> bool:
        return stuck.wait(30)

    monkeypatch.setattr(worktree, "PATIENCE", 0.2)
    monkeypatch.setattr(worktree, "look_at", wait)
    async with harness(tmp_path, [say("ok"), say("yes")]) as h, deadline(10):
        info = await h.run()
        assert info.state == "done"
        assert (await h.resume(info.session, "go on")).state == "done"
        stuck.set()


async def test_who_resumes_a_session_that_another_just_took_up_speaks_to_it(tmp_path: Path) -> None:
    async with harness(tmp_path, [say("ok"), say("yes"), say("and that")]) as h:
        info = await h.run()
        asked = [h.runs.resume(info.session, words, h.settings()) for words in ("one", "two")]
        await asyncio.gather(*asked)
        await h.rest(info.session)
        assert len(await h.events("session.resumed")) == 1
        assert {"one", "two"} <= {str(each["content"]) for each in h.conversation()}


# --- asked by a person before it goes on ----------------------------------------------------


async def test_branch_commits_and_files_are_told_and_nothing_is_asked_or_written(tmp_path: Path) -> None:
    root = repository(tmp_path)
    async with harness(tmp_path, [READ, say("read it")]) as h:
        info = await h.run()
        (root / "a.py").write_text("x = 2\n")
        git(root, "checkout", "-qb", "side")
        git(root, "commit", "-qam", "Double x, key ghp_16C7e42F292c6912E7710c838347Ae178B4a")
        asked, events = len(h.provider.requests), h.log.last_seq

        found = await resting(h.log, Workspace.of(root), info.session)

        assert [line.split(":")[0] for line in found.lines] == ["branch", "commit", "changed"]
        (commit,) = found.commits
        assert "Double x" in commit and "ghp_" not in commit
        assert (found.moved, found.killed) == ("", False)
        assert (len(h.provider.requests), h.log.last_seq) == (asked, events)


async def test_what_is_told_is_what_the_agent_hears_when_it_goes_on(tmp_path: Path) -> None:
    root = repository(tmp_path)
    async with harness(tmp_path, [READ, say("read it"), say("again")]) as h:
        session = (await h.run()).session
        await h.log.append(session, StateChanged(state="running"))
        await h.runs.open()  # as the next host after a kill
        (root / "a.py").unlink()

        found = await resting(h.log, Workspace.of(root), session)
        await h.resume(session, "go on")

        assert found.killed and found.lines[0] == "no longer there: a.py"
        (drift,) = await h.payloads("drift.found")
        assert getattr(drift, "lines", ()) == found.lines


async def test_a_copied_project_says_where_its_work_tree_lay(tmp_path: Path) -> None:
    root = repository(tmp_path)
    async with harness(tmp_path, [READ, say("read it")]) as h:
        session = (await h.run()).session
        other = tmp_path / "other"
        other.mkdir()

        found = await resting(h.log, Workspace.of(other), session)

        assert found.moved == str(root) and "no longer there: a.py" in found.lines
