"""How quick the editor is while an agent works: `python editor.py [EVENTS] [FOLDER]`, 1,000,000 events without an argument.

A FOLDER keeps the workspace with its made history and index for a second run. Starts a real host, a run that never
rests (read, shell, write, as fast as they go, the model answering at once), and an editor at the LSP face that has MEMORY.md open and
asks one thing after another. Writes into editor.md: milliseconds from request to reply at the socket, and from an event's
commit to its arrival and to the answer of what a panel asks then.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from scale import Author, at, fill, yardstick
from scripted_provider import Script, ScriptedProvider, call
from sections import as_installed, measured, publish
from wire import Client, client

from cairn_memory.places import Workspace
from cairn_server import launch
from cairn_server.hostfile import HostFile

RESULTS = Path(__file__).with_name("editor.md")
DRAWN = ("tasks", "runs", "checkpoints")
VIEWS = ("approvals", "tasks", "runs", "checkpoints", "memory")
ROUNDS = 150
CLAIMS = 60
INDEXED = 1_800.0
"""Seconds that the index may take to be made."""

Ask = Callable[[], Awaitable[Any]]


def turn(number: int) -> Script:
    """Read, shell, write in turn, with outputs as a build has them, for ever."""
    match number % 3:
        case 0:
            return call("read", path="input.txt")
        case 1:
            return call("bash", command=f"seq {number} {number + 2_000}")
        case _:
            return call("write", path=f"out-{number % 50}.txt", content=f"line {number}\n" * 200)


@asynccontextmanager
async def host(workspace: Workspace) -> AsyncGenerator[HostFile]:
    """A host of its own, ended afterwards."""
    channel = await asyncio.to_thread(launch.connect, workspace, "rpc", "bench", 300.0)
    channel.close()
    file = HostFile.read(workspace.local)
    assert file is not None
    try:
        yield file
    finally:
        async with client(file) as last:
            await last.request("cairn/host/stop", {"force": True})
            await last.ended()


async def timed(ask: Ask) -> float:
    began = time.perf_counter()
    await ask()
    return 1_000 * (time.perf_counter() - began)


def row(name: str, times: list[float]) -> str:
    return f"| {name} | {at(times, 0.5):.1f} | {at(times, 0.95):.1f} | {max(times):.0f} |"


def open_page(editor: Client, page: Path) -> dict[str, Any]:
    """Opens MEMORY.md in the editor; the position of its last claim."""
    text, uri = page.read_text(encoding="utf-8"), page.as_uri()
    document = {
        "uri": uri,
        "languageId": "markdown",
        "version": 1,
        "text": text + "\n- @\n- See gone/file.py\n- T1 comes first\n",
    }
    editor.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}})
    line = next(n for n, each in enumerate(text.splitlines()) if "input.txt" in each)
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": 4}}


async def asked_of(editor: Client, page: Path) -> list[str]:
    """A row for each thing an editor asks while somebody moves and types."""
    place = open_page(editor, page)
    lines = len(page.read_text(encoding="utf-8").splitlines())
    typed = place | {"position": {"line": lines + 1, "character": 3}}
    gone = {"start": {"line": lines + 2, "character": 6}, "end": {"line": lines + 2, "character": 18}}
    found = {
        "range": gone,
        "message": "gone",
        "code": "path-gone",
        "source": "cairn",
        "data": {"about": "gone/file.py", "line": lines + 2},
    }
    action = place | {"range": gone, "context": {"diagnostics": [found]}}
    document = {"textDocument": place["textDocument"]}
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
    task = place | {"position": {"line": lines + 3, "character": 3}}
    asks: dict[str, Ask] = {
        "hover over a claim": lambda: editor.request("textDocument/hover", place),
        "hover over a task": lambda: editor.request("textDocument/hover", task),
        "completion": lambda: editor.request("textDocument/completion", typed),
        "code action": lambda: editor.request("textDocument/codeAction", action),
        "definition": lambda: editor.request("textDocument/definition", place),
        "code lens": lambda: editor.request("textDocument/codeLens", document),
        "inlay hints": lambda: editor.request("textDocument/inlayHint", document | {"range": everything}),
        "semantic tokens": lambda: editor.request("textDocument/semanticTokens/full", document),
        "workspace symbols (search)": lambda: editor.request("workspace/symbol", {"query": "parser input"}),
    }
    for view in VIEWS:
        asks[f"rows of the view of {view}"] = lambda view=view: editor.request(
            "cairn/views/show", {"view": view}
        )
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            times[name].append(await timed(ask))
    return [row(name, each) for name, each in times.items()]


async def panels(file: HostFile, session: str) -> list[str]:
    """From an event's commit to its arrival at a client and the rows that panels ask for then; and to the word of a change."""
    arrived, drawn, heard = list[float](), list[float](), list[float]()
    async with client(file, "lsp") as panel:
        await panel.request("cairn/events/subscribe", {"session": session, "stream": False, "since": 2**50})
        while len(drawn) < ROUNDS:
            event = await panel.event()
            while not panel.notices.empty():  # what was waiting is drawn together, as views do
                notice = panel.notices.get_nowait()
                event = notice["params"]["event"] if notice["method"] == "cairn/event" else event
            arrived.append(time.time() * 1_000 - event["time"])
            await asyncio.gather(
                *(panel.request("cairn/views/show", {"view": view, "session": session}) for view in DRAWN)
            )
            drawn.append(time.time() * 1_000 - event["time"])
    async with client(file, "lsp") as panel, client(file) as other:
        await panel.request("cairn/views/follow")
        for number in range(ROUNDS):
            began = time.perf_counter()
            await other.request("cairn/memory/remember", {"text": f"Stone {number} is flat", "about": "fact"})
            while "memory" not in (await panel.notices.get())["params"]["views"]:
                pass
            heard.append((time.perf_counter() - began) * 1_000)
    return [
        row("event at the client", arrived),
        row("tasks, runs and checkpoints asked for and answered", drawn),
        row("from a claim's `remember` to the word that its view changed", heard),
    ]


