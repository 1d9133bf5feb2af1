"""Fuzzes what a client may send: lines, frames with headers, and the message in them.

python tests/fuzz/frames.py --seconds 60 --seed 1
"""

import asyncio
import contextlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

from pygls.exceptions import JsonRpcException

sys.path.insert(0, str(Path(__file__).parent))

from mutating import main

from cairn_server.incoming import LARGEST_MESSAGE, BadMessage, TooLong, parse, read_frame, read_line
from cairn_server.lsp import CairnProtocol, CairnServer

MODULES = ("cairn_server/incoming", "cairn_server/lsp", "json/decoder", "json/scanner")
TOKENS = (
    b"Content-Length: ",
    b"\r\n\r\n",
    b"\r\n",
    b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n",
    b'"jsonrpc": "2.0", ',
    b'"method": "cairn/host/status"',
    b'"id": 1',
    b'"params": {',
    b"\\ud800",
    b"\\u0000",
    b"1e999",
    b"NaN",
    b"-0",
    b"9" * 40,
    b"{",
    b"}",
    b"[",
    b"]",
    b"\xef\xbb\xbf",
    b"\xff",
)


def one(data: bytes) -> None:
    """Everything that reads from a client takes these bytes: a message, or an error that it declares."""
    asyncio.run(_read(data))
    for line in data.split(b"\n"):
        try:
            _structured(parse(line))
        except BadMessage as error:
            assert len(str(error)) <= 400


@cache
def _protocol() -> CairnProtocol:
    server: Any = CairnServer("fuzz", "0", protocol_cls=CairnProtocol)
    return server.protocol


def _structured(message: dict[str, Any]) -> None:
    """What the editors' face makes of a message before it is handled."""
    with contextlib.suppress(JsonRpcException):  # it gets an error reply
        _protocol().structure_message(message)


async def _read(data: bytes) -> None:
    for read in (read_line, read_frame):
        reader = asyncio.StreamReader(limit=65_536)
        reader.feed_data(data)
        reader.feed_eof()
        taken = 0
        try:
            while piece := await read(reader):
                taken += len(piece)
        except (TooLong, ConnectionError, asyncio.IncompleteReadError):
            pass
        assert taken <= len(data) <= LARGEST_MESSAGE


if __name__ == "__main__":
    sys.exit(main("frames", one, MODULES, TOKENS))
