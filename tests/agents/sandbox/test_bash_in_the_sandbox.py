"""The bash tool in its sandbox: what stops a command is told in a sentence, and what it starts ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from boxed import box, needs_bubblewrap
from deadlines import deadline
from desk import Desk
from harness import harness
from scripted_provider import call, say

from cairn_agents.sandbox.base import Grant
from cairn_agents.sandbox.stopped import stopped
from cairn_memory.events import ProcessEnded, ToolFinished


@asynccontextmanager
async def desk_in(root: Path, private: Path) -> AsyncGenerator[Desk]:
    async with box(root) as made:
        desk = Desk.at(root, private)
        desk.scope = replace(desk.scope, sandbox=made.sandbox)
        yield desk


@pytest_asyncio.fixture
async def desk(repository: Path, tmp_path: Path) -> AsyncGenerator[Desk]:
    async with desk_in(repository, tmp_path) as made:
        yield made


@needs_bubblewrap
@pytest.mark.parametrize(
    ("command", "way"),
    [
        ("curl -s -S https://example.org", "`network: true`"),
        ("echo x > .git/hooks/pre-commit", "`unsandboxed: true`"),
        ("echo x >> /usr/lib/x", "`unsandboxed: true`"),
        ("python3 -c 'import socket; socket.socket(socket.AF_UNIX)'", "`unsandboxed: true`"),
    ],
)
async def test_the_agent_is_told_what_the_sandbox_stopped_and_how_to_ask(
    desk: Desk, command: str, way: str
) -> None:
    text = (await desk("bash", command=command)).text
    assert text.splitlines()[-1].startswith("[") and way in text.splitlines()[-1]


@needs_bubblewrap
async def test_of_other_failures_nothing_is_said(desk: Desk) -> None:
    assert (await desk("bash", command="echo no; exit 3")).text == "no\n[exit code 3]"
    assert (await desk("bash", command="ls nothing")).text.endswith("[exit code 2]")


def test_without_a_sandbox_or_with_success_nothing_is_said() -> None:
    said = "curl: (6) Could not resolve host: x"
    assert stopped(said, 6, "none", Grant()) == "" == stopped(said, 0, "bubblewrap", Grant())
    assert stopped(said, 6, "bubblewrap", Grant(network=True)) == ""


@needs_bubblewrap
async def test_a_command_over_its_timeout_ends_with_all_it_started(desk: Desk) -> None:
    await desk("bash", command="setsid sleep 4321 & setsid -f sleep 4321; sleep 300", timeout=1)
    async with deadline():
        while _sleeping("4321"):
            await asyncio.sleep(0)


@needs_bubblewrap
async def test_a_command_that_ends_is_asked_first(desk: Desk) -> None:
    result = await desk(
        "bash", command="trap 'echo asked; exit 5' TERM; while :; do sleep 0.05; done", timeout=1.5
    )
    assert "asked\n" in result.text


@needs_bubblewrap
async def test_what_is_left_running_ends_with_its_command(desk: Desk) -> None:
    async with deadline(20):
        await desk("bash", command="setsid -f sleep 5432")
        while _sleeping("5432"):
            await asyncio.sleep(0)


@needs_bubblewrap
async def test_a_call_demands_what_lies_beyond_the_sandbox(desk: Desk) -> None:
    assert (await desk.plan("bash", command="true"))[1].demands == ()
    assert (await desk.plan("bash", command="true", network=True))[1].demands == ("network",)
    assert (await desk.plan("bash", command="true", unsandboxed=True, network=True))[1].demands == (
        "unsandboxed",
    )


@needs_bubblewrap
async def test_an_unsandboxed_command_runs_as_the_user(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "outside"
    assert (await desk("bash", command=f"echo x > '{target}'")).exit_code == 0
    assert not target.exists(), "in the sandbox /tmp is the session's own"
    assert (await desk("bash", command=f"echo x > '{target}'", unsandboxed=True)).exit_code == 0
    assert target.exists()


async def test_a_call_needs_a_command_or_what_to_stop(desk: Desk) -> None:
    assert "`command` is missing" in await desk.fails("bash")
    assert "either" in await desk.fails("bash", command="true", stop="1.0")
    assert "no background command" in await desk.fails("bash", stop="9.9")


async def test_a_background_command_is_ended_by_its_id(tmp_path: Path) -> None:
    turns = [
        call("bash", command="trap 'exit 7' TERM; echo ready > ready; while :; do sleep 0.05; done", background=True),
        call("bash", command="while [ ! -e ready ]; do sleep 0.01; done"),
        call("bash", stop="1.0"),
        say("Ended it."),
    ]  # fmt: skip
    async with harness(tmp_path, turns) as at:
        await at.run()
        finished = [payload for payload in await at.payloads(ToolFinished.kind)]
        assert isinstance(finished[-1], ToolFinished)
        assert finished[-1].text == "The background command 1.0 has ended with exit code 7."
        assert await at.payloads(ProcessEnded.kind) == [ProcessEnded(id="1.0", exit_code=7)]
        assert at.runs.background() == ()


def _sleeping(seconds: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes() == f"sleep\0{seconds}\0".encode():
                return True
        except OSError:
            continue
    return False
