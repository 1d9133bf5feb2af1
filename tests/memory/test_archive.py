"""What is exported comes back whole elsewhere, once; a damaged or hostile archive is refused as a whole."""

import asyncio
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from killing import kill_at_every_step
from works import GOING, SECRET, STAYING, at_work, converse, fill, fill_with_secrets

from cairn_memory.archive.export import export
from cairn_memory.archive.format import ArchiveRefused, check
from cairn_memory.archive.restore import Restored, restore
from cairn_memory.blobs import BlobStore
from cairn_memory.errors import StoreError
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    BlobRef,
    CheckpointWritten,
    ClaimRemembered,
    ContractSet,
    Event,
    FileVersioned,
    ModelReplied,
    NoteAdded,
    PermissionGranted,
    ReceiptItem,
    ReceiptWritten,
    SessionStarted,
    StandingAnswer,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    UserMessage,
)
from cairn_memory.proof import seek
from cairn_memory.sessions import SessionFold
from cairn_memory.verify import verify


@pytest.fixture
async def project(tmp_path: Path) -> Path:
    await fill(tmp_path / "project")
    return tmp_path / "project"


async def archive_of(project: Path, session: str = "") -> Path:
    target = project.parent / f"{session or 'all'}.cairn"
    async with at_work(project) as (log, workspace):
        await export(log, workspace, target, session)
    return target


async def taken_in(folder: Path, source: Path) -> tuple[Restored, list[Event]]:
    folder.mkdir(exist_ok=True)
    async with at_work(folder) as (log, workspace):
        done = await restore(log, workspace, source)
        return done, await log.read(limit=100_000)


def course(events: list[Event], session: str) -> list[tuple[str, int]]:
    return [(event.kind, event.time) for event in events if event.session == session]


async def test_a_project_comes_back_whole_in_an_empty_workspace(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project)
    done, events = await taken_in(tmp_path / "new", source)
    async with at_work(project) as (log, _):
        before = await log.read(limit=100_000)
    assert done.sessions == {GOING: GOING, STAYING: STAYING}
    for session in (GOING, STAYING):
        assert course(events, session) == course(before, session)
    memory = (project / ".cairn/MEMORY.md").read_bytes()
    assert (tmp_path / "new/.cairn/MEMORY.md").read_bytes() == memory
    assert verify(tmp_path / "new/.cairn/local") == [], "every blob is there, too"


async def test_the_same_archive_twice_adds_nothing(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project)
    _, first = await taken_in(tmp_path / "new", source)
    done, second = await taken_in(tmp_path / "new", source)
    assert second == first
    assert (done.sessions, done.present, done.events) == ({}, (GOING, STAYING), 0)
    done, _ = await taken_in(project, source)
    assert done.events == 0, "nor where it comes from"


async def test_a_session_that_went_on_after_its_import_is_not_taken_again(
    project: Path, tmp_path: Path
) -> None:
    source = await archive_of(project, GOING)
    await taken_in(tmp_path / "new", source)
    async with at_work(tmp_path / "new") as (log, _):
        await log.append(GOING, NoteAdded(text="goes on here"))
    done, _ = await taken_in(tmp_path / "new", source)
    assert done.present == (GOING,)
    assert done.events == 0


async def test_a_session_whose_name_is_taken_gets_another(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project, GOING)
    async with at_work(await _made(tmp_path / "new")) as (log, _):
        await log.append(GOING, NoteAdded(text="another session of that name"))
    done, events = await taken_in(tmp_path / "new", source)
    name = done.sessions[GOING]
    assert name.startswith(f"{GOING}-")
    assert len([event for event in events if event.session == GOING]) == 1
    files = [event.payload.file for event in events if isinstance(event.payload, FileVersioned)]
    assert set(files) == {f"sessions/{name}/checkpoint.md"}
    again, _ = await taken_in(tmp_path / "new", source)
    assert again.events == 0


