"""Emacs' own LSP client, eglot, starts a run with the very words of the README and sees all of it."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deadlines import deadline
from emacs import EMACS, MISSING, NO_EGLOT
from host_ending import end_host
from readme import snippet
from scripted_provider import ScriptedProvider, call, say
from wire import client

from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile

SCRIPT = Path(__file__).with_name("emacs_client.el")
TURNS = [call("read", path="notes.txt"), say("The stones lie.")]

pytestmark = pytest.mark.skipif(EMACS is None, reason=MISSING)


@pytest.fixture
def workspace(repository: Path) -> Iterator[Path]:
    (repository / "notes.txt").write_text("stones\n", encoding="utf-8")
    yield repository
    end_host(repository)


async def emacs(folder: Path, home: Path) -> str:
    """What it prints, once it has left by itself. Skips the test when this Emacs has no eglot."""
    assert EMACS is not None
    home.mkdir()
    words = home / "readme.el"
    words.write_text(snippet("elisp"), encoding="utf-8")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    process = await asyncio.create_subprocess_exec(
        *(EMACS, "--batch", "-l", str(SCRIPT), str(words), "notes.txt"),
        cwd=folder,
        env=os.environ | {"HOME": str(home), "PATH": path},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == NO_EGLOT:
        pytest.skip(MISSING)
    assert process.returncode == 0, errors.decode("utf-8", "replace")
    return out.decode("utf-8")


async def test_emacs_starts_a_run_with_the_words_of_the_readme_and_gets_every_event(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedProvider(TURNS) as model, deadline(45):
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("CAIRN_MODEL", "scripted")

        seen = [json.loads(line) for line in (await emacs(workspace, tmp_path / "home")).splitlines()]

        file = HostFile.read(Workspace.of(workspace).local)
        assert file is not None, "the host went with its client"
        async with client(file) as other:
            page = await other.request("cairn/session/show", {"session": seen[0]["session"], "limit": 2_000})
    assert [(each["seq"], each["kind"]) for each in seen] == [
        (each["seq"], each["kind"]) for each in page["events"] if each["seq"] <= seen[-1]["seq"]
    ]
    assert seen[-1]["payload"]["state"] == "done"
    assert len(model.requests) == len(TURNS)
