"""A scenario of `tests/e2e/editor`, played in a real VS Code against a scripted model and a host of its own."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from deadlines import deadline
from scripted_provider import ScriptedProvider, Turn

HERE = Path(__file__).parent / "e2e" / "editor"
RIG = Path(os.environ.get("CAIRN_RIG", HERE.parents[2] / ".rig"))
CAIRN = Path(sys.executable).with_name("cairn")


class Scenario:
    """Plays a scenario in a window on `workspace`."""

    def __init__(self, workspace: Path, scratch: Path, test: str) -> None:
        self.workspace = workspace
        self._scratch = scratch
        self._test = test
        self.sent = ""
        """What the model was sent last."""

    async def play(
        self, name: str, turns: list[Turn], server: tuple[str, ...] = (str(CAIRN),), **given: Any
    ) -> ScriptedProvider:
        """The model that was asked. Fails with what the scenario says when it does not come to its end."""
        assert (RIG / ".extension.stamp").exists(), f"nothing is set up in {RIG}; run {HERE / 'setup.sh'}"
        self._scratch.mkdir()
        facts = {
            "rig": str(RIG),
            "folder": str(self.workspace),
            "scratch": str(self._scratch),
            "server": server,
        }
        async with ScriptedProvider(turns) as model, deadline(270):
            environment = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none", "CAIRN_MODEL": "scripted"}
            process = await asyncio.create_subprocess_exec(
                *("node", str(HERE / f"{name}.mjs"), json.dumps(facts | given)),
                env=os.environ | environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                said = (await process.communicate())[0].decode("utf-8", "replace")
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()
        self._keep_screenshots()
        self.sent = model.requests[-1].body.decode("utf-8") if model.requests else ""
        assert process.returncode == 0, said
        return model

    def run_document(self) -> str:
        (document,) = self.workspace.glob(".cairn/local/sessions/*/run.md")
        return document.read_text(encoding="utf-8")

    def session(self) -> str:
        """The one session of the workspace."""
        (folder,) = self.workspace.glob(".cairn/local/sessions/*/")
        return folder.name

    def _keep_screenshots(self) -> None:
        if shots := os.environ.get("CAIRN_SHOTS"):
            Path(shots).mkdir(parents=True, exist_ok=True)
            for shot in self._scratch.glob("*.png"):
                shutil.copy(shot, Path(shots) / f"{self._test}-{shot.name}")
