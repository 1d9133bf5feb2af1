"""The life of a host: one a workspace, private, free again after any death."""

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from deadlines import deadline
from wire import Hosts, client

from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile
from cairn_server.lock import EXIT_TAKEN, HostLock, LockTaken

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and sockets of POSIX")


@pytest.mark.repeat
def test_a_second_host_is_refused_in_one_line(workspace: Path, hosts: Hosts) -> None:
    first = hosts.start(workspace)
    code, said = hosts.fail(workspace)
    assert code == EXIT_TAKEN
    assert said.count("\n") == 1
    assert str(first.process.pid) in said
    assert HostFile.read(first.local) == first.file
    assert first.stop() == 0


async def test_after_kill_9_the_next_host_takes_the_folder_and_has_every_event(
    workspace: Path, hosts: Hosts
) -> None:
    first = hosts.start(workspace)
    async with deadline(), client(first.file) as terminal:
        await terminal.request("cairn/run/start", {"prompt": "notes 5 10"})
        await terminal.request("cairn/events/subscribe", {"since": 0})
        before = await terminal.events_until(8)
    first.kill()
    second = hosts.start(workspace)
    async with deadline(), client(second.file) as terminal:
        await terminal.request("cairn/events/subscribe", {"since": 0})
        assert (await terminal.events_until(8)) == before
        assert (await terminal.request("cairn/session/list"))["sessions"][0]["state"] == "interrupted"
    assert second.file.token != first.file.token
    assert second.stop() == 0


@posix_only
def test_what_a_host_leaves_is_readable_by_its_owner_only(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace)
    socket = Path(host.file.address.removeprefix("unix:"))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    for name in ("host.json", "host.log", "host.lock"):
        assert stat.S_IMODE((host.local / name).stat().st_mode) == 0o600, name
    assert json.loads((host.local / "host.json").read_text())["address"] == host.file.address
    assert host.stop() == 0
    assert not socket.exists()
    assert not (host.local / "host.json").exists()


def test_a_host_that_nobody_uses_ends_by_itself(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace, "--idle", "0.05")
    assert host.process.wait(20) == 0
    assert not (host.local / "host.json").exists()


def test_a_host_that_is_stopped_while_it_warms_up_ends_in_order(workspace: Path, tmp_path: Path) -> None:
    hosts = Hosts(tmp_path / "warming", (str(Path(__file__).parents[1] / "slow_warming_host.py"),))
    try:
        assert hosts.start(workspace).stop() == 0
    finally:
        hosts.close()
    assert (workspace / "warmed").exists(), "no thread was cut off in the middle of an import"


async def test_the_model_sdk_is_loaded_once_the_editor_that_started_the_host_is_silent(
    workspace: Path, tmp_path: Path
) -> None:
    hosts = Hosts(tmp_path / "warming", (str(Path(__file__).parents[1] / "slow_warming_host.py"),))
    try:
        host = hosts.start(workspace, "--face", "lsp")
        async with deadline(40), client(host.file, "lsp") as editor:
            until = time.monotonic() + 1.0
            while time.monotonic() < until:
                await editor.request("cairn/session/list")
            assert not (workspace / "warming").exists(), "what an editor asks first does not wait for it"
            left = asyncio.create_task(editor.ended())
            while not (workspace / "warming").exists():
                await asyncio.wait([left], timeout=0.05)
    finally:
        hosts.close()


