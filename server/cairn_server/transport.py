"""How clients reach the host: a private socket, and the first line of every connection.

    client: {"cairn": 1, "token": "...", "face": "rpc", "client": "terminal"}
    host:   {"cairn": 1, "version": "0.1.0", "pid": 123}      or {"error": "one line"}, and closes

Each is one line of JSON; after them the bytes of the face flow.
"""

import asyncio
import contextlib
import hmac
import json
import os
import socket
import stat
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from cairn_server import __version__

FIRST_LINE = 65_536
"""Bytes a first line may have; also what a connection's reader holds before it stops reading."""
FIRST_LINE_SECONDS = 5.0
BACKLOG = 256
FACES = ("rpc", "lsp")

Face = Literal["rpc", "lsp"]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Refused(Exception):
    """The client is told in one line, and the connection is closed."""


class UnsafeFolder(Exception):
    """The person reacts: the socket's folder is not ours alone. The message is one line."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who connected, and which of the two faces it speaks."""

    face: Face
    client: str


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket and its `address` as clients find it in `host.json`."""

    server: asyncio.Server
    address: str

    def close(self) -> None:
        """No new connections; those there are go on. Removes the socket's file."""
        self.server.close()
        if self.address.startswith("unix:"):
            Path(self.address.removeprefix("unix:")).unlink(missing_ok=True)


async def listen(path: Path, accept: Accept) -> Listener:
    """Listens on a Unix socket at `path`; on loopback TCP where the platform has none.

    Call it only while holding the host's lock: a socket file found at `path` is a
    dead host's and is removed. Raises UnsafeFolder, OSError.
    """
    if hasattr(socket, "AF_UNIX") and hasattr(asyncio, "start_unix_server"):
        return await listen_unix(path, accept)
    return await listen_loopback(accept)


async def listen_unix(path: Path, accept: Accept) -> Listener:
    """A socket only its owner may open, in a folder only its owner may enter."""
    listening = _bound(path)
    server = await asyncio.start_unix_server(
        _only_ours(accept), sock=listening, limit=FIRST_LINE, backlog=BACKLOG
    )
    return Listener(server, f"unix:{path}")


def _bound(path: Path) -> socket.socket:
    make_private(path.parent)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    return listening


async def listen_loopback(accept: Accept) -> Listener:
    """A free port on 127.0.0.1. Whoever connects must know the token."""
    server = await asyncio.start_server(accept, host="127.0.0.1", port=0, limit=FIRST_LINE, backlog=BACKLOG)
    port = server.sockets[0].getsockname()[1]
    return Listener(server, f"tcp:127.0.0.1:{port}")


def make_private(folder: Path) -> None:
    """Makes `folder`, for us alone. Raises UnsafeFolder when somebody else made it before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeFolder(f"{folder} is not a folder; remove it, Cairn's socket goes there")
    if found.st_uid != os.getuid():
        raise UnsafeFolder(
            f"{folder} belongs to another user; remove it, or set CAIRN_HOME to a folder of yours"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> Hello | None:
    """Reads and answers the first line. None when the client was refused; the writer is then closed."""
    try:
        async with asyncio.timeout(FIRST_LINE_SECONDS):
            hello = _judge(await reader.readuntil(b"\n"), token)
    except Refused as refusal:
        await _answer_and_close(writer, {"error": str(refusal)})
    except asyncio.LimitOverrunError:
        await _answer_and_close(writer, {"error": f"the first line is longer than {FIRST_LINE} bytes"})
    except TimeoutError:
        await _answer_and_close(writer, {"error": f"no first line within {FIRST_LINE_SECONDS:g} seconds"})
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
    else:
        writer.write(_line({"cairn": 1, "version": __version__, "pid": os.getpid()}))
        return hello
    return None


def _judge(line: bytes, token: str) -> Hello:
    """The token first: nothing else is told to, or believed from, somebody who does not know it."""
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused('the first line is not JSON; send {"cairn": 1, "token", "face", "client"}') from None
    if not isinstance(found, dict):
        raise Refused("the first line is not a JSON object")
    said = cast(dict[str, Any], found)
    offered = str(said.get("token", "")).encode("utf-8", "replace")
    if not hmac.compare_digest(offered, token.encode("utf-8")):
        raise Refused("the token is not this host's; read it from host.json again")
    if said.get("cairn") != 1:
        raise Refused("this host speaks version 1 of the protocol; update the older of the two")
    if said.get("face") not in FACES:
        raise Refused(f"face must be one of {', '.join(FACES)}")
    name = "".join(filter(str.isprintable, str(said.get("client", ""))[:100]))
    return Hello(said["face"], name or "unnamed")


def _only_ours(accept: Accept) -> Accept:
    """Lets in processes of our own user only, where the system tells whose they are."""

    async def checked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if _same_user(writer.get_extra_info("socket")):
            await accept(reader, writer)
        else:
            writer.transport.abort()

    return checked


def _same_user(peer: socket.socket) -> bool:
    credentials = getattr(socket, "SO_PEERCRED", None)  # Linux; elsewhere the folder's mode has to do
    if credentials is None:
        return True
    layout = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)
    _, uid, _ = layout.unpack(peer.getsockopt(socket.SOL_SOCKET, credentials, layout.size))
    return uid == os.getuid()


async def _answer_and_close(writer: asyncio.StreamWriter, answer: dict[str, object]) -> None:
    with contextlib.suppress(ConnectionError):
        writer.write(_line(answer))
    writer.close()


def _line(answer: dict[str, object]) -> bytes:
    return json.dumps(answer).encode("utf-8") + b"\n"
