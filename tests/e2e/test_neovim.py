"""Neovim's own LSP client starts a run and sees all of it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deadlines import deadline
from host_ending import end_host
from neovim import MISSING, NVIM, all_events, neovim, said_until
from readme import snippet
from scripted_provider import ScriptedProvider, call, calls, say
from wire import client

from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile

pytestmark = pytest.mark.skipif(NVIM is None, reason=MISSING)

LSP = (str(Path(sys.executable).with_name("cairn")), "lsp", "--stdio")
TURNS = [
    calls(("read", {"path": "README.md"}), ("bash", {"command": "echo stone > pile.txt"}), text="I begin."),
    say("The stones lie."),
]


@pytest.fixture
def workspace(repository: Path) -> Iterator[Path]:
    yield repository
    end_host(repository)


async def test_neovim_starts_a_run_and_gets_every_event_to_its_end(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedProvider(TURNS) as model, deadline(45):
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("CAIRN_MODEL", "scripted")

        async with neovim(workspace, LSP, prompt="Lay the stones") as editor:
            seen = await all_events(editor)

        session = next(event["session"] for event in seen if event["kind"] == "session.started")
        file = HostFile.read(Workspace.of(workspace).local)
        assert file is not None, "the host went with its client"
        async with client(file) as other:
            page = await other.request("cairn/session/show", {"session": session, "limit": 2_000})
    mine = [event for event in seen if event["session"] == session]
    assert [(each["seq"], each["kind"]) for each in mine] == [
        (each["seq"], each["kind"]) for each in page["events"] if each["seq"] <= mine[-1]["seq"]
    ]
    assert mine[-1]["payload"]["state"] == "done"
    assert (workspace / "pile.txt").read_text(encoding="utf-8") == "stone\n"


async def test_the_words_of_the_readme_start_a_run_and_show_its_events(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "readme.lua"
    script.write_text(snippet("lua"), encoding="utf-8")
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(LSP[0]).parent), os.environ["PATH"])))
    async with ScriptedProvider([call("read", path="README.md"), say("Done.")]) as model, deadline(45):
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("CAIRN_MODEL", "scripted")

        await said_until(workspace, script, "session.started.*tool.finished.*model.replied.*session.state")

    assert len(model.requests) == 2
