"""The LSP face: pygls, one language server a connection, with the method table mounted on it."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
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
from cairn_server.documents.language import speak, speak_more
from cairn_server.documents.registration import withdrawn
from cairn_server.editors.editors import Attached
from cairn_server.editors.text import Documents
from cairn_server.incoming import BadMessage, TooLong, parse, read_frame
from cairn_server.methods import METHODS
from cairn_server.outbox import Outbox
from cairn_server.protocol import VERSION

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
log = logging.getLogger(__name__)


async def serve(context: Context) -> None:
    """Serves one editor until it says exit, or leaves. The host and its runs go on."""
    connection = context.connection
    server = _language_server(context)
    spoken = speak(server, context)
    protocol = cast(CairnProtocol, server.protocol)
    protocol.set_writer(cast(Any, _Writer(connection.outbox)))
    protocol.opened = context.host.editors.attach(server)
    try:
        while (body := await read_frame(connection.reader)) is not None:
            try:
                message = parse(body)
            except BadMessage as error:
                _refuse(connection.outbox, None, PARSE_ERROR, str(error))
            else:
                if message.get("method") == types.EXIT:
                    break
                _take(protocol, connection.outbox, message)
            connection.heard = time.monotonic()
            await asyncio.sleep(0)  # handlers begin before more is read, so they can be counted
            async with connection.calls:
                await connection.outbox.drain()
    except TooLong as error:
        _refuse(connection.outbox, None, PARSE_ERROR, str(error))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        protocol.opened.leave()
        await spoken.close()


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
    later: Sequence[types.Registration] = ()
    """What is registered when the editor is ready."""
    meet: Callable[[str], None]
    """Told the editor's name before it is told what there is."""
    opened: Attached
    """What the editor has open, for all that want to know."""

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

    def _handle_response(self, msg_id: str | int, result: Any = None, error: Any = None) -> None:
        """An answer that comes when nobody waits for it any more is let go: pygls would end the connection."""
        asked: Any = self._request_futures.get(msg_id)
        if asked is not None and asked.cancelled():
            self._request_futures.pop(msg_id)
            log.info("an editor answered too late")
            return
        super()._handle_response(msg_id, result, error)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Announces our methods beside what pygls works out, and what an editor of this name lacks."""
        self.meet(params.client_info.name if params.client_info else "")
        result = yield from super().lsp_initialize(params)
        self.later = withdrawn(result.capabilities, params.capabilities, self._converter.unstructure)
        methods = [method.name for method in METHODS]
        self._workspace = Documents.instead_of(self.workspace, self.opened.told, self.opened.closed)
        result.capabilities.experimental = {"cairn": {"version": VERSION, "methods": methods}}
        return result

    @lsp_method(types.INITIALIZED)
    def lsp_initialized(self, *args: Any) -> Generator[Any, Any, None]:
        """The editor is ready for what it is to ask about our pages alone."""
        if self.later:
            self.send_request(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(list(self.later)))
        yield from cast(Any, super()).lsp_initialized(*args)

    @lsp_method(types.TEXT_DOCUMENT_DID_SAVE)
    def lsp_text_document__did_save(
        self, params: types.DidSaveTextDocumentParams
    ) -> Generator[Any, Any, None]:
        """pygls only hands it on."""
        self.opened.saved(params.text_document.uri)
        features: dict[str, Any] = cast(Any, self.fm).features
        if types.TEXT_DOCUMENT_DID_SAVE in features:
            yield features[types.TEXT_DOCUMENT_DID_SAVE], (params,), None

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
        text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        max_workers=1,
    )
    for method in METHODS:
        server.feature(method.name)(_mounted(method, context))
    cast(CairnProtocol, server.protocol).meet = lambda editor: speak_more(server, context, editor)
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
