"""An acceptance that is killed at any of its steps was done or was not: the file, the proposal and the log agree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import harness
from scripted_provider import call, say

from cairn_agents.runs import Runs
from cairn_memory.events import ProposalAnswered
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(os.name != "posix", reason="kill -9"),
]

BEFORE, AFTER = "one\ntwo\nthree\n", "one\nzwei\nthree\n"

WORK = """
import asyncio, sys
sys.path.insert(0, sys.argv[3])
from killing import Steps, count_steps
from test_killed_acceptance import accept
from pathlib import Path
steps = Steps(int(sys.argv[2]))
asyncio.run(accept(Path(sys.argv[1]), lambda: count_steps(steps)))
"""


async def accept(folder: Path, ready: object = None) -> tuple[int, int]:
    """Opens the workspace in `folder`, which finishes what was cut off, and with `ready` accepts what is proposed.

    How many parts are open then, and how many answers the log has.
    """
    workspace, user = Workspace.of(folder / "work"), folder / "user"
    log, _ = await open_log(workspace.local, SecretMasker(()))
    runs = Runs(workspace, UserFolders(user, user, user), log, lambda session, step, source, text: None)
    await runs.open()
    try:
        session = runs.list()[0].session
        if callable(ready):
            ready()
            await runs.proposals.accept(session, "", [], "test")
        shown = await runs.proposals.show(session)
        answers = await log.read(kinds=(ProposalAnswered.kind,))
        return sum(len(each.parts) for each in shown.files), len(answers)
    finally:
        await runs.close()
        await log.close()


async def test_after_a_kill_file_proposal_and_log_agree(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "work").mkdir(parents=True)
    file = "work/a.txt"
    (source / file).write_text(BEFORE)
    turns = [call("edit", path="a.txt", old="two", new="zwei"), say("done")]
    async with harness(source, turns, config="[snapshots]\nenabled = false\n") as h:
        await h.rest(await h.start(mode="propose"))
    seen: set[tuple[str, int, int]] = set()
    for step in range(1, 1_000):
        folder = tmp_path / str(step)
        shutil.copytree(source, folder, symlinks=True)
        paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
        command = [sys.executable, "-c", WORK, str(folder), str(step), str(Path(__file__).parent)]
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": paths}
        )
        assert done.returncode in (0, -9), done.stderr.decode()
        left, answers = await accept(folder)
        seen.add(((folder / file).read_text(), left, answers))
        local = folder / "work/.cairn/local"
        assert not list(local.glob("proposals/*/*.json")), f"killed before step {step}"
        assert not list((folder / "work").glob(".*.tmp")) and not list(local.glob("proposals/**/.*.tmp"))
        shutil.rmtree(folder)
        if done.returncode == 0:
            break
    assert seen == {(BEFORE, 1, 0), (AFTER, 0, 1)}
