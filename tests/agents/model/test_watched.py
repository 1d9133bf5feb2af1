"""Bytes of a reply on their way to the SDK."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from cairn_agents.model.errors import ReplyTooLarge
from cairn_agents.model.watched import WatchedBytes


class Source(httpx2.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        self.closed = True


async def through(watched: WatchedBytes) -> bytes:
    return b"".join([piece async for piece in watched])


def one_by_one(data: bytes) -> tuple[bytes, ...]:
    return tuple(bytes([byte]) for byte in data)


@pytest.mark.parametrize(
    "data", [b'data: {"a":1}\n\ndata: [DONE]\n\n', b"data:[DONE]\r\n\r\n", b": x\r\rdata: [DONE]"]
)
async def test_an_end_in_order_is_seen_wherever_the_pieces_are_cut(data: bytes) -> None:
    for pieces in ((data,), one_by_one(data)):
        watched = WatchedBytes(Source(*pieces))
        assert await through(watched) == data
        assert watched.ended


@pytest.mark.parametrize(
    "data", [b'data: {"text":"data: [DONE]"}\n\n', b"data: [DONE", b"data: done\n\n", b""]
)
async def test_other_bytes_are_no_end(data: bytes) -> None:
    watched = WatchedBytes(Source(*one_by_one(data)))
    assert await through(watched) == data
    assert not watched.ended


@pytest.mark.parametrize("blank", [b"\n\n", b"\r\n\r\n", b"\r\r"])
async def test_many_events_pass_and_one_without_end_does_not(blank: bytes) -> None:
    small = (b"data: " + b"x" * 50 + blank) * 100
    for pieces in ((small,), one_by_one(small)):
        assert await through(WatchedBytes(Source(*pieces), largest=100)) == small
    endless = (*one_by_one(small), *[b"data: more\n"] * 100)
    with pytest.raises(ReplyTooLarge):
        await through(WatchedBytes(Source(*endless), largest=100))


async def test_closing_closes_what_is_beneath() -> None:
    source = Source()
    await WatchedBytes(source).aclose()
    assert source.closed
