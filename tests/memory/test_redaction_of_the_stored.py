"""A secret that an earlier version stored can be masked everywhere it lies, and the log stays verifiable."""

import os
from pathlib import Path

import pytest
from killing import kill_at_every_step
from works import GOING, SECRET, STAYING, at_work, fill, fill_with_secrets

from cairn_memory.blobs import BlobStore
from cairn_memory.events import FileVersioned, NoteAdded, ToolFinished, UserMessage
from cairn_memory.proof import seek
from cairn_memory.redact import PLACEHOLDER
from cairn_memory.redact.stored import Mask, redact_stored
from cairn_memory.verify import verify


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    await fill_with_secrets(folder)
    return folder


async def test_the_secret_is_in_no_file_any_more(project: Path) -> None:
    progress = project / ".cairn/local/tasks/T1/progress.md"
    progress.parent.mkdir(parents=True)
    progress.write_text(f"# T1\n\n- push with token {SECRET} please\n")
    assert len(seek([SECRET], [project]).hits) >= 5, "it was there"
    async with at_work(project) as (log, workspace):
        done = await redact_stored(log, workspace)
        assert seek([SECRET], [project]).hits == ()
        assert (done.events, done.blobs, done.files) == (6, 3, 3)
        said = [event.payload for event in await log.read(session=GOING)][-2]
        assert isinstance(said, UserMessage)
        assert PLACEHOLDER in said.text
    assert verify(project / ".cairn/local") == []


async def test_what_is_no_text_is_named_as_not_looked_into(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        ref = BlobStore(workspace.blobs).put(b"\xff\xfe" + SECRET.encode())
        (workspace.session(STAYING) / "picture").write_bytes(b"\xff\xd8")
        done = await redact_stored(log, workspace)
        assert len(done.skipped) == 2 and "picture" in done.skipped
        assert any(ref.digest.startswith(name) or name.startswith(ref.digest[:2]) for name in done.skipped)


async def test_events_point_at_the_masked_blobs_and_versions_still_follow_one_another(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        await redact_stored(log, workspace)
        blobs = BlobStore(workspace.blobs)
        payloads = [event.payload for event in await log.read(limit=1_000)]
        wholes = [each.whole for each in payloads if isinstance(each, ToolFinished) and each.whole]
        assert all(blobs.get(ref) for ref in wholes)
        second, third = [
            each
            for each in payloads
            if isinstance(each, FileVersioned) and STAYING in each.file and each.number > 1
        ]
        assert third.before == second.content.digest
        on_disk = (workspace.session(STAYING) / "checkpoint.md").read_bytes()
        assert on_disk == blobs.get(third.content), "what is on disk is still the newest version"


async def test_what_holds_no_secret_stays_byte_for_byte(tmp_path: Path) -> None:
    await fill(tmp_path / "clean")
    async with at_work(tmp_path / "clean") as (log, workspace):
        before = await log.read(limit=1_000)
        done = await redact_stored(log, workspace)
        assert (done.events, done.blobs, done.files) == (0, 0, 0)
        assert await log.read(limit=1_000) == before
        assert list(workspace.local.glob("damaged-*")), "nothing was found, so nothing is thrown away"


async def test_masking_again_changes_nothing(project: Path) -> None:
    async with at_work(project) as (log, workspace):
        await redact_stored(log, workspace)
        before = await log.read(limit=1_000)
        done = await redact_stored(log, workspace)
        assert (done.events, done.blobs, done.files) == (0, 0, 0)
        assert await log.read(limit=1_000) == before


async def test_memory_files_are_masked_by_who_keeps_their_versions(project: Path) -> None:
    seen: list[str] = []

    async def memory_files(mask: Mask) -> int:
        seen.append(mask(f"key {SECRET}"))
        return 2

    async with at_work(project) as (log, workspace):
        done = await redact_stored(log, workspace, memory_files=memory_files)
    assert done.memory_files == 2
    assert PLACEHOLDER in seen[0]


async def test_events_of_a_later_version_are_masked_and_kept(project: Path) -> None:
    from works import Blind

    from cairn_memory.events import Payload
    from cairn_memory.store import open_log

    class Later(Payload):
        kind = "later.kind"
        text: str
        more: tuple[str, ...] = ()

    log, _ = await open_log(project / ".cairn/local", Blind())
    await log.append("s", Later(text=f"token {SECRET}", more=("kept", f"and {SECRET}")))
    await log.close()
    del Payload.registry["later.kind"]
    async with at_work(project) as (log, workspace):
        await redact_stored(log, workspace)
        (event,) = await log.read(kinds=["later.kind"])
    assert SECRET not in event.text
    assert '"kept"' in event.text


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.chaos
@pytest.mark.timeout(200)
async def test_a_kill_at_any_step_leaves_the_old_log_or_the_masked_one(project: Path, tmp_path: Path) -> None:
    outcomes: list[bool] = []
    for copy in kill_at_every_step(project, tmp_path / "out", "redact"):
        async with at_work(copy) as (log, workspace):
            events = await log.read(limit=1_000)
            secret = sum(SECRET in event.text for event in events)
            assert secret in (0, 4)
            outcomes.append(secret == 0)
            blobs = BlobStore(workspace.blobs)
            for event in events:
                if isinstance(event.payload, ToolFinished) and event.payload.whole:
                    assert blobs.get(event.payload.whole)
            if secret == 0:
                assert seek([SECRET], [workspace.local]).hits == ()
            await log.append(STAYING, NoteAdded(text="goes on"))
        assert verify(copy / ".cairn/local") == []
    assert outcomes == sorted(outcomes)
    assert {False, True} == set(outcomes)
