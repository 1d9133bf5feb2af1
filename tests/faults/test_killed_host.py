"""The real host, killed under `cairn run`: `cairn resume` comes to the same files and the same conversation."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deadlines import deadline
from host_ending import end_host
from scripted_provider import ScriptedProvider
from thirty_steps import conversation_of, files_of, make_workspace, turn

from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile

CAIRN = str(Path(sys.executable).with_name("cairn"))
INTERRUPTED = 130


async def _cairn(root: Path, url: str, *arguments: str, kill_at: int = 0) -> tuple[int, list[int]]:
    """The exit code and the event numbers that were told; at event `kill_at` the host is killed."""
    environment = {**os.environ, "OPENAI_BASE_URL": url, "CAIRN_MODEL": "scripted"}
    process = await asyncio.create_subprocess_exec(
        CAIRN,
        *arguments,
        "--json",
        "--yes",
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    seen: list[int] = []
    async with deadline(60):
        while line := await process.stdout.readline():
            seen.append(json.loads(line)["seq"])
            if kill_at and seen[-1] >= kill_at:
                host = HostFile.read(Workspace.of(root).local)
                assert host is not None
                os.kill(host.pid, signal.SIGKILL)
                kill_at = 0
        return await process.wait(), seen


async def _killed_and_resumed(folder: Path, kill_at: int) -> tuple[dict[str, str], object]:
    root = make_workspace(folder)
    try:
        async with ScriptedProvider(turn, by_conversation=True) as provider:
            code, seen = await _cairn(root, provider.url, "run", "Do all of it.", kill_at=kill_at)
            if kill_at:
                assert code == INTERRUPTED, "the client found the next host and what became of the run"
                code, after = await _cairn(root, provider.url, "resume")
                assert after[0] > seen[-1], "nothing is told twice, nothing that was told is lost"
            assert code == 0
            return files_of(root), conversation_of(provider.requests[-1].body)
    finally:
        end_host(root)


@pytest.mark.timeout(120)
async def test_a_host_killed_in_mid_run_is_followed_by_one_that_comes_to_the_same_end(tmp_path: Path) -> None:
    expected = await _killed_and_resumed(tmp_path / "unbroken", 0)
    assert await _killed_and_resumed(tmp_path / "killed", 40) == expected


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_a_host_may_be_killed_anywhere(tmp_path: Path) -> None:
    expected = await _killed_and_resumed(tmp_path / "unbroken", 0)
    for kill_at in range(6, 126, 9):
        assert await _killed_and_resumed(tmp_path / f"at-{kill_at}", kill_at) == expected, kill_at
