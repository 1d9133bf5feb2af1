"""The proxy lets listed hosts through, by name, and nothing else."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from boxed import PYTHON, box, needs_bubblewrap
from deadlines import deadline

from cairn_agents.sandbox import proxy
from cairn_agents.sandbox.hosts import is_listed, is_public
from cairn_agents.sandbox.proxy import Proxy, Refused, parse, public_address

HOSTS = ("pypi.org", "*.npmjs.org", "example.org:8443")


@pytest.mark.parametrize(
    ("host", "port", "listed"),
    [
        ("pypi.org", 443, True),
        ("PyPI.org.", 80, True),
        ("pypi.org", 22, False),
        ("files.pypi.org", 443, False),
        ("pypi.org.evil.com", 443, False),
        ("evilpypi.org", 443, False),
        ("registry.npmjs.org", 443, True),
        ("a.b.npmjs.org", 443, True),
        ("npmjs.org", 443, False),
        (".npmjs.org", 443, False),
        ("evilnpmjs.org", 443, False),
        ("example.org", 8443, True),
        ("example.org", 443, False),
        ("127.0.0.1", 443, False),
        ("2130706433", 443, False),
        ("0x7f.1", 443, False),
        ("127.1", 443, False),
        ("[::1]", 443, False),
        ("", 443, False),
    ],
)
def test_only_what_is_listed_is_let_through(host: str, port: int, listed: bool) -> None:
    assert is_listed(host, port, HOSTS) is listed


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "172.16.0.1", "::1",
                                     "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1"])  # fmt: skip
def test_an_address_around_here_is_not_public(address: str) -> None:
    assert not is_public(address)
    assert is_public("1.1.1.1") and is_public("2606:4700:4700::1111")


async def test_a_listed_name_that_leads_into_the_own_network_is_refused() -> None:
    with pytest.raises(Refused, match="own network"):
        await public_address("localhost", 443)


def test_a_plain_request_goes_on_with_the_host_it_names() -> None:
    request = parse(
        b"GET http://pypi.org/a?b=c HTTP/1.1\r\nHost: evil.com\r\nProxy-Authorization: x\r\nAccept: */*\r\n\r\n"
    )
    assert request.forward == (
        b"GET /a?b=c HTTP/1.1\r\nHost: pypi.org\r\nConnection: close\r\nAccept: */*\r\n\r\n"
    )


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET ftp://a/ HTTP/1.1\r\n\r\n", b"CONNECT a:b HTTP/1.1\r\n\r\n",
                                  b"\x16\x03\x01\r\n\r\n", b"CONNECT [::1 HTTP/1.1\r\n\r\n", b"GET http://a:99999/ HTTP/1.1\r\n\r\n"])  # fmt: skip
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(Refused):
        parse(head)


@asynccontextmanager
async def serving(hosts: tuple[str, ...]) -> AsyncGenerator[tuple[int, int]]:
    """A proxy, and an echo server behind the name pypi.org; their ports."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"echo " + await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    far = int(server.sockets[0].getsockname()[1])

    async def resolve(host: str, port: int) -> str:
        return "127.0.0.1"

    with socket.create_server(("127.0.0.1", 0)) as listening:
        door = await Proxy.on(listening, (*hosts, f"pypi.org:{far}"), resolve)
        yield int(listening.getsockname()[1]), far
        door.close()
    server.close()


async def test_a_tunnel_passes_bytes_both_ways_and_the_log_names_the_host(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with deadline(), serving(HOSTS) as (port, far):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT pypi.org:%d HTTP/1.1\r\n\r\n" % far)
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"echo hello"
        writer.close()
    assert f"pypi.org:{far} allowed" in caplog.text


async def test_a_host_that_is_not_listed_is_refused_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with deadline(), serving(HOSTS) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT evil.com:443 HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
        writer.close()
    assert "evil.com:443 refused" in caplog.text


async def test_who_says_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "HEAD_SECONDS", 0.05)
    async with deadline(), serving(HOSTS) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()


async def test_no_more_connections_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "CONNECTIONS", 1)
    async with deadline(), serving(HOSTS) as (port, _):
        _, first = await asyncio.open_connection("127.0.0.1", port)
        first.write(b"CONNECT")
        reader, second = await asyncio.open_connection("127.0.0.1", port)
        assert b" 503 " in await reader.read()
        first.close()
        second.close()


@needs_bubblewrap
async def test_a_sandboxed_command_reaches_a_listed_host_and_no_other(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(host: str, port: int) -> str:
        return "127.0.0.1"

    monkeypatch.setattr(proxy, "public_address", resolve)
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    far = int(server.sockets[0].getsockname()[1])
    fetch = (
        f"{PYTHON} -c \"import urllib.request as u; print(u.urlopen('http://{{}}:{far}/').read().decode())\""
    )
    async with box(repository, network=(f"pypi.org:{far}",)) as here:
        assert await here.works(fetch.format("pypi.org")) == "reached"
        code, said = await here(fetch.format("evil.com"))
        assert code != 0 and "403" in said
        code, said = await here(
            fetch.format("pypi.org").replace("import", "import os; os.environ.clear(); import")
        )
        assert code != 0, "past the proxy no way leads out"
    server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nreached")
    await writer.drain()
    writer.close()
