"""Bytes that mean harm: an error reply or the end of that connection, and the host goes on, no larger."""

import asyncio
import json
from typing import Any

import pytest
from deadlines import deadline
from wire import Client, HostProcess, client, framed

from cairn_server.incoming import DEEPEST, LARGEST_MESSAGE, BadMessage, parse
from cairn_server.transport import Face

pytestmark = pytest.mark.repeat
STATUS = {"jsonrpc": "2.0", "id": 1, "method": "cairn/host/status"}
DEEP = b'{"jsonrpc": "2.0", "id": 7, "method": "cairn/run/start", "params": {"prompt": %b}}'
BATCH = json.dumps([STATUS] * 10_000).encode()

bodies = {
    "not JSON": b"hello",
    "half JSON": b'{"jsonrpc": "2.0", "id": 1',
    "invalid UTF-8": b'{"jsonrpc": "2.0", "id": 1, "method": "\xff\xfe"}',
    "deep": DEEP % (b"[" * 100_000 + b"]" * 100_000),
    "too deep by one": DEEP % (b"[" * DEEPEST + b"]" * DEEPEST),
    "batch": BATCH,
    "number": b"12",
    "null": b"null",
    "huge integer": DEEP % (b"9" * 10_000),
    "no version": b'{"id": 7, "method": "cairn/host/status"}',
    "old version": b'{"jsonrpc": "1.0", "id": 7, "method": "cairn/host/status"}',
    "id is an object": b'{"jsonrpc": "2.0", "id": {}, "method": "cairn/host/status"}',
    "method is a number": b'{"jsonrpc": "2.0", "id": 7, "method": 5}',
    "no method": b'{"jsonrpc": "2.0", "id": 7}',
    "empty": b"{}",
}


async def _still_serves(host: HostProcess) -> None:
    async with client(host.file) as other:
        assert (await other.request("cairn/host/status"))["pid"] == host.process.pid


@pytest.mark.parametrize("face", ["rpc", "lsp"])
@pytest.mark.parametrize("body", bodies.values(), ids=bodies.keys())
async def test_a_body_that_is_no_message_gets_an_error_reply(
    host: HostProcess, face: Face, body: bytes
) -> None:
    async with deadline(), client(host.file, face) as attached:
        attached.raw(framed(body, face))
        if face == "lsp" and b'"id"' in body and b"method" not in body and body.endswith(b"}"):
            pass  # a reply to nothing that was asked: there is nobody to tell
        else:
            assert "error" in await _orphan(attached)
        assert (await attached.request("cairn/host/status"))["pid"] == host.process.pid


def test_depth_is_bounded_to_the_level() -> None:
    levels = DEEPEST - 2  # within the message and its params
    within = DEEP % (b"[" * levels + b"]" * levels)
    assert parse(within)["id"] == 7
    for deeper in (levels + 1, levels + 500, 100_000):
        with pytest.raises(BadMessage, match="nested"):
            parse(DEEP % (b"[" * deeper + b"]" * deeper))


def test_a_wide_message_is_not_a_deep_one() -> None:
    assert parse(DEEP % (b"[" + b"[]," * 1_000 + b"[]]"))["id"] == 7


async def _orphan(attached: Client) -> dict[str, Any]:
    return await attached.orphans.get()


async def test_a_line_without_end_is_cut(host: HostProcess) -> None:
    before = host.resident_kb()
    async with deadline(30), client(host.file) as attached:
        await attached.request("cairn/host/status")
        for _ in range(LARGEST_MESSAGE // 1_000_000 + 2):
            attached.raw(b"x" * 1_000_000)
        reply = await _orphan(attached)
        assert "bytes" in reply["error"]["message"]
        await attached.ended()
        await _still_serves(host)
    assert host.resident_kb() - before < 80_000


async def test_a_frame_that_announces_too_much_is_cut_before_it_comes(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as attached:
        attached.raw(b"Content-Length: %d\r\n\r\n" % (LARGEST_MESSAGE + 1))
        reply = await _orphan(attached)
        assert "announces" in reply["error"]["message"]
        await attached.ended()
        await _still_serves(host)


@pytest.mark.parametrize(
    "headers", [b"X-Header: 1\r\n" * 100, b"Content-Length: -5\r\n\r\n" * 40, b"y" * 100_000]
)
async def test_headers_without_end_are_cut(host: HostProcess, headers: bytes) -> None:
    async with deadline(), client(host.file, "lsp") as attached:
        attached.raw(headers)
        assert "error" in await _orphan(attached)
        await attached.ended()


@pytest.mark.parametrize("face", ["rpc", "lsp"])
async def test_requests_without_end_from_one_client_do_not_make_the_host_grow(
    host: HostProcess, face: Face
) -> None:
    """20,000 requests are sent by somebody who reads nothing yet; then every one has its answer."""
    async with deadline(50), client(host.file, face) as attached:
        await attached.request("cairn/host/status")
        before = host.resident_kb()
        count = 5_000
        show = {"jsonrpc": "2.0", "method": "cairn/session/show", "params": {"session": "nobody"}}
        sent = b"".join(framed(json.dumps(show | {"id": 10_000 + n}).encode(), face) for n in range(count))
        attached.raw(sent)
        ids = [(await attached.orphans.get())["id"] for _ in range(count)]
        assert sorted(ids) == list(range(10_000, 10_000 + count))
        assert host.resident_kb() - before < 30_000


@pytest.mark.parametrize("face", ["rpc", "lsp"])
async def test_a_client_that_leaves_in_mid_message_is_forgotten(host: HostProcess, face: Face) -> None:
    async with deadline(), client(host.file, face) as attached:
        whole = framed(json.dumps(STATUS).encode(), face)
        attached.raw(whole[: len(whole) // 2])
        await asyncio.wait_for(attached.writer.drain(), 5)
    await _still_serves(host)