async def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_references_by_number_follow_the_new_numbers(project: Path, tmp_path: Path) -> None:
    async with at_work(project) as (log, workspace):
        (said,) = await log.append("refs", UserMessage(text="look here"))
        n = said.seq
        blobs = BlobStore(workspace.blobs)
        point = blobs.put(json.dumps({"covers": n, "intent": [{"text": "x", "events": [n]}]}).encode())
        notes = blobs.put(f"- as seen in e{n}, not in release12\n".encode())
        await log.append(
            "refs",
            TaskChanged(task="T9", title="t", evidence=(n,)),
            ClaimRemembered(claim="c9", text="t", about="fact", sources=(n,)),
            CheckpointWritten(number=1, covers=n, data=point, notes=(n,)),
            ReceiptWritten(
                window=1, budget=1, tokens=1, items=(ReceiptItem(section="s", refs=(f"e{n}", "T9")),)
            ),
        )
        await log.append("", FileVersioned(file="sessions/refs/notes.md", number=1, content=notes))
    folder = await _made(tmp_path / "new")
    async with at_work(folder) as (log, _):
        await log.append("other", *[NoteAdded(text=str(number)) for number in range(n + 7)])
    _, events = await taken_in(folder, await archive_of(project, "refs"))
    new = next(event.seq for event in events if isinstance(event.payload, UserMessage))
    assert new != n
    blobs = BlobStore(folder / ".cairn/local/blobs")
    for payload in (event.payload for event in events):
        if isinstance(payload, TaskChanged):
            assert payload.evidence == (new,)
        elif isinstance(payload, ClaimRemembered):
            assert payload.sources == (new,)
        elif isinstance(payload, CheckpointWritten):
            assert (payload.covers, payload.notes) == (new, (new,))
            inner = json.loads(blobs.get(payload.data))
            assert inner == {"covers": new, "intent": [{"text": "x", "events": [new]}]}
        elif isinstance(payload, ReceiptWritten):
            assert payload.items[0].refs == (f"e{new}", "T9")
        elif isinstance(payload, FileVersioned):
            assert blobs.get(payload.content) == f"- as seen in e{new}, not in release12\n".encode()


async def test_the_workspaces_own_memory_is_never_written_over(project: Path, tmp_path: Path) -> None:
    folder = await _made(tmp_path / "new")
    async with at_work(folder) as (_, workspace):
        (workspace.folder / "MEMORY.md").write_text("# ours\n")
    done, events = await taken_in(folder, await archive_of(project))
    assert done.left == ("project/MEMORY.md",)
    assert (folder / ".cairn/MEMORY.md").read_text() == "# ours\n"
    files = {event.payload.file for event in events if isinstance(event.payload, FileVersioned)}
    assert "project/MEMORY.md" not in files


async def test_what_was_allowed_elsewhere_is_not_allowed_here(tmp_path: Path) -> None:
    there = await _made(tmp_path / "there")
    async with at_work(there) as (log, _):
        await log.append("s", SessionStarted(goal="g", root="/home/somebody", approve_all=True))
    _, events = await taken_in(await _made(tmp_path / "here"), await archive_of(there))
    started, rest = (event.payload for event in events)
    assert isinstance(started, SessionStarted)
    assert (started.approve_all, started.root) == (False, str(tmp_path / "here"))
    assert isinstance(rest, StateChanged)
    assert rest.state == "interrupted", "it does not set out by itself"


async def test_secrets_of_elsewhere_are_masked_on_the_way_in(tmp_path: Path) -> None:
    await fill_with_secrets(tmp_path / "there")
    source = await archive_of(tmp_path / "there")
    folder = tmp_path / "here"
    done, events = await taken_in(folder, source)
    assert done.events > 10
    assert seek([SECRET], [folder]).hits == ()
    for event in events:
        if isinstance(event.payload, ToolFinished) and event.payload.whole:
            assert BlobStore(folder / ".cairn/local/blobs").get(event.payload.whole)
    assert verify(folder / ".cairn/local") == []


async def test_a_damaged_archive_is_refused_whole(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project)
    good = source.read_bytes()
    folder = await _made(tmp_path / "new")
    for at in range(40, len(good), len(good) // 60):
        source.write_bytes(good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1 :])
        try:
            check(source)
        except ArchiveRefused as error:
            assert "\n" not in str(error)
            assert "nothing was taken" in str(error)
    for cut in (0, 10, len(good) // 2, len(good) - 1):
        source.write_bytes(good[:cut])
        with pytest.raises(ArchiveRefused, match="nothing was taken"):
            await taken_in(folder, source)
    async with at_work(folder) as (log, _):
        assert log.last_seq == 0


def rebuilt(source: Path, change: dict[str, bytes | None]) -> None:
    """The archive with some files added, replaced or (None) left out, its manifest as it was."""
    with zipfile.ZipFile(source) as old:
        files: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()} | change
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in files.items():
            if data is not None:
                new.writestr(name, data)


def relisted(source: Path, old: str, name: str, **fields: object) -> None:
    """The archive with one member under another name, its manifest in step."""
    with zipfile.ZipFile(source) as archive:
        manifest, data = json.loads(archive.read("manifest.json")), archive.read(old)
    for member in manifest["members"]:
        if member["name"] == old:
            member.update(name=name, **fields)
    rebuilt(source, {old: None, name: data, "manifest.json": json.dumps(manifest).encode()})


