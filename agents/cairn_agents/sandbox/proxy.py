"""The one door of a session's network: a proxy of the host's that lets listed hosts through and says so in the log.

It takes CONNECT (for https and anything else) and plain http. It asks for a host's address itself and connects
to exactly that one, so that a name cannot mean another place a moment later; places in the machine's own
network are refused. It never looks into what passes.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from cairn_agents.sandbox.hosts import is_listed, is_public

logger = logging.getLogger(__name__)

CONNECTIONS = 64
"""At a time; more are refused."""
HEAD = 32_768
"""Bytes of a request's head."""
HEAD_SECONDS = 10.0
CONNECT_SECONDS = 15.0
IDLE_SECONDS = 300.0
"""Without a byte in either direction."""
_PIECE = 65_536

Resolve = Callable[[str, int], Awaitable[str]]
"""The address of a host. Raises Refused."""


class Refused(Exception):
    """The command is told: the status of the reply, and why in one line."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """Where a command wants to go; `forward` is what goes there first, None for a tunnel."""

    host: str
    port: int
    forward: bytes | None


async def public_address(host: str, port: int) -> str:
    """The first address of `host` on the internet. One name with an address around here is not trusted at all."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Refused("502 Bad Gateway", f"{host} has no address: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(is_public, addresses)):
        raise Refused(
            "403 Forbidden", f"{host} lies in this machine's own network, which is never let through"
        )
    return addresses[0]


class Proxy:
    """Serves one session. `hosts` are patterns, see `hosts`."""

    def __init__(self, hosts: tuple[str, ...], resolve: Resolve | None = None) -> None:
        self._hosts = hosts
        self._resolve = resolve or public_address
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @classmethod
    async def on(
        cls, listening: socket.socket, hosts: tuple[str, ...], resolve: Resolve | None = None
    ) -> "Proxy":
        """Begins to serve those who connect to `listening`, which stays its owner's."""
        proxy = cls(hosts, resolve)
        own = listening.dup()
        own.setblocking(False)
        proxy._server = await asyncio.start_server(proxy._accept, sock=own, limit=HEAD)
        return proxy

    def close(self) -> None:
        """Takes no more connections and cuts those there are."""
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            if len(self._serving) > CONNECTIONS:
                raise Refused("503 Service Unavailable", f"more than {CONNECTIONS} connections at a time")
            await self._serve(reader, writer)
        except Refused as refused:
            with suppress(OSError):
                writer.write(_reply(refused))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            logger.info("sandbox network: a connection was cut (%s)", type(error).__name__)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        request = parse(head)
        shown = f"{request.host}:{request.port}"
        if not is_listed(request.host, request.port, self._hosts):
            logger.info("sandbox network: %s refused, it is not listed", shown)
            raise Refused("403 Forbidden", f"{shown} is not among the hosts that commands may reach")
        try:
            address = await self._resolve(request.host, request.port)
        except Refused as refused:
            logger.info("sandbox network: %s refused: %s", shown, refused)
            raise
        logger.info("sandbox network: %s allowed (%s)", shown, address)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(address, request.port)
        except (OSError, TimeoutError) as error:
            raise Refused("502 Bad Gateway", f"{shown} does not answer: {error}") from error
        try:
            if request.forward is None:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(request.forward)
            await _relay((reader, far_writer), (far_reader, writer))
        finally:
            far_writer.close()


def parse(head: bytes) -> Request:
    """The head of a request to a proxy. Raises Refused for what is none."""
    lines = head.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/1."):
        raise Refused("400 Bad Request", "that is no HTTP/1 request")
    try:
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused("400 Bad Request", f"no address can be read: {error}") from error
    if method == "CONNECT":
        return Request(host, port or 443, None)
    if parts.scheme != "http" or not host:
        raise Refused("400 Bad Request", "only http:// addresses and CONNECT are taken")
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    kept = [line for line in lines[1:] if line and not _is_ours(line)]
    name = host if port is None else f"{host}:{port}"
    forward = "\r\n".join((f"{method} {path} {version}", f"Host: {name}", "Connection: close", *kept, "", ""))
    return Request(host, port or 80, forward.encode("latin-1"))


def _is_ours(line: str) -> bool:
    """Header lines that are for the proxy, or that it writes itself."""
    name = line.partition(":")[0].strip().lower()
    return name in ("host", "connection", "keep-alive") or name.startswith("proxy-")


def _reply(refused: Refused) -> bytes:
    body = f"Cairn's sandbox: {refused}\n".encode("utf-8", "replace")
    head = (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}"
    )
    return head.encode("ascii") + b"\r\nConnection: close\r\n\r\n" + body


async def _relay(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Passes bytes both ways until both ends have said all, or nobody says anything any more."""
    moved = asyncio.Event()
    tasks = [asyncio.create_task(_pass(reader, writer, moved)) for reader, writer in ways]
    idle = asyncio.create_task(_idle(moved))
    try:
        both = asyncio.gather(*tasks)
        await asyncio.wait((both, idle), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*tasks, idle):
            task.cancel()
        await asyncio.gather(*tasks, idle, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, moved: asyncio.Event) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            moved.set()
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _idle(moved: asyncio.Event) -> None:
    """Returns when nothing moved for `IDLE_SECONDS`."""
    with suppress(TimeoutError):
        while True:
            moved.clear()
            async with asyncio.timeout(IDLE_SECONDS):
                await moved.wait()
