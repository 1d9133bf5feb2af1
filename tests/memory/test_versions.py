"""Memory files: the file is the truth, an edit by hand is never lost, and everything can be undone."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from fake_secrets import WITH_FORM
from stored import opened

from cairn_memory import staging
from cairn_memory.blobs import BlobStore
from cairn_memory.errors import MemoryFileError, StoreError
from cairn_memory.events import NoteAdded
from cairn_memory.log import EventLog
from cairn_memory.memory_files import LARGEST, MemoryFile, local_file
from cairn_memory.places import Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.verify import verify
from cairn_memory.versions import Version, Versions

KEY = b"0123456789abcdef"


@asynccontextmanager
async def versions_of(folder: Path, *files: MemoryFile) -> AsyncGenerator[tuple[Versions, EventLog]]:
    log, _ = await open_log(folder / "store", SecretMasker(key=KEY))
    try:
        versions = Versions(log, BlobStore(folder / "store" / "blobs"))
        assert await versions.open(files) == ()
        yield versions, log
    finally:
        await log.close()


@pytest.fixture
def file(tmp_path: Path) -> MemoryFile:
    return MemoryFile("project/MEMORY.md", tmp_path / "a folder ünï 漢字" / "MEMORY.md")


def adding(line: str) -> Callable[[str], str]:
    return lambda text: f"{text}{line}\n"


def by_hand(file: MemoryFile, text: str | bytes) -> None:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(text if isinstance(text, bytes) else text.encode())


async def told(versions: Versions, file: MemoryFile) -> list[tuple[int, str, str, str]]:
    """(number, by, reason, text) of every version."""
    return [
        (version.number, version.by, version.reason, await versions.text(version))
        for version in await versions.history(file)
    ]


async def test_an_edit_is_written_and_is_a_version(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, log):
        assert await versions.look(file) == ""
        assert (await versions.history(file), log.last_seq) == ([], 0)
        first = await versions.edit(file, adding("one"), by="agent", reason="first", session="s")
        second = await versions.edit(file, adding("two"), by="code", reason="second")
        assert file.path.read_bytes() == b"one\ntwo\n"
        assert [first, second] == await versions.history(file)
        assert (first.session, first.before, second.before) == ("s", "", first.content.digest)
        assert list(file.path.parent.iterdir()) == [file.path]
    async with versions_of(tmp_path, file) as (versions, log):
        assert versions.newest(file) == second
        assert await versions.look(file) == "one\ntwo\n"
        assert log.last_seq == 2
    assert verify(tmp_path / "store") == []


async def test_a_change_that_changes_nothing_is_no_version(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, log):
        none = await versions.edit(file, str, by="agent", reason="nothing")
        assert (none, none.number) == (Version(file.name, 0), 0)
        one = await versions.edit(file, adding("one"), by="agent", reason="one")
        assert await versions.edit(file, str, by="agent", reason="nothing") == one
        assert log.last_seq == 1


async def test_an_edit_by_hand_is_a_version_before_ours(tmp_path: Path, file: MemoryFile) -> None:
    by_hand(file, "team\n")
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, adding("agent"), by="agent", reason="add")
        by_hand(file, "hand\n")
        await versions.edit(file, adding("again"), by="agent", reason="add")
        file.path.unlink()
        assert await versions.look(file) == ""
        assert await told(versions, file) == [
            (1, "user", "found on disk", "team\n"),
            (2, "agent", "add", "team\nagent\n"),
            (3, "user", "edited by hand", "hand\n"),
            (4, "agent", "add", "hand\nagain\n"),
            (5, "user", "removed by hand", ""),
        ]
        assert await versions.look(file) == ""
        assert len(await versions.history(file)) == 5


async def test_what_was_put_back_by_hand_while_the_host_was_away_stays(
    tmp_path: Path, file: MemoryFile
) -> None:
    """As `git checkout` does: the file is again what it was before our newest version."""
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        await versions.edit(file, adding("two"), by="agent", reason="two")
    by_hand(file, "one\n")
    async with versions_of(tmp_path, file) as (versions, _):
        assert file.path.read_text() == "one\n"
        assert (await told(versions, file))[-1] == (3, "user", "edited by hand", "one\n")


async def test_everything_can_be_undone_and_the_undo_too(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        by_hand(file, "by hand\r\nno end")
        undone = await versions.undo(file, by="user", session="s")
        assert file.path.read_text() == "one\n"
        assert (undone.number, undone.reason, undone.session) == (3, "back to version 1", "s")
        assert (await told(versions, file))[1] == (2, "user", "edited by hand", "by hand\r\nno end")
        await versions.undo(file)
        assert file.path.read_bytes() == b"by hand\r\nno end"
        await versions.undo(file, 0)
        assert file.path.read_text() == ""
        await versions.undo(file, 1)
        assert file.path.read_text() == "one\n"
        assert [number for number, *_ in await told(versions, file)] == [1, 2, 3, 4, 5, 6]
        with pytest.raises(MemoryFileError, match="no version 7: they go from 0"):
            await versions.undo(file, 7)


@pytest.mark.parametrize("moment", ["prepare", "record"])
async def test_somebody_who_saves_meanwhile_is_not_overwritten(
    tmp_path: Path, file: MemoryFile, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """An editor saves once between our reading and our rename, before the event or behind it."""
    saves = iter(["the editor\n"])

    def save() -> None:
        for text in saves:
            by_hand(file, text)

    if moment == "prepare":
        real = staging.stage

        def staged(*arguments: Any) -> None:
            real(*arguments)
            save()

        monkeypatch.setattr(staging, "stage", staged)
    else:
        append = EventLog.append

        async def appended(*arguments: Any, **named: Any) -> Any:
            events = await append(*arguments, **named)
            save()
            return events

        monkeypatch.setattr(EventLog, "append", appended)
    async with versions_of(tmp_path) as (versions, _):
        newest = await versions.edit(file, adding("ours"), by="agent", reason="add")
        assert file.path.read_text() == "the editor\nours\n"
        texts = [(by, text) for _, by, _, text in await told(versions, file)]
        assert texts[-2:] == [("user", "the editor\n"), ("agent", "the editor\nours\n")]
        assert newest.number == len(texts)
        assert list(file.path.parent.iterdir()) == [file.path]


async def test_who_saves_all_the_time_wins(
    tmp_path: Path, file: MemoryFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, saved = staging.stage, iter(range(1_000))

    def staged(*arguments: Any) -> None:
        real(*arguments)
        by_hand(file, f"{next(saved)}\n")

    monkeypatch.setattr(staging, "stage", staged)
    async with versions_of(tmp_path) as (versions, _):
        with pytest.raises(MemoryFileError, match="changed by somebody else at each of 20 tries"):
            await versions.edit(file, adding("ours"), by="agent", reason="add")
        assert file.path.read_text() == "19\n"


async def test_edits_at_once_all_count(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, _), deadline(30):
        await asyncio.gather(
            *(versions.edit(file, adding(str(n)), by="agent", reason="add") for n in range(20))
        )
        assert sorted(file.path.read_text().split(), key=int) == [str(n) for n in range(20)]
        assert [version.number for version in await versions.history(file)] == list(range(1, 21))


async def test_an_edit_whose_caller_is_cancelled_is_done_whole(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, log), deadline():
        editing = asyncio.create_task(versions.edit(file, adding("one"), by="agent", reason="one"))
        await log.wait(0)
        editing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await editing
        assert await versions.look(file) == "one\n"
        assert len(await versions.history(file)) == 1


async def test_events_that_belong_to_an_edit_are_stored_with_it(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, log):
        await versions.edit(
            file, adding("one"), by="agent", reason="one", also=lambda: [NoteAdded(text="with it")]
        )
        assert [event.kind for event in await log.read()] == ["file.versioned", "note.added"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"# Memory\n\xff\xfe", "is no UTF-8 .byte 9., and was left as it is; save it as UTF-8"),
        (b"x" * (LARGEST + 1), "is larger than the 1,000,000 bytes"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_one_line_and_is_left_alone(
    tmp_path: Path, file: MemoryFile, content: bytes, message: str
) -> None:
    async with versions_of(tmp_path) as (versions, log):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        by_hand(file, content)
        for work in (
            versions.look(file),
            versions.edit(file, adding("two"), by="agent", reason="two"),
            versions.undo(file),
        ):
            with pytest.raises(MemoryFileError, match=message) as error:
                await work
            assert "\n" not in str(error.value)
        assert (file.path.read_bytes(), log.last_seq) == (content, 1)
        by_hand(file, "mended\n")
        await versions.edit(file, adding("two"), by="agent", reason="two")
        assert file.path.read_text() == "mended\ntwo\n"


async def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path: Path, file: MemoryFile) -> None:
    file.path.mkdir(parents=True)
    async with opened(tmp_path / "store") as (log, _):
        versions = Versions(log, BlobStore(tmp_path / "store" / "blobs"))
        (problem,) = await versions.open([file])
        assert "is a folder or a device" in problem
        with pytest.raises(MemoryFileError, match="move it away"):
            await versions.edit(file, adding("one"), by="agent", reason="one")
        assert (file.path.is_dir(), log.last_seq) == (True, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
async def test_a_pipe_in_the_place_of_the_file_holds_nobody_up(tmp_path: Path, file: MemoryFile) -> None:
    file.path.parent.mkdir(parents=True)
    os.mkfifo(file.path)
    async with versions_of(tmp_path) as (versions, _), deadline():
        with pytest.raises(MemoryFileError, match="is a folder or a device"):
            await versions.look(file)


async def test_a_read_only_file_is_not_replaced(tmp_path: Path, file: MemoryFile) -> None:
    by_hand(file, "mine\n")
    file.path.chmod(0o444)
    async with versions_of(tmp_path) as (versions, _):
        with pytest.raises(MemoryFileError, match="is read-only, and was left as it is; make it writable"):
            await versions.edit(file, adding("one"), by="agent", reason="one")
        assert await versions.look(file) == "mine\n"
        file.path.chmod(0o640)
        await versions.edit(file, adding("one"), by="agent", reason="one")
        assert file.path.stat().st_mode & 0o777 == 0o640


async def test_a_text_that_would_be_too_large_is_not_written(tmp_path: Path, file: MemoryFile) -> None:
    async with versions_of(tmp_path) as (versions, log):
        with pytest.raises(MemoryFileError, match="take something out of it first"):
            await versions.edit(file, adding("x" * LARGEST), by="agent", reason="one")
        assert (file.path.exists(), log.last_seq) == (False, 0)
        await versions.edit(file, adding("x" * (LARGEST - 1)), by="agent", reason="one")
        assert file.path.stat().st_size == LARGEST


@pytest.mark.parametrize("where", ["stage", "land"])
async def test_a_full_disk_is_told_and_the_edit_is_whole_or_not_at_all(
    tmp_path: Path, file: MemoryFile, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with versions_of(tmp_path) as (versions, log):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        with monkeypatch.context() as patch, pytest.raises(StoreError, match="make room on the disk"):
            patch.setattr(staging, where, fail)
            await versions.edit(file, adding("two"), by="agent", reason="two")
        assert file.path.read_text() == "one\n"
        seen = {"stage": "one\n", "land": "one\ntwo\n"}[where]
        assert await versions.look(file) == seen
        assert log.last_seq == len(seen.split())


async def test_a_log_that_takes_nothing_leaves_the_file_and_no_litter(
    tmp_path: Path, file: MemoryFile
) -> None:
    async with versions_of(tmp_path) as (versions, log):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        await log.close()
        with pytest.raises(StoreError, match="the log is closed"):
            await versions.edit(file, adding("two"), by="agent", reason="two")
    async with versions_of(tmp_path, file):
        assert file.path.read_text() == "one\n"
        assert list(file.path.parent.iterdir()) == [file.path]


async def test_a_secret_that_a_person_keeps_stays_in_the_file_and_out_of_the_store(
    tmp_path: Path, file: MemoryFile
) -> None:
    secret = WITH_FORM["openai project"]
    by_hand(file, f"- key {secret} of mine\n")
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, adding("- one"), by="agent", reason="one")
        await versions.edit(file, adding("- two"), by="agent", reason="two")
        await versions.undo(file)
        assert file.path.read_text() == f"- key {secret} of mine\n- one\n"
        assert "[masked:" in (await told(versions, file))[0][3]
        assert [number for number, *_ in await told(versions, file)] == [1, 2, 3, 4]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert secret.encode() not in stored


@pytest.mark.parametrize("text", ["\ufeff# M\r\n- a\r\n", "no end", "a\rb\x0b\u2028\0c\n", "\n\n  \n"])
async def test_every_byte_of_a_text_is_kept(tmp_path: Path, file: MemoryFile, text: str) -> None:
    by_hand(file, text)
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, lambda _: "other\n", by="agent", reason="other")
        await versions.undo(file)
        assert file.path.read_bytes() == text.encode()


async def test_files_of_a_session_and_a_task_lie_under_local(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, tmp_path)
    file = local_file(workspace, "tasks/T1.2/progress.md")
    assert file.path == workspace.local / "tasks" / "T1.2" / "progress.md"
    async with versions_of(tmp_path) as (versions, _):
        await versions.edit(file, adding("one"), by="agent", reason="one")
        assert file.path.read_text() == "one\n"
    for name in ("sessions/../../x.md", "/etc/passwd", "notes.md", "sessions/..\\x", "other/x.md"):
        with pytest.raises(MemoryFileError, match="no name of a memory file"):
            local_file(workspace, name)