@pytest.mark.parametrize(
    "name",
    [
        *("../../outside.md", "/etc/outside.md", "memory/../../outside.md", "memory/sessions/../notes.md"),
        *("memory/sessions/a/../../../x/notes.md", "memory/project/../config.toml", "blobs/../cairn.db"),
        *("memory/sessions/..\\..\\x/notes.md", "memory/tasks/T1/../../x.md", "cairn.db"),
    ],
)
async def test_no_path_leads_out_of_the_folder(project: Path, tmp_path: Path, name: str) -> None:
    source = await archive_of(project)
    relisted(source, "memory/project/MEMORY.md", name)
    folder = await _made(tmp_path / "new")
    before = {path for path in tmp_path.rglob("*") if folder not in path.parents}
    with pytest.raises(ArchiveRefused):
        await taken_in(folder, source)
    assert {path for path in tmp_path.rglob("*") if folder not in path.parents} == before


@pytest.mark.parametrize(
    "change",
    [
        {"manifest.json": None},
        {"manifest.json": b"{}"},
        {"manifest.json": b'{"format": "cairn-archive", "version": 2}'},
        {"more": b"a file that nobody listed"},
        {"memory/project/MEMORY.md": b"- another rule\n"},
        {"memory/project/MEMORY.md": b"x" * 50_000_000},
        {"memory/project/MEMORY.md": b"of the same length"},
        {"events.jsonl": b""},
        {"events.jsonl": None},
    ],
)
async def test_an_archive_that_was_changed_is_refused(
    project: Path, tmp_path: Path, change: dict[str, bytes | None]
) -> None:
    source = await archive_of(project)
    if (same := change.get("memory/project/MEMORY.md")) == b"of the same length":
        length = (project / ".cairn/MEMORY.md").stat().st_size
        change = {"memory/project/MEMORY.md": same.ljust(length)}
    rebuilt(source, change)
    with pytest.raises(ArchiveRefused):
        await taken_in(tmp_path / "new", source)


async def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    for data in (b"", b"hello", os.urandom(5_000)):
        (tmp_path / "x").write_bytes(data)
        with pytest.raises(ArchiveRefused) as refused:
            check(tmp_path / "x")
        assert "\n" not in str(refused.value)
    with pytest.raises(ArchiveRefused):
        check(tmp_path / "not there")


async def test_an_export_of_nothing_writes_nothing(project: Path) -> None:
    target = project.parent / "none.cairn"
    async with at_work(project) as (log, workspace):
        with pytest.raises(StoreError, match="nothing to export"):
            await export(log, workspace, target, "nobody")
    assert list(project.parent.glob("*none*")) == []
    assert list(project.parent.glob(".none*")) == []


async def test_appends_go_on_while_an_archive_is_taken_in(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project)
    async with at_work(await _made(tmp_path / "new")) as (log, workspace):
        restoring = asyncio.create_task(restore(log, workspace, source))
        seqs = [(await log.append("busy", NoteAdded(text=f"n{n}")))[0].seq for n in range(100)]
        await restoring
        assert [event.seq for event in await log.read(session="busy")] == seqs
    assert verify(tmp_path / "new/.cairn/local") == []


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.chaos
@pytest.mark.timeout(200)
async def test_a_killed_export_leaves_the_old_file_or_the_new_one(project: Path, tmp_path: Path) -> None:
    first = await archive_of(project)
    shutil.copy(first, project / "out.cairn")
    old = first.read_bytes()
    async with at_work(project) as (log, workspace):
        await converse(log, BlobStore(workspace.blobs), "s-more")
    copies = kill_at_every_step(project, tmp_path / "out", "write_archive")
    for copy in copies:
        now = (copy / "out.cairn").read_bytes()
        assert now == old or len(check(copy / "out.cairn").sessions) == 3
    assert len(check(copies[-1] / "out.cairn").sessions) == 3


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.chaos
@pytest.mark.timeout(200)
async def test_a_killed_import_took_all_events_or_none(project: Path, tmp_path: Path) -> None:
    source = await archive_of(project)
    folder = await _made(tmp_path / "new")
    shutil.copy(source, folder / "in.cairn")
    counts: set[int] = set()
    whole = 0
    for copy in kill_at_every_step(folder, tmp_path / "out", "take_in_archive"):
        async with at_work(copy) as (log, workspace):
            counts.add(len(await log.read(limit=1_000)))
            await restore(log, workspace, copy / "in.cairn")
            whole = len(await log.read(limit=1_000))
        assert verify(copy / ".cairn/local") == []
    assert len(counts) == 2, counts
    assert counts == {0, whole}


