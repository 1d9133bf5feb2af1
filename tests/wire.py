"""A real host in a process of its own, and clients of both faces that keep to the bytes of the protocol."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from cairn_memory.places import Workspace
from cairn_server.hostfile import HostFile

HOST = (str(Path(__file__).with_name("fake_runs.py")),)
REAL_HOST = ("-m", "cairn_server.host")

T = TypeVar("T")


class Refusal(Exception):
    """An error reply."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message"))
        self.code: int = error["code"]
        self.message: str = error["message"]


@dataclass
class HostProcess:
    """A host's process; `file` says where it listens."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    file: HostFile

    @property
    def local(self) -> Path:
        return Workspace.of(self.folder).local

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)

    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


class Hosts:
    """Starts hosts, and leaves none behind. `program` is what Python runs: a host around `FakeRuns` by default.

    `before` is called in each new process before that.
    """

    def __init__(
        self, home: Path, program: Sequence[str] = HOST, before: Callable[[], None] | None = None
    ) -> None:
        self._before = before
        self._home = home
        self._program = program
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, folder: Path, *options: str) -> HostProcess:
        """A host that listens."""
        process = self.spawn(folder, *options)
        local = Workspace.of(folder).local
        while not _ended(process):
            file = HostFile.read(local)
            if file is not None and file.pid == process.pid:
                return HostProcess(process, folder, file)
        raise AssertionError(f"the host ended with {process.returncode}: {self._said(process)}")

    def fail(self, folder: Path, *options: str) -> tuple[int, str]:
        """The exit code of a host that does not come to listen, and what it says."""
        process = self.spawn(folder, *options)
        return process.wait(20), self._said(process)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)

    def spawn(self, folder: Path, *options: str) -> "subprocess.Popen[bytes]":
        """Its process, at once: it may listen soon, or end."""
        self._home.mkdir(exist_ok=True)
        with (self._home / f"stderr-{len(self._processes)}").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, *self._program, "--workspace", str(folder), *options],
                env=os.environ | {"CAIRN_HOME": str(self._home)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=self._before,  # noqa: PLW1509
            )
        self._processes.append(process)
        return process

    def _said(self, process: "subprocess.Popen[bytes]") -> str:
        number = self._processes.index(process)
        return (self._home / f"stderr-{number}").read_text(encoding="utf-8")


def _ended(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(0.005)
    except subprocess.TimeoutExpired:
        return False
    return True


class Client:
    """Speaks one face over one socket. `notices` has every notification, in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, face: str) -> None:
        self.reader = reader
        self.writer = writer
        self.face = face
        self.notices: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.orphans: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.order: list[str] = []
        self.initialized: dict[str, Any] = {}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._task = asyncio.create_task(self._receive())

    async def request(self, method: str, params: Any = None) -> Any:
        """The result. Raises Refusal."""
        return _result(await self.reply(method, params))

    async def reply(self, method: str, params: Any = None) -> dict[str, Any]:
        """The whole reply."""
        number = len(self._waiting) + 1
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self.send(message if params is None else message | {"params": params})
        return await self._waiting[number]

    def send(self, message: dict[str, Any]) -> None:
        self.raw(framed(json.dumps(message).encode(), self.face))

    def raw(self, data: bytes) -> None:
        self.writer.write(data)

    async def event(self) -> dict[str, Any]:
        """The next event, whatever is streamed before it."""
        while True:
            notice = await self.notices.get()
            if notice["method"] == "cairn/event":
                return notice["params"]["event"]

    async def events_until(self, seq: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while not found or found[-1]["seq"] < seq:
            found.append(await self.event())
        return found

    async def ended(self) -> None:
        """Returns when the host closed the connection."""
        await self._task

    async def unless_ended(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives. Raises ConnectionError when the host closes the connection before."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ConnectionError("the host closed the connection")
            return task.result()
        finally:
            task.cancel()

    async def close(self) -> None:
        self.writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _receive(self) -> None:
        try:
            while (message := await self._next()) is not None:
                self._sort(message)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass

    def _sort(self, message: dict[str, Any]) -> None:
        self.order.append(message.get("method", "reply"))
        if "method" in message:
            self.notices.put_nowait(message)
        elif message["id"] in self._waiting:
            self._waiting[message["id"]].set_result(message)
        else:
            self.orphans.put_nowait(message)

    async def _next(self) -> dict[str, Any] | None:
        if self.face == "rpc":
            line = await self.reader.readline()
            return json.loads(line) if line else None
        length = 0
        while (header := await self.reader.readline()) != b"\r\n":
            if not header:
                return None
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(await self.reader.readexactly(length))


def framed(body: bytes, face: str) -> bytes:
    return body + b"\n" if face == "rpc" else b"Content-Length: %d\r\n\r\n" % len(body) + body


def _result(reply: dict[str, Any]) -> Any:
    if "error" in reply:
        raise Refusal(reply["error"])
    return reply["result"]


async def dial(file: HostFile) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A bare connection."""
    kind, _, place = file.address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place, limit=32_000_000)
    host, _, port = place.rpartition(":")
    return await asyncio.open_connection(host, int(port), limit=32_000_000)


async def greeted(
    file: HostFile, **changes: Any
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, dict[str, Any]]:
    """A connection after its first line, and the host's answer to that."""
    reader, writer = await dial(file)
    hello = {"cairn": 1, "token": file.token, "face": "rpc", "client": "test"} | changes
    writer.write(json.dumps(hello).encode() + b"\n")
    line = await reader.readline()
    if not line:
        raise ConnectionResetError("the host closed the connection")
    return reader, writer, json.loads(line)


@asynccontextmanager
async def client(file: HostFile, face: Literal["rpc", "lsp"] = "rpc") -> AsyncGenerator[Client]:
    """An attached client of either face, the editor's already initialised."""
    reader, writer, answer = await greeted(file, face=face)
    assert answer.get("pid") == file.pid, answer
    attached = Client(reader, writer, face)
    try:
        if face == "lsp":
            parameters: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
            attached.initialized = await attached.request("initialize", parameters)
            attached.send({"jsonrpc": "2.0", "method": "initialized", "params": {}})
        yield attached
    finally:
        await attached.close()
