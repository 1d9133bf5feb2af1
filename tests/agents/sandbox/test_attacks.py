"""A hostile command gets at nothing but its work tree, whoever runs the host."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from boxed import needs_bubblewrap

from cairn_agents.config.settings import SandboxSettings
from cairn_agents.sandbox.attacks import ATTACKS, besiege
from cairn_agents.sandbox.base import SandboxError
from cairn_agents.sandbox.detect import Found
from cairn_agents.sandbox.ground import Ground
from cairn_agents.sandbox.landlock import Landlock, trial
from cairn_agents.sandbox.layout import Surveyor
from cairn_agents.sandbox.sandboxes import Sandboxes, home_folder
from cairn_agents.sandbox.unheld import Unheld

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are on Linux")

BEYOND_LANDLOCK = {
    "read the host's token",
    "write a git hook",
    "have git run a program",
    "put another .git in its place",
    "change AGENTS.md",
    "make CLAUDE.md",
    "make tasks for an editor",
    "make servers for an agent",
    "change Cairn's settings",
}
"""All within the work tree: Landlock cannot take back there what it gives for the whole."""

SCRIPT = """\
import asyncio, json
from cairn_agents.config.settings import SandboxSettings
from cairn_agents.sandbox.attacks import besiege
from cairn_agents.sandbox.ground import Ground
from cairn_agents.sandbox.sandboxes import Sandboxes

async def main():
    with Ground() as ground:
        sandbox = Sandboxes(ground.workspace, ground.user).make(ground.root, ground.folder / "private", SandboxSettings())
        print(json.dumps([sandbox.kind, [each.name for each in [o async for o in besiege(sandbox, ground)] if not each.held]]))
        sandbox.close()

asyncio.run(main())
"""


@needs_bubblewrap
async def test_every_attack_is_stopped() -> None:
    with Ground() as ground:
        sandbox = Sandboxes(ground.workspace, ground.user).make(
            ground.root, ground.folder / "private", SandboxSettings()
        )
        outcomes = [outcome async for outcome in besiege(sandbox, ground)]
        sandbox.close()
    assert [outcome.name for outcome in outcomes if not outcome.held] == []
    assert len(outcomes) == len(ATTACKS) > 30


@needs_bubblewrap
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_every_attack_is_stopped_for_an_ordinary_user_too(tmp_path: Path) -> None:
    """root is another case than a user: it owns what the kernel lets only root write."""
    become = [
        shutil.which("setpriv") or "setpriv",
        "--reuid=54321",
        "--regid=54321",
        "--clear-groups",
        "/bin/sh",
        "-c",
        'exec "$@"',
        "sh",
    ]  # setpriv itself still has root's rights when it starts a program
    python = next(
        (each for each in (sys.executable, "/usr/bin/python3") if _runs([*become, each, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])),
        None,
    )  # fmt: skip
    if python is None:
        pytest.skip("an ordinary user has no Python here")
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "HOME": "/nonexistent",
    }
    done = subprocess.run(
        [*become, python, "-c", SCRIPT],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("an ordinary user cannot read the packages")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["bubblewrap", []]


@pytest.mark.skipif(bool(sys.platform == "linux" and trial()), reason="no Landlock here")
async def test_landlock_stops_all_but_what_lies_in_the_work_tree() -> None:
    with Ground() as ground:
        state = (ground.user.config, ground.user.runtime)
        surveyor = Surveyor(ground.root, home_folder(), state)
        sandbox = Landlock(surveyor, ground.folder / "private", Found("landlock").note)
        outcomes = [outcome async for outcome in besiege(sandbox, ground)]
    assert {outcome.name for outcome in outcomes if not outcome.held} <= BEYOND_LANDLOCK


async def test_no_attack_is_ever_tried_without_a_sandbox() -> None:
    with Ground() as ground:
        with pytest.raises(SandboxError, match="no attack was tried"):
            await anext(besiege(Unheld("a test"), ground))
        assert not ground.victim.read_text(encoding="utf-8").startswith("GOT")


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, cwd="/", capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        return False
