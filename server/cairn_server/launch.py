"""Finds the host of a workspace, or starts it; every client comes in through here.

`host.json` says where it listens. Where none listens a host process is started,
detached from the client, and waited for. When several clients do that at once the
workspace's lock lets one host live, and all of them find that one.
"""

import json
import os
import socket
import sys
import time
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from cairn_memory.places import Workspace
from cairn_server import __version__
from cairn_server.hostfile import HostFile
from cairn_server.lock import EXIT_TAKEN

if TYPE_CHECKING:
    import subprocess

Face = Literal["rpc", "lsp"]

HOST_MODULE = "cairn_server.host"
PATIENCE = 15.0
"""Seconds until a host that was started must answer."""
LOOK_AGAIN = 0.005
"""Seconds between two looks for a host that is only starting."""
START_AGAIN = 0.5
"""Seconds to wait for a host that has the lock and does not answer: it may be starting, or ending."""
GREETING_SECONDS = 5.0
LONGEST_GREETING = 65_536


class LaunchError(Exception):
    """The person reacts: no host can be reached. One line with what was found and what to do."""


class Channel(NamedTuple):
    """A connection that was let in. `reader` reads from `socket`; `version` and `pid` are the host's."""

    socket: socket.socket
    reader: BufferedReader
    version: str
    pid: int

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


def connect(
    workspace: Workspace,
    face: Face,
    client: str = "terminal",
    patience: float = PATIENCE,
    module: str = "",
) -> Channel:
    """A connection to the workspace's host, which is started where none runs: `module`, or the ordinary one.

    A host of another version is asked to end when it is idle. Raises LaunchError.
    """
    deadline = time.monotonic() + patience
    channel = find(workspace, face, client)
    if channel is not None and channel.version != __version__:
        channel.close()
        _retire(workspace, channel.version)
        channel = None
    return channel or _start(workspace, face, client, deadline, module)


def find(workspace: Workspace, face: Face, client: str = "terminal") -> Channel | None:
    """A connection to the host that runs, of whatever version; None when none does. Raises LaunchError."""
    found = HostFile.read(workspace.local)
    if found is None:
        return None
    try:
        channel = _open(found.address)
    except OSError:  # what a host left that was killed
        return None
    try:
        return _greet(channel, found.token, face, client)
    except (OSError, ValueError):  # it is just ending, or something else has its port now
        channel.close()
        return None
    except LaunchError:
        channel.close()
        if HostFile.read(workspace.local) != found:  # a new host, with a token of its own
            return find(workspace, face, client)
        raise


def _open(address: str) -> socket.socket:
    kind, _, place = address.partition(":")
    if kind == "unix":
        channel = socket.socket(socket.AF_UNIX)
        try:
            channel.connect(place)
        except OSError:
            channel.close()
            raise
    else:
        name, _, port = place.rpartition(":")
        if not port.isdigit():
            raise ConnectionRefusedError(f"{address} is no address")
        channel = socket.create_connection((name, int(port)), timeout=GREETING_SECONDS)
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return channel


def _greet(channel: socket.socket, token: str, face: Face, client: str) -> Channel:
    """Says who we are. Raises OSError when nobody answers, LaunchError when we are turned away."""
    channel.settimeout(GREETING_SECONDS)
    hello = {"cairn": 1, "token": token, "face": face, "client": client}
    channel.sendall(json.dumps(hello).encode("utf-8") + b"\n")
    reader = channel.makefile("rb")
    line = reader.readline(LONGEST_GREETING)
    if not line.endswith(b"\n"):
        reader.close()
        raise ConnectionResetError("no answer")
    said = cast(dict[str, Any], json.loads(line))
    if "error" in said:
        reader.close()
        raise LaunchError(f"the host turned us away: {said['error']}")
    channel.settimeout(None)
    return Channel(channel, reader, str(said.get("version", "")), int(said.get("pid", 0)))


def _retire(workspace: Workspace, version: str) -> None:
    """Asks an idle host of another version to end. Raises LaunchError when it has work."""
    channel = find(workspace, "rpc")
    if channel is None:
        return
    try:
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "cairn/host/stop", "params": {}}
        channel.socket.settimeout(PATIENCE)
        channel.socket.sendall(json.dumps(request).encode("utf-8") + b"\n")
        answer = json.loads(channel.reader.readline(LONGEST_GREETING) or b"{}")
    except OSError:
        return
    finally:
        channel.close()
    running = answer.get("result", {}).get("running", [])
    if running:
        raise LaunchError(
            f"a host of version {version} works on {', '.join(running)} and this is {__version__}: "
            "wait until it is done, or interrupt it with `cairn stop --force`"
        )


def _start(workspace: Workspace, face: Face, client: str, deadline: float, module: str) -> Channel:
    starting = _spawn(workspace, face, module)
    start_again = 0.0
    try:
        while True:
            channel = find(workspace, face, client)
            if channel is not None:
                return channel
            code = starting.poll()
            if code not in (None, EXIT_TAKEN):
                raise LaunchError(
                    f"the host could not start: {_last_words(workspace) or f'exit code {code}'}"
                )
            now = time.monotonic()
            if now > deadline:
                raise LaunchError(f"the host does not answer; {_output(workspace)} may say why")
            if code == EXIT_TAKEN and now > start_again:
                if start_again:
                    starting = _spawn(workspace, face, module)
                start_again = now + START_AGAIN
            time.sleep(LOOK_AGAIN)
    finally:
        starting.returncode = starting.returncode or 0  # nobody waits for it: the host outlives us


def _spawn(workspace: Workspace, face: Face, module: str) -> "subprocess.Popen[bytes]":
    """A host process in a session of its own, which reads nothing and writes to `host.out`."""
    import subprocess

    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        workspace.create()
        descriptor = os.open(_output(workspace), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            return subprocess.Popen(
                host_command(workspace, face, module),
                cwd=workspace.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                creationflags=flags,
            )
    except OSError as error:
        raise LaunchError(f"no host can be started in {workspace.home}: {error}") from error


def host_command(workspace: Workspace, face: Face = "rpc", module: str = "") -> list[str]:
    """What starts the host, for a client of `face`. `-P`: no module is taken from the folder we are in, which may be a stranger's."""
    program = [sys.executable, "-P", "-m", module or HOST_MODULE]
    return [*program, "--workspace", str(workspace.root), "--face", face]


def _output(workspace: Workspace) -> Path:
    return workspace.local / "host.out"


def _last_words(workspace: Workspace) -> str:
    try:
        lines = _output(workspace).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("cairn host: ")[:500] if said else ""
