"""A disk that is full at any write, and folders that take none: one clear line, nothing acknowledged is lost."""

import asyncio
import functools
import sys
from pathlib import Path
from typing import Any

import pytest
from as_nobody_special import heed_permissions
from deadlines import deadline
from full_disk import fill, make_room, within
from scripted_provider import ScriptedProvider, call, say
from thirty_steps import conversation_of, files_of, make_workspace, turn
from wire import REAL_HOST, HostProcess, Hosts, client

from cairn_memory.places import Workspace
from cairn_memory.verify import verify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and capabilities of Linux")
KILLABLE = Path(__file__).with_name("killable.py")
DONE = 0
Expected = tuple[dict[str, str], list[Any]]


async def _run(root: Path, url: str, room: int | None) -> int:
    """The exit code of a run in a process whose files may have `room` bytes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(KILLABLE), str(root), url, "0"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=within(room) if room is not None else None,
    )
    async with deadline(50):
        return await process.wait()


async def _carried_out(root: Path, *rooms: int | None) -> tuple[list[int], Expected]:
    async with ScriptedProvider(turn, by_conversation=True) as provider:
        codes = [await _run(root, provider.url, room) for room in rooms]
        return codes, (files_of(root), conversation_of(provider.requests[-1].body))


async def _the_same_with(folder: Path, room: int, expected: Expected) -> bool:
    """Whether a run met its end in that room; with room again it came to the end that is expected."""
    root = make_workspace(folder)
    codes, found = await _carried_out(root, room, None)
    assert codes[1] == DONE and found == expected, f"room for {room:,} bytes"
    assert verify(Workspace.of(root).local) == []
    return codes[0] != DONE


@pytest.mark.repeat
async def test_a_run_whose_disk_was_full_goes_on_to_the_same_end(tmp_path: Path) -> None:
    _, expected = await _carried_out(make_workspace(tmp_path / "unbroken"), None)
    assert await _the_same_with(tmp_path / "little", 100_000, expected), "there was no room"


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_the_disk_may_be_full_at_any_write(tmp_path: Path) -> None:
    _, expected = await _carried_out(make_workspace(tmp_path / "unbroken"), None)
    rooms = range(0, 400_000, 9_973)
    met = 0
    for room in rooms:
        met += await _the_same_with(tmp_path / f"{room}", room, expected)
    assert met > len(rooms) // 2


@pytest.mark.repeat
async def test_a_host_whose_disk_is_full_says_so_still_answers_and_goes_on_when_there_is_room(
    tmp_path: Path, cairn_home: Path
) -> None:
    hosts, workspace = Hosts(cairn_home), tmp_path / "project"
    workspace.mkdir()
    host = hosts.start(workspace)
    try:
        async with deadline(20), client(host.file) as attached:
            before = await attached.request("cairn/run/start", {"prompt": "done"})
            await attached.request("cairn/events/subscribe", {"session": before["session"]})
            last = [await attached.event() for _ in range(3)][-1]
            fill(host.process.pid)
            for _ in range(3):
                reply = await attached.reply("cairn/run/start", {"prompt": "notes 1 1"})
                assert "make room on the disk" in reply["error"]["message"]
                assert "\n" not in reply["error"]["message"]
            page = await attached.request("cairn/session/show", {"session": before["session"]})
            assert [event["seq"] for event in page["events"]] == [
                last["seq"] - 2,
                last["seq"] - 1,
                last["seq"],
            ]
            make_room(host.process.pid)
            after = await attached.request("cairn/run/start", {"prompt": "done"})
            assert after["since"] == last["seq"], "what was not acknowledged has no number"
        assert host.stop() == 0
        assert verify(host.local) == []
    finally:
        hosts.close()


async def _told_of_a_write(host: HostProcess, url: str, root: Path) -> list[dict[str, Any]]:
    """The results of the calls of a run."""
    settings = {"model": "scripted", "base_url": url, "api_key": "none", "approve_all": True}
    async with deadline(30), client(host.file) as attached:
        params = {"prompt": "go", "root": str(root), "settings": settings}
        started = await attached.request("cairn/run/start", params)
        await attached.request("cairn/events/subscribe", {"session": started["session"]})
        found: list[dict[str, Any]] = []
        while (event := await attached.event())["payload"].get("state") not in ("done", "failed"):
            if event["kind"] == "tool.finished":
                found.append(event["payload"])
        assert event["payload"]["state"] == "done"
        return found


async def test_a_file_in_a_read_only_folder_is_not_written_and_the_model_is_told_why(
    tmp_path: Path, cairn_home: Path
) -> None:
    root, hosts = tmp_path / "project", Hosts(cairn_home, REAL_HOST, heed_permissions)
    (root / "locked").mkdir(parents=True)
    (root / "locked" / "a.txt").write_text("as it was\n", encoding="utf-8")
    (root / "locked").chmod(0o555)
    turns = [
        call("write", path="locked/new.txt", content="x"),
        call("edit", path="locked/a.txt", old="as it was", new="other"),
        say("I see."),
    ]
    try:
        async with ScriptedProvider(turns) as provider:
            results = await _told_of_a_write(hosts.start(root), provider.url, root)
    finally:
        hosts.close()
        (root / "locked").chmod(0o755)
    assert [each["outcome"] for each in results] == ["error", "error"]
    assert all("Permission denied" in each["text"] for each in results)
    assert [path.name for path in (root / "locked").iterdir()] == ["a.txt"], "nothing is left lying about"
    assert (root / "locked" / "a.txt").read_text(encoding="utf-8") == "as it was\n"


@pytest.mark.parametrize("used_before", [False, True])
async def test_a_host_on_a_read_only_folder_is_one_clear_line_and_changes_nothing(
    tmp_path: Path, cairn_home: Path, used_before: bool
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    if used_before:
        earlier = Hosts(cairn_home)
        assert earlier.start(root).stop() == 0
        earlier.close()
    contents = functools.partial(_contents, root)
    before = contents()
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for path in [*folders, *(path for path in root.rglob("*") if path.is_file())]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    hosts = Hosts(cairn_home, before=heed_permissions)
    try:
        code, said = await asyncio.to_thread(hosts.fail, root)
    finally:
        hosts.close()
        for path in folders:
            path.chmod(0o755)
    assert code == 1
    assert said.count("\n") == 1 and "ermission denied" in said and str(root) in said
    assert contents() == before


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
