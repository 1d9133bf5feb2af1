"""`cairn lsp --stdio`: the editor's bytes reach the host and come back, and nothing else does."""

import os
import subprocess
import sys
from pathlib import Path

from scripted_host import ScriptedHost

from cairn_memory.places import Workspace

COMMAND = (sys.executable, "-m", "cairn_server.cli", "lsp", "--stdio")


def test_bytes_go_through_unchanged_in_both_directions(host: ScriptedHost, workspace: Workspace) -> None:
    sent = bytes(range(256)) * 4_000 + b"\r\n\n\x1a"
    ended = subprocess.run(
        COMMAND, cwd=workspace.root, input=sent, capture_output=True, timeout=30, check=True
    )
    assert ended.stdout == sent.upper() and ended.stderr == b""
    assert [(each["face"], each["client"]) for each in host.clients] == [("lsp", "editor")]


def test_the_relay_ends_when_the_host_does(host: ScriptedHost, workspace: Workspace) -> None:
    with subprocess.Popen(
        COMMAND, cwd=workspace.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as relay:
        assert relay.stdin is not None and relay.stdout is not None
        relay.stdin.write(b"hello")
        relay.stdin.flush()
        assert os.read(relay.stdout.fileno(), 5) == b"HELLO"
        host.stop()
        assert relay.wait(20) == 0
        assert relay.stdout.read() == b""


def test_the_workspace_can_be_named(host: ScriptedHost, workspace: Workspace, tmp_path: Path) -> None:
    command = (*COMMAND, "--workspace", str(workspace.root))
    assert (
        subprocess.run(command, cwd=tmp_path, input=b"x", capture_output=True, timeout=30, check=True).stdout
        == b"X"
    )


def test_without_a_host_there_is_one_line_on_stderr_and_nothing_on_stdout(workspace: Workspace) -> None:
    workspace.folder.write_text("in the way", encoding="utf-8")
    ended = subprocess.run(
        COMMAND, cwd=workspace.root, input=b"", capture_output=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"cairn lsp: no host can be started") and ended.stderr.count(b"\n") == 1