def test_what_an_editors_face_brings_is_not_looked_through_for_garbage() -> None:
    program = """if True:
        import gc
        from cairn_server import serving
        before = gc.get_freeze_count()
        serving._lsp_face()
        first = gc.get_freeze_count()
        serving._lsp_face()
        assert before == 0 and first > 50_000, (before, first)
        assert gc.get_freeze_count() <= first, "what came since may be garbage"
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_a_host_stays_while_a_client_is_attached_or_a_session_works(
    workspace: Path, hosts: Hosts
) -> None:
    host = hosts.start(workspace, "--idle", "0.1")
    async with deadline(20):
        async with client(host.file) as terminal:
            session = (await terminal.request("cairn/run/start", {"prompt": "work"}))["session"]
        await _stays(host.process)
        async with client(host.file) as terminal:
            await terminal.request("cairn/run/interrupt", {"session": session})
            await _stays(host.process)
            assert (await terminal.request("cairn/host/status"))["running"] == []
    assert host.process.wait(20) == 0


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_host_whose_folder_is_gone_ends_and_says_so_to_its_runs(
    workspace: Path, hosts: Hosts, replaced: bool
) -> None:
    host = hosts.start(workspace)
    async with deadline(20), client(host.file) as terminal:
        session = (await terminal.request("cairn/run/start", {"prompt": "work"}))["session"]
        await terminal.request("cairn/events/subscribe", {"session": session})
        await terminal.request("cairn/run/start", {"prompt": "notes 1000000 1"})  # never idle
        shutil.rmtree(workspace)
        if replaced:
            Workspace.of(_made(workspace)).create()
        while (event := await terminal.event())["payload"].get("state") != "interrupted":
            pass
        assert event["payload"]["reason"] == "interrupted (the workspace's folder was removed)"
        await terminal.ended()
    assert await asyncio.to_thread(host.process.wait, 20) == 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def test_a_host_stays_for_background_commands_but_not_for_ever(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace, "--idle", "0.1")
    async with deadline(20), client(host.file) as terminal:
        await terminal.request("cairn/events/subscribe")
        session = (await terminal.request("cairn/run/start", {"prompt": "background"}))["session"]
        while (await terminal.event())["kind"] != "session.state":
            pass
        assert (await terminal.request("cairn/host/status"))["background"] == [f"{session}/1.0"]
    await _stays(host.process)
    host.kill()
    host = hosts.start(workspace, "--idle", "0.1", "--linger", "0.3")
    assert host.process.wait(20) == 0
    log = (host.local / "host.log").read_text(encoding="utf-8")
    assert f"background commands end with the host: {session}/1.0" in log


async def _stays(process: "subprocess.Popen[bytes]") -> None:
    """Three idle times pass, and the process has not ended."""
    with pytest.raises(subprocess.TimeoutExpired):
        await asyncio.to_thread(process.wait, 0.3)


async def test_stop_is_refused_while_a_session_works_unless_forced(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace)
    async with deadline(), client(host.file) as terminal:
        started = await terminal.request("cairn/run/start", {"prompt": "work"})
        refused = await terminal.request("cairn/host/stop")
        assert refused == {"stopped": False, "running": [started["session"]], "background": []}
        await terminal.request("cairn/events/subscribe", {"since": started["since"]})
        stopped = await terminal.request("cairn/host/stop", {"force": True})
        assert stopped["stopped"] is True
        last = [await terminal.event() for _ in range(3)][-1]
        assert last["payload"]["state"] == "interrupted"
        await terminal.ended()
    assert host.process.wait(20) == 0


def test_sigterm_stops_a_host_cleanly(workspace: Path, hosts: Hosts) -> None:
    assert hosts.start(workspace).stop() == 0


@posix_only
def test_a_socket_file_left_by_a_dead_host_is_replaced(workspace: Path, hosts: Hosts) -> None:
    first = hosts.start(workspace)
    first.kill()
    assert Path(first.file.address.removeprefix("unix:")).exists()
    second = hosts.start(workspace)
    assert second.file.address == first.file.address
    assert second.stop() == 0


async def test_secrets_stay_out_of_the_log_file(workspace: Path, hosts: Hosts) -> None:
    host = hosts.start(workspace)
    async with deadline(), client(host.file) as terminal:
        reply = await terminal.reply("cairn/run/start", {"prompt": "break"})
        assert reply["error"]["code"] == -32603
    assert host.stop() == 0
    text = (host.local / "host.log").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    assert "[masked:test]" in text
    assert "sk-secret" not in text
    assert host.file.token not in text


def test_a_folder_that_is_not_there_is_one_line_and_an_error(tmp_path: Path, hosts: Hosts) -> None:
    code, said = hosts.fail(tmp_path / "nowhere")
    assert code == 1
    assert said.count("\n") == 1
    assert "nowhere" in said


@posix_only
def test_a_socket_folder_of_somebody_else_is_refused(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with tempfile.TemporaryDirectory(prefix="cairn-") as home:  # short: a long path puts the socket elsewhere
        (Path(home) / "run").symlink_to(tmp_path / "elsewhere")
        code, said = Hosts(Path(home)).fail(workspace)
    assert code == 1
    assert "is not a folder" in said


def test_the_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "host.lock"
    script = (
        "import sys, time, pathlib\n"
        "from cairn_server.lock import HostLock\n"
        "lock = HostLock.take(pathlib.Path(sys.argv[1]))\n"
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '60'], close_fds=False)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    with pytest.raises(LockTaken, match=str(holder.pid)):
        HostLock.take(path)
    holder.kill()
    holder.wait(10)
    holder.stdout.close()
    HostLock.take(path).release()  # its child lives on, without the lock
    os.kill(child, 9)


def test_a_host_removes_only_its_own_file(workspace: Path) -> None:
    place = Workspace.of(workspace)
    place.create()
    ours = HostFile("unix:/a", 1, "t", "0")
    theirs = HostFile("unix:/b", 2, "u", "0")
    theirs.write(place.local)
    ours.remove(place.local)
    assert HostFile.read(place.local) == theirs
    theirs.remove(place.local)
    assert HostFile.read(place.local) is None


def test_a_long_path_to_the_workspace_still_gets_a_socket(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 60) / ("y" * 60)
    workspace = tmp_path / "project"
    workspace.mkdir()
    home.mkdir(parents=True)
    started = Hosts(home)
    host = started.start(workspace)
    assert len(host.file.address) < 110
    assert host.stop() == 0
