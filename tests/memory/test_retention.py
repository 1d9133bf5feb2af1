"""Old sessions at rest go by age and by size, the oldest first; what runs, waits, or is memory stays."""

import os
from pathlib import Path

import pytest
from killing import kill_at_every_step
from works import GOING, STAYING, at_work, converse, fill

from cairn_memory.blobs import BlobStore
from cairn_memory.events import (
    BlobRef,
    CheckpointWritten,
    ClaimRemembered,
    NoteAdded,
    SessionStarted,
    StateChanged,
)
from cairn_memory.log import EventLog
from cairn_memory.retention import Expired, Policy, expire, sweep
from cairn_memory.verify import verify

DAY = 86_400_000


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    await fill(tmp_path / "project")
    return tmp_path / "project"


async def sessions(log: EventLog) -> set[str]:
    return {event.session for event in await log.read(limit=100_000)} - {""}


async def now_of(log: EventLog) -> int:
    return (await log.read(limit=1, newest=True))[0].time


async def test_without_limits_nothing_goes(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        before = await log.read(limit=1_000)
        assert await expire(log, workspace, Policy(), now=lambda: 10**13) == Expired(orphans=0)
        assert await log.read(limit=1_000) == before


async def test_sessions_go_when_they_are_older_than_the_days_kept(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        now = await now_of(log)
        assert (await expire(log, workspace, Policy(keep_days=2), now=lambda: now + DAY)).sessions == ()
        later = await expire(log, workspace, Policy(keep_days=2), now=lambda: now + 3 * DAY)
        assert later.sessions == (GOING, STAYING)
        assert await sessions(log) == set()
        assert not workspace.session(GOING).exists()
        assert (workspace.folder / "MEMORY.md").exists(), "the project's memory stays"
    assert {problem.kind for problem in verify(project / ".cairn/local")} == {"erased"}


@pytest.mark.parametrize("state", ["running", "waiting", None])
async def test_what_runs_or_waits_never_goes(project: Path, state: str | None) -> None:
    async with at_work(project) as (log, workspace):
        await log.append("busy", SessionStarted(goal="long work", root="/"))
        if state is not None:
            await log.append("busy", StateChanged.model_validate({"state": state}))
        await expire(log, workspace, Policy(keep_days=1, keep_mb=1), busy=[GOING], now=lambda: 10**13)
        assert await sessions(log) == {"busy", GOING}


async def test_above_the_size_the_sessions_longest_at_rest_go_first(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        for number in range(3):
            whole = BlobStore(workspace.blobs).put(os.urandom(1_000_000).hex().encode())
            await converse(log, BlobStore(workspace.blobs), f"s{number}")
            await log.append(f"s{number}", NoteAdded(text=whole.digest))
            point = CheckpointWritten(number=9, covers=1, data=whole)
            await log.append(f"s{number}", point, StateChanged(state="done"))
        done = await expire(log, workspace, Policy(keep_mb=5))
        assert {GOING, STAYING, "s0"} >= set(done.sessions)
        assert "s0" in done.sessions
        assert await sessions(log) >= {"s1", "s2"}


async def test_old_checkpoints_say_that_their_content_is_gone(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        blobs = BlobStore(workspace.blobs)
        refs: list[BlobRef] = []
        for number in range(40):
            refs.append(blobs.put(f"checkpoint number {number}".encode()))
            await log.append("many", CheckpointWritten(number=number, covers=1, data=refs[-1]))
        for path in workspace.blobs.rglob("*"):
            if path.is_file():
                os.utime(path, (1, 1))
        done = await expire(log, workspace, Policy(keep_days=10_000))
        assert done.checkpoints == 35
        points = [event.payload for event in await log.read(session="many")]
        assert [point.expired for point in points if isinstance(point, CheckpointWritten)] == [True] * 35 + [
            False
        ] * 5
        assert [blobs.path(ref).exists() for ref in refs] == [False] * 35 + [True] * 5
    assert verify(project / ".cairn/local") == []


async def test_blobs_that_nothing_points_at_go_after_an_hour(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        blobs = BlobStore(workspace.blobs)
        used = {ref.digest for ref, _ in blobs.all()}
        fresh, old = blobs.put(b"its event is on its way"), blobs.put(b"a kill came before its event")
        for ref, path in blobs.all():
            if ref != fresh:
                os.utime(path, (1, 1))
        now = await now_of(log)
        assert await sweep(log, workspace, now) == 1
        assert {ref.digest for ref, _ in blobs.all()} == {*used, fresh.digest}
        assert not blobs.path(old).exists()
        put = round(blobs.path(fresh).stat().st_mtime * 1_000)
        assert await sweep(log, workspace, put + 3_500_000) == 0
        assert await sweep(log, workspace, put + 3_700_000) == 1
        assert not blobs.path(fresh).exists()
    assert verify(project / ".cairn/local") == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.chaos
@pytest.mark.timeout(200)
async def test_a_kill_at_any_step_takes_a_session_whole_or_not(project: Path, tmp_path: Path) -> None:
    outcomes: set[frozenset[str]] = set()
    for copy in kill_at_every_step(project, tmp_path / "out", "expire_all"):
        async with at_work(copy) as (log, workspace):
            left = await sessions(log)
            outcomes.add(frozenset(left))
            assert workspace.session(GOING).exists() == (GOING in left)
        assert {problem.kind for problem in verify(copy / ".cairn/local")} <= {"erased"}
    assert outcomes == {frozenset({GOING, STAYING}), frozenset({STAYING})}


async def test_what_no_session_did_never_goes(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        await log.append("host", ClaimRemembered(claim="c2", text="said by hand", about="fact"))
        done = await expire(log, workspace, Policy(keep_days=1), now=lambda: 10**13)
        assert done.sessions == (GOING, STAYING)
        assert await sessions(log) == {"host"}
