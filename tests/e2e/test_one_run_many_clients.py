"""One run, watched at once by the terminal, an LSP client and neovim. Clients come and go; the run does not."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from host_ending import end_host
from lsprotocol import types
from neovim import MISSING, NVIM, all_events, neovim
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client
from scripted_provider import ScriptedProvider, call, say

pytestmark = [
    pytest.mark.skipif(NVIM is None, reason=MISSING),
    pytest.mark.skipif(sys.platform == "win32", reason="the gates are named pipes"),
]

CAIRN = str(Path(sys.executable).with_name("cairn"))
LSP = (CAIRN, "lsp", "--stdio")
TURNS = [
    call("bash", command="read _ < first_gate"),
    call("bash", command="echo > passed; read _ < second_gate"),
    say("The stones lie."),
]


class Pipe:
    """A named pipe between the test and the run's commands: each can wait for the other."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def open_gate(self) -> None:
        os.write(self._descriptor, b"\n")

    async def heard(self) -> None:
        loop = asyncio.get_running_loop()
        something = asyncio.Event()
        loop.add_reader(self._descriptor, something.set)
        await something.wait()
        loop.remove_reader(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Editor:
    """A pytest-lsp client that has subscribed."""

    def __init__(self) -> None:
        self.client: LanguageClient = make_test_lsp_client()
        self.events: list[Any] = []
        self._more = asyncio.Condition()

        async def received(params: Any) -> None:
            async with self._more:
                self.events.append(params.event)
                self._more.notify_all()

        self.client.feature("cairn/event")(received)

    async def request(self, method: str, **params: Any) -> Any:
        return await self.client.protocol.send_request_async(method, params)

    async def saw(self, kind: str, times: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: sum(event.kind == kind for event in self.events) >= times)

    async def rests(self) -> None:
        async with self._more:
            await self._more.wait_for(
                lambda: self.events and _rests(self.events[-1].kind, self.events[-1].payload)
            )


def _rests(kind: str, payload: Any) -> bool:
    return kind == "session.state" and payload.state != "running"


@asynccontextmanager
async def editor(folder: Path, since: int) -> AsyncGenerator[Editor]:
    """Comes, watches everything after `since`, and leaves as an editor does."""
    attached = Editor()
    client: Any = attached.client  # pygls leaves the options of start_io untyped
    await client.start_io(*LSP, cwd=folder)
    parameters = types.InitializeParams(
        capabilities=client_capabilities("visual-studio-code"), root_uri=folder.as_uri()
    )
    await attached.client.initialize_session(parameters)
    await attached.request("cairn/events/subscribe", since=since, stream=False)
    yield attached
    await attached.client.shutdown_session()
    await attached.client.stop()


class Terminal:
    """`cairn attach --json`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    async def saw(self, kind: str, times: int) -> None:
        while sum(event["kind"] == kind for event in self.events) < times:
            assert await self._read(), "the terminal left"

    async def ends(self) -> int:
        while await self._read():
            pass
        return await self.process.wait()

    async def _read(self) -> bool:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if line:
            self.events.append(json.loads(line))
        return bool(line)


@asynccontextmanager
async def terminal(folder: Path, session: str) -> AsyncGenerator[Terminal]:
    """Comes, and leaves as a terminal does whose window is closed."""
    process = await asyncio.create_subprocess_exec(
        *(CAIRN, "attach", session, "--json"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        limit=32_000_000,
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def workspace(repository: Path) -> Iterator[Path]:
    yield repository
    end_host(repository)


@pytest.fixture
def pipes(workspace: Path) -> Iterator[dict[str, Pipe]]:
    made = {name: Pipe(workspace / name) for name in ("first_gate", "passed", "second_gate")}
    yield made
    for pipe in made.values():
        pipe.close()


@pytest.fixture
async def model(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[ScriptedProvider]:
    async with ScriptedProvider(TURNS) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("CAIRN_MODEL", "scripted")
        yield provider


async def test_each_client_may_leave_and_come_back_and_misses_nothing(
    workspace: Path, pipes: dict[str, Pipe], model: ScriptedProvider
) -> None:
    async with deadline(55):
        async with editor(workspace, since=0) as first:
            started = await first.request(
                "cairn/run/start", prompt="Lay the stones", settings={"approve_all": True}
            )
            session: str = started.session
            async with (
                terminal(workspace, session) as console,
                neovim(workspace, LSP, leave_at="tool.started") as vim,
            ):
                await first.saw("tool.started", 1)
                await console.saw("tool.started", 1)
                seen_by_vim = await all_events(vim)

        pipes["first_gate"].open_gate()  # they have all left
        await pipes["passed"].heard()

        async with AsyncExitStack() as stack:
            second = await stack.enter_async_context(editor(workspace, since=first.events[-1].seq))
            console_again = await stack.enter_async_context(terminal(workspace, session))
            vim = await stack.enter_async_context(neovim(workspace, LSP, since=seen_by_vim[-1]["seq"]))
            await second.saw("tool.started", 1)
            await console_again.saw("tool.started", 2)
            pipes["second_gate"].open_gate()
            await second.rests()
            assert await console_again.ends() == 0
            seen_by_vim += await all_events(vim)
            page = await second.request("cairn/session/show", session=session, limit=2_000)

    log = [event.seq if hasattr(event, "seq") else event["seq"] for event in page.events]
    assert [event.seq for event in (*first.events, *second.events) if event.session == session] == log
    assert [event["seq"] for event in seen_by_vim if event["session"] == session] == log
    assert [event["seq"] for event in console_again.events] == log
    assert [event["seq"] for event in console.events] == log[: len(console.events)]
    assert len(model.requests) == len(TURNS)
