"""The LSP face: pygls, one language server a connection, with the method table mounted on it."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Generator
from functools import cache
from typing import Any, Protocol, cast

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    LanguageServerProtocol,
    default_converter,
    lsp_method,
)

from cairn_server import __version__
from cairn_server.call import CallError, Context, Method, call
from cairn_server.incoming import LARGEST_MESSAGE, BadMessage, TooLong, parse
from cairn_server.methods import METHODS
from cairn_server.outbox import Outbox
from cairn_server.protocol import VERSION

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
HEADERS = 32
"""Header lines of one message; LSP knows two."""

_CONTENT_LENGTH = re.compile(rb"content-length: *(\d{1,12})\s*", re.IGNORECASE)

log = logging.getLogger(__name__)


async def serve(context: Context) -> None:
    """Serves one editor until it says exit, or leaves. The host and its runs go on."""
    connection = context.connection
    protocol = cast(CairnProtocol, _language_server(context).protocol)
    protocol.set_writer(cast(Any, _Writer(connection.outbox)))
    try:
        while (body := await _read_frame(connection.reader)) is not None:
            try:
                message = parse(body)
            except BadMessage as error:
                _refuse(connection.outbox, None, PARSE_ERROR, str(error))
            else:
                if message.get("method") == types.EXIT:
                    break
                _take(protocol, connection.outbox, message)
            await asyncio.sleep(0)  # handlers begin before more is read, so they can be counted
            async with connection.calls:
                await connection.outbox.drain()
    except TooLong as error:
        _refuse(connection.outbox, None, PARSE_ERROR, str(error))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass


async def _read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next body, or None at the end. Raises TooLong, ConnectionError, IncompleteReadError.

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


def _take(protocol: "CairnProtocol", outbox: Outbox, message: dict[str, Any]) -> None:
    """Hands one message to pygls; whatever it cannot read gets an error reply, never silence."""
    request = message.get("id")
    known = request if isinstance(request, str | int) else None
    if message.get("jsonrpc") != "2.0" or ("id" in message and known is None):
        return _refuse(outbox, known, INVALID_REQUEST, "not a JSON-RPC 2.0 message")
    if protocol.closing and known is not None and "method" in message:
        return _refuse(outbox, known, INVALID_REQUEST, "this connection was shut down; only exit may follow")
    try:
        structured = protocol.structure_message(message)
    except JsonRpcException as error:
        if "method" in message and known is not None:
            _refuse(outbox, known, error.code, error.message)
        return None
    protocol.handle_message(structured)
    return None


def _refuse(outbox: Outbox, request: str | int | None, code: int, message: str) -> None:
    error = {"code": code, "message": message}
    outbox.send(json.dumps({"jsonrpc": "2.0", "id": request, "error": error}).encode("utf-8"))


class CairnProtocol(LanguageServerProtocol):
    """pygls' protocol, but the params of our methods stay plain dicts, and exit ends nothing here."""

    closing = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Types what LSP declares; leaves everything else as it came."""
        method = data.get("method")
        if not isinstance(method, str) or self.get_message_type(method) is not None:
            return super().structure_message(data)
        if "id" in data:
            return JsonRPCRequestMessage(data["id"], method, "2.0", data.get("params"))
        return JsonRPCNotification(method, "2.0", data.get("params"))

    # pygls caches the next two for ever, together with the connection they were asked on.

    def get_message_type(  # pyright: ignore[reportIncompatibleVariableOverride] - a cached function there
        self, method: str
    ) -> type[Any] | None:
        return cast(Any, types.METHOD_TO_TYPES).get(method, (None,))[0]

    def get_result_type(  # pyright: ignore[reportIncompatibleVariableOverride] - a cached function there
        self, method: str
    ) -> type[Any] | None:
        return cast(Any, types.METHOD_TO_TYPES).get(method, (None, None))[1]

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Announces our methods beside what pygls works out."""
        result = yield from super().lsp_initialize(params)
        methods = [method.name for method in METHODS]
        result.capabilities.experimental = {"cairn": {"version": VERSION, "methods": methods}}
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """Remembers it: pygls would ignore what comes after it without a word."""
        self.closing = True
        yield from cast(Any, super()).lsp_shutdown(*args)


class CairnServer(LanguageServer):
    """One editor's language server."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the log: pygls would pop up a message before the user. Requests got their error reply."""
        if source is not FeatureRequestError:
            log.warning("an LSP message could not be handled: %s", error)


@cache
def _converter() -> Any:
    """One for all connections: making it, and what it learns of each type, takes longer than the rest."""
    return default_converter()


def _language_server(context: Context) -> CairnServer:
    server = CairnServer(
        "cairn",
        __version__,
        protocol_cls=CairnProtocol,
        converter_factory=_converter,
        text_document_sync_kind=types.TextDocumentSyncKind.None_,
        max_workers=1,
    )
    for method in METHODS:
        server.feature(method.name)(_mounted(method, context))
    return server


class _Handler(Protocol):
    def __call__(self, params: object) -> Awaitable[object]: ...


def _mounted(method: Method[Any, Any], context: Context) -> _Handler:
    connection = context.connection

    async def handler(params: Any) -> object:  # `object` would make pygls pass the server instead
        async with connection.calls:
            try:
                # Cancelling takes back the question, not what was begun: half a start would be worse.
                result = await asyncio.shield(asyncio.ensure_future(call(method, context, params)))
            except CallError as error:
                raise JsonRpcException(error.message, error.code) from None
        # pygls sends the result in the next turn of the event loop, the pump wakes in the one after.
        asyncio.get_running_loop().call_soon(connection.replied)
        return result

    return handler


class _Writer:
    """pygls' idea of a writer. It frames messages by itself; the loop above drains them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def write(self, data: bytes) -> None:
        self._outbox.write(data)

    def close(self) -> None:
        self._outbox.close()
