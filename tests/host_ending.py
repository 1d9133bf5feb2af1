"""Ends the host that a client under test has started: it would outlive the test, as it should outlive a client."""

import json
from pathlib import Path

from cairn_memory.places import Workspace
from cairn_server import launch


def end_host(folder: Path) -> None:
    """Stops the workspace's host, whatever it does, and waits until it has gone. None may be there."""
    channel = launch.find(Workspace.of(folder), "rpc", "test")
    if channel is None:
        return
    channel.socket.settimeout(20)
    stop = {"jsonrpc": "2.0", "id": 1, "method": "cairn/host/stop", "params": {"force": True}}
    channel.socket.sendall(json.dumps(stop).encode("utf-8") + b"\n")
    while channel.reader.readline():
        pass
    channel.close()
