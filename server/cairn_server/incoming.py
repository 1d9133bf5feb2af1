"""What comes in from a client: bounded in length and depth before anything looks at it."""

import asyncio
import json
from typing import Any, cast

LARGEST_MESSAGE = 16_000_000
"""Bytes of one message; the longest a client has a reason to send is a prompt of 1 MB."""
DEEPEST = 64
"""Objects and arrays within each other in one message."""


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
