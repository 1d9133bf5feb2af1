"""A rewind that is killed at any of its steps is finished or undone at the next start: files and log say the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import harness
from scripted_provider import call, say

from cairn_agents.runs import Runs
from cairn_memory.events import SessionRewound
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(os.name != "posix", reason="kill -9"),
]

EVERY = 3
"""Of the steps of the whole operation each third is killed: those of the files are all killed in the fast tests."""

WORK = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[3])
from killing import Steps, count_steps
from test_killed_rewind import rewind
from pathlib import Path
steps = Steps(int(sys.argv[2]))
asyncio.run(rewind(Path(sys.argv[1]), lambda: count_steps(steps)))
"""


async def rewind(folder: Path, ready: object = None) -> None:
    """Opens the workspace in `folder`, which finishes what was cut off, and with `ready` takes its session back."""
    from cairn_agents.rewind.rewinds import Wish

    workspace = Workspace.of(folder / "work")
    user = folder / "user"
    log, _ = await open_log(workspace.local, SecretMasker(()))
    runs = Runs(workspace, UserFolders(user, user, user), log, lambda session, step, source, text: None)
    await runs.open()
    try:
        if callable(ready):
            ready()
            await runs.rewinds.apply(Wish(runs.list()[0].session, "start"))
    finally:
        await runs.close()
        await log.close()


def world(folder: Path) -> dict[str, bytes]:
    root = folder / "work"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".cairn" not in path.parts
    }


async def rewound(folder: Path) -> int:
    """How many rewinds the log tells of."""
    log, _ = await open_log(folder / "work/.cairn/local", SecretMasker(()))
    try:
        return len(await log.read(kinds=(SessionRewound.kind,)))
    finally:
        await log.close()


async def test_after_a_kill_files_and_log_say_the_same(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "work").mkdir(parents=True)
    (source / "work/kept.txt").write_text("one\n")
    before = world(source)
    turns = [
        call("bash", command="echo two >> kept.txt; mkdir d; echo x > d/new.txt"),
        call("write", path="a.txt", content="agent\n"),
        say("done"),
    ]
    async with harness(source, turns) as h:
        await h.run()
    after = world(source)
    seen: set[int] = set()
    for step in range(1, 2_000, EVERY):
        folder = tmp_path / str(step)
        shutil.copytree(source, folder, symlinks=True)
        paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
        command = [sys.executable, "-c", WORK, str(folder), str(step), str(Path(__file__).parent)]
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": paths}
        )
        assert done.returncode in (0, -9), done.stderr.decode()
        await rewind(folder)
        count = await rewound(folder)
        assert world(folder) == (before if count else after), f"killed before step {step}"
        assert count <= 1 and not (folder / "work/.cairn/local/rewind.json").exists()
        seen.add(count)
        shutil.rmtree(folder)
        if done.returncode == 0:
            break
    assert seen == {0, 1}
