"""What is deleted is gone: from the log, its free pages and its write-ahead file, and from every file beside it."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from killing import kill_at_every_step
from stored import execute
from works import GOING, STAYING, at_work, fill, masker, words

from cairn_memory.blobs import BlobStore
from cairn_memory.erase import erase
from cairn_memory.errors import StoreError
from cairn_memory.events import Event, LogRewritten, NoteAdded, ToolFinished
from cairn_memory.log import EventLog
from cairn_memory.proof import seek
from cairn_memory.scopes import Everything, OneSession, ProjectMemory
from cairn_memory.store import open_log
from cairn_memory.verify import ERASED, verify

WHATS = ("the whole output of the tests", "the checkpoint", "the goal", "the order", "echo", "the reply")
MORE = ("out", "the task", "the run")


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    await fill(folder)
    return folder


def texts_of(session: str) -> list[str]:
    return [words(session, what) for what in (*WHATS, *MORE)]


async def everything(log: EventLog) -> list[Event]:
    return await log.read(limit=100_000)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_nothing_of_a_deleted_session_is_left_in_any_file(project: Path) -> None:
    assert seek(texts_of(GOING), [project]).hits, "it was there"
    async with at_work(project) as (log, workspace):
        erasure = await erase(log, workspace, OneSession(GOING))
        assert seek(texts_of(GOING), [project]).hits == ()
        assert erasure.proof.hits == ()
        assert erasure.proof.sought >= 8
        assert erasure.proof.files >= 5
        assert {event.session for event in await everything(log)} == {"", STAYING}
    assert seek(texts_of(GOING), [project]).hits == ()


async def test_what_stays_is_whole(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        before = [event for event in await everything(log) if event.session == STAYING]
        await erase(log, workspace, OneSession(GOING))
        assert [event for event in await everything(log) if event.session == STAYING] == before
        assert (workspace.session(STAYING) / "run.md").exists()
    async with at_work(project) as (log, _):
        assert [event for event in await everything(log) if event.session == STAYING] == before


async def test_the_log_says_that_it_was_erased_on_purpose_and_is_not_damaged(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        erasure = await erase(log, workspace, OneSession(GOING))
        last = (await everything(log))[-1].payload
        assert isinstance(last, LogRewritten)
        assert (last.erased, last.changed) == (erasure.events, 0)
    (problem,) = verify(project / ".cairn/local")
    assert (problem.kind, problem.detail) == ("erased", ERASED)
    assert problem.where.startswith(f"{erasure.events} events")


async def test_numbers_go_on_and_are_never_given_again(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        last = log.last_seq
        await erase(log, workspace, Everything())
        (event,) = await log.append("s", NoteAdded(text="afterwards"))
        assert event.seq > last
        assert await log.read(event.seq - 1) == [event]
    async with at_work(project) as (log, _):
        assert [each.seq for each in await everything(log)][-1] == event.seq


async def test_readers_that_follow_get_what_comes_after_a_deletion(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        since = log.last_seq
        waiting = asyncio.create_task(log.wait(since))
        await erase(log, workspace, OneSession(GOING))
        await asyncio.wait_for(waiting, 10)
        assert [event.kind for event in await log.read(since)] == ["log.rewritten"]
        assert all(event.session != GOING for event in await log.read(0))


async def test_one_can_delete_again_and_again(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        for scope in (OneSession(GOING), ProjectMemory(), OneSession(STAYING)):
            await log.append("other", NoteAdded(text=f"before {scope.reason}"))
            assert (await erase(log, workspace, scope)).proof.hits == ()
        assert {event.session for event in await everything(log)} == {"", "other"}
    assert [problem.kind for problem in verify(project / ".cairn/local")] == ["erased"]
    async with at_work(project) as (log, _):
        pass


async def test_a_blob_that_another_session_uses_stays(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        await erase(log, workspace, OneSession(GOING))
        blobs = BlobStore(workspace.blobs)
        whole = [
            event.payload.whole
            for event in await everything(log)
            if isinstance(event.payload, ToolFinished) and event.payload.whole
        ]
        assert len(whole) == 2
        assert all(blobs.get(ref) for ref in whole)


async def test_a_blob_put_while_its_twin_is_removed_is_not_lost(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    ref = blobs.put(b"the same content twice")
    os.utime(blobs.path(ref), (1, 1))
    assert blobs.put(b"the same content twice") == ref
    assert not blobs.remove(ref, before=2_000)
    assert blobs.get(ref) == b"the same content twice"
    os.utime(blobs.path(ref), (1, 1))
    assert blobs.remove(ref, before=2_000)
    assert not list(tmp_path.rglob("*.leaving"))


async def test_the_projects_memory_goes_and_the_sessions_stay(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        erasure = await erase(log, workspace, ProjectMemory(), running=[STAYING])
        assert erasure.proof.hits == ()
        assert not (workspace.folder / "MEMORY.md").exists()
        kinds = {event.kind for event in await everything(log)}
        assert not any(kind.startswith(("claim.", "task.")) for kind in kinds)
        assert {event.session for event in await everything(log)} == {"", GOING, STAYING}
    assert seek(["builds are made at night by a robot"], [project]).hits == ()


async def test_everything_takes_everything_but_the_settings(project: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"
    prompts.write_text("an order the user typed at the prompt once\n")
    (project / ".cairn/config.toml").write_text('mode = "plan"\n')
    async with at_work(project) as (log, workspace):
        erasure = await erase(log, workspace, Everything(), user_files=[prompts])
        assert erasure.proof.hits == ()
        assert [event.kind for event in await everything(log)] == ["log.rewritten"]
        assert not prompts.exists()
    left = {name for name in files(project / ".cairn") if not name.startswith("local/cairn.db")}
    assert left == {".gitignore", "config.toml", "local/watermark", "local/host.log"}
    assert (project / ".cairn/local/host.log").read_bytes() == b""
    assert seek([*texts_of(GOING), *texts_of(STAYING)], [project, tmp_path]).hits == ()


async def test_a_session_at_work_is_not_deleted(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        before = await everything(log)
        for scope in (OneSession(GOING), Everything()):
            with pytest.raises(StoreError, match="interrupt it first"):
                await erase(log, workspace, scope, running=[GOING])
        assert await everything(log) == before


@pytest.mark.parametrize("name", ["", "..", "../../etc", "a/b", ".hidden", "x" * 101])
async def test_a_name_that_is_no_sessions_deletes_nothing(project: Path, name: str) -> None:
    async with at_work(project) as (log, workspace):
        before = files(project)
        with pytest.raises(StoreError, match="no session"):
            await erase(log, workspace, OneSession(name))
        assert files(project) == before


async def test_the_proof_finds_what_was_left_behind(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        forgotten = workspace.local / "someone's copy"
        forgotten.write_text(words(GOING, "the goal"))
        erasure = await erase(log, workspace, OneSession(GOING))
        assert erasure.proof.hits == (str(forgotten),)


async def test_what_both_sessions_said_is_no_hit(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        for session in (GOING, STAYING):
            await log.append(session, NoteAdded(text="the very same long note in two sessions"))
        assert (await erase(log, workspace, OneSession(GOING))).proof.hits == ()


async def test_appends_meanwhile_come_after_and_none_is_lost(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        erasing = asyncio.create_task(erase(log, workspace, OneSession(GOING), running=["busy"]))
        seqs = [(await log.append("busy", NoteAdded(text=f"note {n}")))[0].seq for n in range(200)]
        await erasing
        assert [event.seq for event in await log.read(session="busy")] == seqs
    assert {problem.kind for problem in verify(project / ".cairn/local")} == {"erased"}


async def test_damage_from_before_is_still_seen_after_a_deletion(project: Path) -> None:
    local = project / ".cairn/local"
    async with at_work(project) as (log, workspace):
        for n in range(80):
            await log.append("other", NoteAdded(text=f"note {n}"))
        altered = next(event.seq for event in await everything(log) if event.session == STAYING)
    execute(local, "UPDATE events SET time = 1 WHERE seq = ?", altered)
    assert ("altered", f"event {altered}") in {(each.kind, each.where) for each in verify(local)}
    async with at_work(project) as (log, workspace):
        await erase(log, workspace, OneSession(GOING))
    assert ("altered", f"event {altered}") in {(each.kind, each.where) for each in verify(local)}


async def test_a_salvage_remembers_what_was_erased(project: Path) -> None:
    local = project / ".cairn/local"
    async with at_work(project) as (log, workspace):
        await erase(log, workspace, OneSession(GOING))
        last = (await log.append(STAYING, NoteAdded(text="the last")))[0].seq
    execute(local, "DELETE FROM events WHERE seq = ?", last)
    log, problems = await open_log(local, masker())
    await log.append(STAYING, NoteAdded(text="goes on"))
    await log.close()
    assert len(problems) == 1
    assert problems[0].count(f"event {last}") == 1
    assert "events 2" not in problems[0]
    assert {problem.kind for problem in verify(local)} == {"erased", "lost"}


@pytest.mark.parametrize("path", ["../../out", "/etc/hostname", "sessions/../../out", "..", "."])
async def test_a_database_from_elsewhere_cannot_name_files_outside(project: Path, path: str) -> None:
    outside = project / "out"
    outside.write_text("somebody's file")
    before = files(project)
    execute(
        project / ".cairn/local",
        "INSERT INTO rewrites (seq, before, after, leftovers) VALUES (1, x'', x'', ?)",
        f'[["remove", "{path}", 0]]',
    )
    async with at_work(project):
        pass
    assert files(project) - before <= {".cairn/local/cairn.db-wal", ".cairn/local/cairn.db-shm"}
    assert outside.exists()
    assert before <= files(project)


async def test_bytes_in_free_pages_go_even_where_sqlite_would_leave_them(project: Path) -> None:
    local = project / ".cairn/local"
    with closing(sqlite3.connect(local / "cairn.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE earlier (text TEXT)")
        rows = [(f"row {n}: what an earlier version left in a free page" * 20,) for n in range(200)]
        connection.executemany("INSERT INTO earlier VALUES (?)", rows)
        connection.execute("DROP TABLE earlier")
    text = "what an earlier version left in a free page"
    assert seek([text], [local]).hits, "it is still there"
    async with at_work(project) as (log, workspace):
        await erase(log, workspace, OneSession(GOING))
        assert seek([text], [local]).hits == ()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.timeout(180)
async def test_a_kill_at_any_step_leaves_all_or_nothing_and_the_next_start_finishes(
    project: Path, tmp_path: Path
) -> None:
    copies = kill_at_every_step(project, tmp_path / "out", "erase_a_session")
    assert len(copies) > 30
    async with at_work(project) as (log, _):
        whole = {event.seq for event in await everything(log)}
    outcomes: list[bool] = []
    for copy in copies:
        async with at_work(copy) as (log, workspace):
            seqs = {event.seq for event in await everything(log)}
            gone = len(seqs & whole) < len(whole)
            outcomes.append(gone)
            if gone:
                assert seek(texts_of(GOING), [workspace.local]).hits == ()
                assert not workspace.session(GOING).exists()
            else:
                assert seqs == whole
                assert (workspace.session(GOING) / "run.md").exists()
            await log.append(STAYING, NoteAdded(text="goes on"))
        assert {problem.kind for problem in verify(copy / ".cairn/local")} <= {"erased"}
    assert outcomes == sorted(outcomes), "nothing, up to the commit; all, from it on"
    assert {False, True} == set(outcomes)


@pytest.mark.parametrize("scope", [ProjectMemory(), Everything()], ids=["project", "everything"])
async def test_what_a_kill_left_beside_the_memory_goes_with_it(
    project: Path, scope: ProjectMemory | Everything
) -> None:
    staged = project / ".cairn/.MEMORY.md.version-2.tmp"
    other = project / ".cairn/.MEMORY.md.swp"
    for each in (staged, other):
        each.write_text("- the project's builds are made at night by a robot\n")
    async with at_work(project) as (log, workspace):
        await erase(log, workspace, scope)
    assert not staged.exists()
    assert other.exists(), "an editor's own file is not ours to remove"
