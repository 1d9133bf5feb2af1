"""Looks at the bytes of a reply as they pass by: whether it was closed in order, and that no event is endless.

The SDK's decoder takes events of any size and keeps `[DONE]` to itself, so both are seen here.
"""

import re
from collections.abc import AsyncIterator
from typing import cast

import httpx2

from cairn_agents.model.errors import ReplyTooLarge

LARGEST_EVENT = 8 << 20
"""Bytes of one server-sent event."""

_DONE = re.compile(rb"[\r\n]data: ?\[DONE\]")
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")
_TAIL = 16
"""Bytes kept of the piece before: a mark may lie across two pieces."""
_EXTENSION = "cairn.watched"


class WatchedBytes(httpx2.AsyncByteStream):
    """A response's bytes, unchanged. Raises ReplyTooLarge when an event goes on beyond `largest` bytes."""

    def __init__(self, inner: httpx2.AsyncByteStream, largest: int = LARGEST_EVENT) -> None:
        self._inner = inner
        self._largest = largest
        self._tail = b"\n"
        self._event = 0
        self.ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._look(piece)
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _look(self, piece: bytes) -> None:
        seen = self._tail + piece
        self.ended = self.ended or _DONE.search(seen) is not None
        begun = max(seen.rfind(blank) + len(blank) if blank in seen else 0 for blank in _BLANK_LINES)
        self._event = len(seen) - begun if begun > len(self._tail) else self._event + len(piece)
        self._tail = seen[-_TAIL:]
        if self._event > self._largest:
            raise ReplyTooLarge(
                f"one piece of the reply grew beyond {self._largest:,} bytes and was broken off"
            )


async def watch(response: httpx2.Response) -> None:
    """A response hook for an `httpx2.AsyncClient`."""
    stream = WatchedBytes(cast(httpx2.AsyncByteStream, response.stream))
    response.stream = stream
    response.extensions[_EXTENSION] = stream


def ended_in_order(response: httpx2.Response) -> bool:
    """Whether `[DONE]` came."""
    stream = response.extensions.get(_EXTENSION)
    return isinstance(stream, WatchedBytes) and stream.ended
