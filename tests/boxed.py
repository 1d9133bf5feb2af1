"""Commands in a sandbox without an agent: one work tree, its sandbox, and what each command said."""

import asyncio
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline

from cairn_agents.config.settings import SandboxSettings
from cairn_agents.sandbox.base import Grant, Sandbox
from cairn_agents.sandbox.detect import detect
from cairn_agents.sandbox.sandboxes import Sandboxes
from cairn_memory.places import UserFolders, Workspace

needs_bubblewrap = pytest.mark.skipif(
    detect().kind != "bubblewrap", reason=f"no bubblewrap here: {detect().note or detect().kind}"
)


@dataclass
class Box:
    """`await box("ls")` gives the exit code and what was said, both streams together."""

    root: Path
    sandbox: Sandbox
    private: Path

    async def __call__(self, text: str, *, network: bool = False, seconds: float = 50) -> tuple[int, str]:
        launch = await self.sandbox.launch([shutil.which("bash") or "bash", "-c", text], Grant(network))
        child = await asyncio.create_subprocess_exec(
            *launch.argv,
            cwd=self.root,
            env=dict(launch.env),
            pass_fds=launch.pass_fds,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        launch.close()
        async with deadline(seconds):
            said, _ = await child.communicate()
        assert child.returncode is not None
        await self.sandbox.tidy(launch)
        await self.sandbox.settled()
        return child.returncode, said.decode("utf-8", "replace")

    async def works(self, text: str, *, network: bool = False) -> str:
        """What it said; the test fails when the command did."""
        code, said = await self(text, network=network)
        assert code == 0, said
        return said.strip()


@asynccontextmanager
async def box(root: Path, **settings: Any) -> AsyncGenerator[Box]:
    """The sandbox of a session in the work tree `root`, with these settings. This Python is readable wherever it lies."""
    settings.setdefault("readable", (sys.prefix, sys.base_prefix))
    root.mkdir(exist_ok=True)
    workspace = Workspace.of(root)
    workspace.create()
    sandboxes = Sandboxes(workspace, UserFolders.find())
    sandbox = sandboxes.of("s1", workspace.root, SandboxSettings(**settings))
    try:
        yield Box(workspace.root, sandbox, workspace.session("s1") / "private")
    finally:
        sandboxes.close()


PYTHON = f"{sys.executable} -I -S"
