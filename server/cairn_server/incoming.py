"""What comes in from a client: bounded in length and depth before anything looks at it."""

import asyncio
import json
import re
from typing import Any, cast

LARGEST_MESSAGE = 16_000_000
"""Bytes of one message; the longest a client has a reason to send is a prompt of 1 MB."""
DEEPEST = 64
"""Objects and arrays within each other in one message."""

HEADERS = 32
"""Header lines of one LSP message; LSP knows two."""

_CONTENT_LENGTH = re.compile(rb"content-length: *(\d{1,12})\s*", re.IGNORECASE)


class TooLong(Exception):
    """The sender is told, and cut: reading on would only find the rest of it."""


class BadMessage(ValueError):
    """The sender is told: these bytes are no message."""


async def read_line(reader: asyncio.StreamReader) -> bytes:
    """The next line; empty at the end of the stream. Raises TooLong, ConnectionError."""
    parts: list[bytes] = []
    size = 0
    while True:
        try:
            part = await reader.readuntil(b"\n")
            whole = True
        except asyncio.LimitOverrunError as overrun:
            part = await reader.readexactly(overrun.consumed)
            whole = part.endswith(b"\n")
        except asyncio.IncompleteReadError:
            return b""  # half a line is no message
        parts.append(part)
        size += len(part)
        if size > LARGEST_MESSAGE:
            raise TooLong(f"a message may have {LARGEST_MESSAGE} bytes")
        if whole:
            return b"".join(parts)


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next body of an LSP stream, or None at the end. Raises TooLong, ConnectionError, IncompleteReadError.

    pygls has a loop of its own, which takes any length, gives no reply to what it
    cannot parse, and mistakes any nested object with a `jsonrpc` key for a message.
    """
    length = None
    for _ in range(HEADERS):
        try:
            header = await reader.readline()
        except ValueError:
            raise TooLong("a header line is too long") from None
        if not header:
            return None
        if found := _CONTENT_LENGTH.fullmatch(header):
            length = int(found[1])
            if length > LARGEST_MESSAGE:
                raise TooLong(f"a message may have {LARGEST_MESSAGE} bytes, this one announces {length}")
        elif not header.strip() and length is not None:
            return await reader.readexactly(length)
    raise TooLong("no Content-Length among the headers")


def parse(text: bytes) -> dict[str, Any]:
    """One JSON object. Raises BadMessage when `text` is anything else, or nested too deeply."""
    try:
        message: Any = json.loads(text.decode("utf-8"))
    except RecursionError:
        raise BadMessage(f"a message may be nested {DEEPEST} deep") from None
    except ValueError as error:
        raise BadMessage(f"the message is not JSON in UTF-8: {error}"[:300]) from None
    if not isinstance(message, dict):
        raise BadMessage("a message is one JSON object; batches are not served")
    found = cast(dict[str, Any], message)
    if text.count(b"{") + text.count(b"[") > DEEPEST and _deeper_than(found, DEEPEST):
        raise BadMessage(f"a message may be nested {DEEPEST} deep")
    return found


def _deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return bool(level)


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        inner = list(cast(dict[str, object], value).values())
    elif isinstance(value, list):
        inner = cast(list[object], value)
    else:
        return []
    return [item for item in inner if isinstance(item, dict | list)]
