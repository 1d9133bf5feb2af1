"""The first line of a connection: who may come in, and what everybody else is told."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from wire import HostProcess, dial, greeted

from cairn_server import __version__, transport
from cairn_server.hostfile import HostFile
from cairn_server.transport import Hello, Listener, UnsafeFolder, greet, listen_loopback, make_private


async def test_the_right_token_is_let_in(host: HostProcess) -> None:
    async with deadline():
        _, writer, answer = await greeted(host.file)
        assert answer == {"cairn": 1, "version": __version__, "pid": host.process.pid}
        writer.close()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"token": "guess"}, "token"),
        ({"token": ""}, "token"),
        ({"token": None}, "token"),
        ({"token": {"$ne": ""}}, "token"),
        ({"token": "\ud800"}, "token"),
        ({"cairn": 2}, "version"),
        ({"face": "telnet"}, "face"),
        ({"face": ["rpc"]}, "face"),
    ],
    ids=repr,
)
async def test_a_wrong_first_line_is_told_why_and_closed(
    host: HostProcess, changes: dict[str, Any], word: str
) -> None:
    async with deadline():
        reader, writer, answer = await greeted(host.file, **changes)
        assert word in answer["error"]
        assert host.file.token not in answer["error"]
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1\r\n", b"\n", b"\xff\xfe\n", b"[]\n", b"5\n", b"[" * 60_000 + b"\n", b"x" * 70_000],
    ids=["http", "empty", "bytes", "array", "number", "deep", "long"],
)
async def test_what_is_no_first_line_is_told_so_and_closed(host: HostProcess, line: bytes) -> None:
    async with deadline():
        reader, writer = await dial(host.file)
        writer.write(line)
        answer = await reader.read()
        assert answer.count(b"\n") == 1
        assert json.loads(answer)["error"]
        writer.close()


@asynccontextmanager
async def _gate(token: str) -> AsyncGenerator[tuple[HostFile, "asyncio.Queue[Hello | None]"]]:
    """The first line alone, on loopback TCP as where there are no Unix sockets."""
    found: asyncio.Queue[Hello | None] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.put_nowait(await greet(reader, writer, token))
        writer.close()

    listener: Listener = await listen_loopback(accept)
    yield HostFile(listener.address, os.getpid(), token, __version__), found
    listener.close()


async def test_loopback_tcp_asks_for_the_token_too() -> None:
    async with deadline(), _gate("secret") as (file, found):
        assert file.address.startswith("tcp:127.0.0.1:")
        _, writer, answer = await greeted(file, face="lsp", client="windows")
        assert answer["pid"] == os.getpid()
        assert await found.get() == Hello("lsp", "windows")
        writer.close()
        _, writer, _ = await greeted(file, client="a\nforged line\x1b[0m")
        assert await found.get() == Hello("rpc", "aforged line[0m")
        writer.close()
        _, writer, answer = await greeted(file, token="wrong")
        assert "token" in answer["error"]
        assert await found.get() is None
        writer.close()


async def test_who_says_nothing_is_told_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_LINE_SECONDS", 0.05)
    async with deadline(), _gate("secret") as (file, found):
        reader, writer = await dial(file)
        writer.write(b'{"cairn": 1, "token": "sec')
        assert b"no first line within" in await reader.read()
        assert await found.get() is None
        writer.close()


async def test_who_leaves_before_the_first_line_is_forgotten() -> None:
    async with deadline(), _gate("secret") as (file, found):
        _, writer = await dial(file)
        writer.close()
        assert await found.get() is None


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_sockets_folder_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="POSIX owners")
def test_a_sockets_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(UnsafeFolder, match="another user"):
        make_private(folder)


@pytest.mark.skipif(not hasattr(transport.socket, "SO_PEERCRED"), reason="the system does not tell the peer")
async def test_a_process_of_another_user_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()

    listener = await transport.listen_unix(tmp_path / "run" / "a.sock", accept)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    async with deadline():
        reader, writer = await dial(HostFile(listener.address, 1, "", ""))
        assert await reader.read() == b""
        assert not reached.is_set()
        writer.close()
    listener.close()