async def indexed(attached: Client) -> None:
    """Returns when the search index has taken in the whole log."""
    async with asyncio.timeout(INDEXED):
        while (await attached.request("cairn/memory/search", {"queries": ["stone"]}))["answers"][0][
            "problems"
        ]:
            await asyncio.wait([asyncio.ensure_future(attached.ended())], timeout=1.0)


async def measure(root: Path, count: int) -> str:
    workspace = Workspace.of(root)
    workspace.create()
    if not (workspace.local / "cairn.db").exists():
        fill(workspace.local, Author(), count)
    (root / "input.txt").write_text("some text\n" * 400, encoding="utf-8")
    async with (
        ScriptedProvider(turn, keep_bodies=False) as model,
        host(workspace) as file,
        client(file) as other,
    ):
        await indexed(other)
        for number in range(CLAIMS):
            claim = {
                "text": f"Part {number} reads `parse_{number}` from input.txt:{number + 1}",
                "about": "fact",
            }
            await other.request("cairn/memory/remember", claim)
        if not (await other.request("cairn/task/list"))["tasks"]:
            await other.request("cairn/task/change", {"action": "create", "id": "", "title": "Go on"})
        settings = {
            "base_url": model.url,
            "model": "scripted",
            "api_key": "none",
            "approve_all": True,
            "max_steps": 0,
        }
        run = await other.request("cairn/run/start", {"prompt": "Go on for ever.", "settings": settings})
        async with client(file, "lsp") as editor:
            began, first = time.perf_counter(), len(model.requests)
            rows = await asked_of(editor, root / ".cairn" / "MEMORY.md")
            steps = (len(model.requests) - first) / (time.perf_counter() - began)
        rows += await panels(file, run["session"])
        state = await other.request("cairn/session/list")
        assert (
            next(one["state"] for one in state["sessions"] if one["session"] == run["session"]) == "running"
        )
        await other.request("cairn/run/interrupt", {"session": run["session"]})
    table = "\n".join(rows)
    return f"""\
## The editor beside an agent that works, with {count:,} events stored

{measured("tests/bench/editor.py")} `import openai` takes {yardstick():.0f} ms of processor time here (420 on the machine of the aims).
The agent did {steps:.0f} steps a second meanwhile. Milliseconds from request to reply:

| asked | p50 | p95 | longest |
|---|---|---|---|
{table}
"""


async def main(count: int, root: Path) -> None:
    as_installed()
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    text = await measure(root, count)
    print(text)
    publish(f"editor {count}", text, RESULTS)


if __name__ == "__main__":
    size = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    if sys.argv[2:]:
        asyncio.run(main(size, Path(sys.argv[2])))
    else:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(main(size, Path(name)))
