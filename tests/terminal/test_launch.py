"""Finding a workspace's host, or starting it."""

import os
import signal
import stat
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest
from scripted_host import ScriptedHost, scripted_host

from cairn_memory.places import Workspace
from cairn_server import __version__, launch
from cairn_server.hostfile import HostFile

HOST = """
import json, os, socket, sys, time
from pathlib import Path
from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile
from cairn_server.lock import HostLock, LockTaken, EXIT_TAKEN
workspace = Workspace.of(Path(sys.argv[sys.argv.index("--workspace") + 1]))
{before}
try:
    lock = HostLock.take(workspace.local / "host.lock")
except LockTaken:
    sys.exit(EXIT_TAKEN)
listening = socket.create_server(("127.0.0.1", 0))
address = "tcp:127.0.0.1:%d" % listening.getsockname()[1]
HostFile(address, os.getpid(), "t", {version!r}).write(workspace.local)
listening.settimeout(20)
for _ in range({clients}):
    client = listening.accept()[0]
    hello = json.loads(client.makefile("rb").readline())
    assert hello["token"] == "t"
    client.sendall(json.dumps({{"cairn": 1, "version": {version!r}, "pid": os.getpid()}}).encode() + b"\\n")
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "StandIn":
    return StandIn(tmp_path, monkeypatch)


class StandIn:
    """Takes the place of the host process: `cairn_server.host` of a package that lies first on the path."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._module = folder / "stand_in" / "stand_in_host.py"
        self._module.parent.mkdir()
        monkeypatch.setenv("PYTHONPATH", str(self._module.parent))
        monkeypatch.setattr(launch, "HOST_MODULE", "stand_in_host")

    def does(self, before: str = "", clients: int = 1) -> None:
        """The host first does `before`, then greets so many clients and ends."""
        text = HOST.format(before=before, clients=clients, version=__version__)
        self._module.write_text(text, encoding="utf-8")


def test_a_host_that_runs_is_found(host: ScriptedHost, workspace: Workspace) -> None:
    channel = launch.find(workspace, "rpc", client="me")
    assert channel is not None and (channel.pid, channel.version) == (os.getpid(), __version__)
    channel.close()
    assert host.clients == [{"cairn": 1, "token": "token-of-the-test", "face": "rpc", "client": "me"}]


def test_a_host_is_started_detached_where_none_runs(stand_in: StandIn, workspace: Workspace) -> None:
    stand_in.does("print('hello'); assert os.getsid(0) == os.getpid(); assert sys.stdin.read() == ''")
    channel = launch.connect(workspace, "rpc")
    assert channel.pid != os.getpid()
    channel.close()
    output = workspace.local / "host.out"
    assert (
        output.read_text(encoding="utf-8") in ("", "hello\n") and stat.S_IMODE(output.stat().st_mode) == 0o600
    )


def test_what_a_killed_host_left_is_no_host(stand_in: StandIn, workspace: Workspace) -> None:
    workspace.create()
    HostFile(f"unix:{workspace.local / 'gone'}", 1, "old", __version__).write(workspace.local)
    assert launch.find(workspace, "rpc") is None
    stand_in.does()
    launch.connect(workspace, "rpc").close()


@pytest.mark.parametrize(
    "damage", ["", "{}", "not json", '{"address": "tcp:127.0.0.1:x", "pid": 1, "token": "", "version": ""}']
)
def test_a_damaged_host_file_is_no_host(workspace: Workspace, damage: str) -> None:
    workspace.create()
    HostFile.path(workspace.local).write_text(damage, encoding="utf-8")
    assert launch.find(workspace, "rpc") is None


def test_a_host_that_cannot_start_says_why(stand_in: StandIn, workspace: Workspace) -> None:
    stand_in.does("sys.exit('cairn host: the disk is full')")
    with pytest.raises(launch.LaunchError, match=r"^the host could not start: the disk is full$"):
        launch.connect(workspace, "rpc")


def test_a_host_that_says_nothing_is_not_waited_for_forever(stand_in: StandIn, workspace: Workspace) -> None:
    stand_in.does("print(os.getpid(), flush=True); time.sleep(60)")
    with pytest.raises(launch.LaunchError, match=r"host\.out may say why"):
        launch.connect(workspace, "rpc", patience=0.5)
    os.kill(int((workspace.local / "host.out").read_text(encoding="utf-8")), signal.SIGKILL)


def test_clients_that_start_at_once_find_one_host(stand_in: StandIn, workspace: Workspace) -> None:
    stand_in.does(clients=4)
    found: SimpleQueue[launch.Channel] = SimpleQueue()
    threads = [threading.Thread(target=lambda: found.put(launch.connect(workspace, "rpc"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    channels = [found.get(timeout=30) for _ in threads]
    assert len({channel.pid for channel in channels}) == 1
    for channel in channels:
        channel.close()


def test_an_idle_host_of_another_version_makes_way(stand_in: StandIn, workspace: Workspace) -> None:
    stand_in.does()
    with scripted_host(workspace, version="0.0.9") as old:
        old.after["cairn/host/stop"] = lambda params: old.stop()
        channel = launch.connect(workspace, "rpc")
        assert channel.version == __version__
        channel.close()


def test_a_host_of_another_version_that_works_is_left_alone(workspace: Workspace) -> None:
    with scripted_host(workspace, version="0.0.9") as old:
        old.answers["cairn/host/stop"] = lambda params: {"stopped": False, "running": ["s1"]}
        with pytest.raises(launch.LaunchError, match=r"0\.0\.9 works on s1.*cairn stop --force"):
            launch.connect(workspace, "rpc")
        assert [params for method, params in old.calls if method == "cairn/host/stop"] == [{}]


def test_a_token_that_is_refused_is_told(host: ScriptedHost, workspace: Workspace) -> None:
    found = HostFile.read(workspace.local)
    assert found is not None
    found._replace(token="wrong").write(workspace.local)
    with pytest.raises(launch.LaunchError, match="turned us away"):
        launch.find(workspace, "rpc")


def test_a_host_loads_no_module_from_the_workspace(stand_in: StandIn, workspace: Workspace) -> None:
    """A stranger's folder must not run code by being worked in."""
    trap = f"open({str(workspace.root / 'sprung')!r}, 'w')"
    (workspace.root / "json.py").write_text(trap, encoding="utf-8")
    stand_in.does()
    launch.connect(workspace, "rpc").close()
    assert not (workspace.root / "sprung").exists()


def test_the_token_is_not_in_what_is_logged(host: ScriptedHost, workspace: Workspace) -> None:
    assert "token-of-the-test" not in repr(HostFile.read(workspace.local))