async def test_tasks_that_come_get_numbers_that_are_free_here(tmp_path: Path) -> None:
    async with at_work(await _made(tmp_path / "old")) as (log, workspace):
        content = BlobStore(workspace.blobs).put(b"# T1.1\n\nfor T1, after T2\n")
        await log.append(
            GOING,
            SessionStarted(goal="theirs", root="/"),
            TaskChanged(task="T1", title="theirs"),
            TaskChanged(task="T2", title="theirs too"),
            TaskChanged(task="T1.1", title="below", needs=("T2",)),
            FileVersioned(file="tasks/T1.1/progress.md", number=1, content=content),
            StateChanged(state="done"),
        )
        page = workspace.local / "tasks/T1.1/progress.md"
        page.parent.mkdir(parents=True)
        page.write_text("# T1.1\n\nfor T1, after T2\n")
    source = await archive_of(tmp_path / "old")
    async with at_work(await _made(tmp_path / "new")) as (log, workspace):
        await log.append("s-here", TaskChanged(task="T1", title="ours"), TaskChanged(task="T4", title="ours"))
        await log.append("host", FileVersioned(file="tasks/T1.1/progress.md", number=1, content=content))
    _, events = await taken_in(tmp_path / "new", source)
    came = [each.payload for each in events if each.session == GOING]
    tasks = {each.title: each for each in came if isinstance(each, TaskChanged)}
    assert {title: task.task for title, task in tasks.items()} == {
        "theirs": "T5",
        "theirs too": "T2",
        "below": "T5.1",
    }
    assert tasks["below"].needs == ("T2",)
    assert [each.file for each in came if isinstance(each, FileVersioned)] == ["tasks/T5.1/progress.md"]
    local = tmp_path / "new/.cairn/local/tasks"
    assert (local / "T5.1/progress.md").read_text() == "# T5.1\n\nfor T5, after T2\n"
    again, _ = await taken_in(tmp_path / "new", source)
    assert (again.events, again.files) == (0, 0)


async def test_an_import_cut_off_before_its_memory_files_is_made_up_for_by_another(
    project: Path, tmp_path: Path
) -> None:
    checkpoint = project / f".cairn/local/sessions/{GOING}/checkpoint.md"
    checkpoint.write_text("# Checkpoint\n\n- said in e2\n")
    source = await archive_of(project)
    new = tmp_path / "new"
    async with at_work(await _made(new)) as (log, _):
        await log.append("other", *(NoteAdded(text="so that numbers differ") for _ in range(5)))
    await taken_in(new, source)
    files = (new / ".cairn/MEMORY.md", new / f".cairn/local/sessions/{GOING}/checkpoint.md")
    whole = [file.read_text() for file in files]
    assert "e2" not in whole[1], "its number is another here"
    for file in files:
        file.unlink()
    async with at_work(new) as (log, _):  # as a host that started meanwhile would have it
        await log.append(
            "host",
            FileVersioned(
                file="project/MEMORY.md", number=2, content=BlobRef(digest="0" * 64, size=0), by="user"
            ),
        )
    done, _ = await taken_in(new, source)
    assert (done.events, done.files, done.left) == (0, 2, ())
    assert [file.read_text() for file in files] == whole


async def test_what_no_session_did_makes_no_session(project: Path, tmp_path: Path) -> None:
    async with at_work(project) as (log, _):
        await log.append("host", ClaimRemembered(claim="c2", text="said by hand", about="fact"))
    source = await archive_of(project)
    async with at_work(await _made(tmp_path / "new")) as (log, _):
        await log.append("host", ClaimRemembered(claim="c3", text="of here", about="fact"))
    done, events = await taken_in(tmp_path / "new", source)
    assert set(done.sessions) == {GOING, STAYING}
    assert {event.session for event in events} == {"", "host", GOING, STAYING}
    texts = [each.payload.text for each in events if isinstance(each.payload, ClaimRemembered)]
    assert "said by hand" in texts


async def test_a_call_that_was_about_to_run_elsewhere_is_not_run_here_unasked(tmp_path: Path) -> None:
    """An archive is a file from somebody: whatever was allowed in it, by whomever, must be asked about here."""
    there = await _made(tmp_path / "there")
    call = ToolCall(id="c1", name="bash", arguments='{"command": "touch owned"}')
    contract = ContractSet(goal="g", answers=(StandingAnswer(risk="run", action="allow"),))
    async with at_work(there) as (log, _):
        await log.append(
            "s",
            SessionStarted(goal="g", root="/home/somebody"),
            contract,
            PermissionGranted(tool="bash", pattern="touch *", scope="workspace"),
            ModelReplied(step=1, calls=(call,)),
            ApprovalRequested(id="s:1.0", call="c1", name="bash", title="bash touch owned"),
            ApprovalAnswered(id="s:1.0", decision="always", pattern="touch *"),
            ToolStarted(step=1, call="c1", name="bash"),
            StateChanged(state="interrupted"),
        )
    _, events = await taken_in(await _made(tmp_path / "here"), await archive_of(there))
    fold = SessionFold("s")
    for event in events:
        fold.apply(event.payload, event.time)
    assert fold.turn == "tools", "the call is still to be judged"
    assert fold.pending["c1"].started is None
    assert (fold.grants, fold.allowed, fold.contract) == (set(), set(), None)
