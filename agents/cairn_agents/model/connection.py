"""The openai SDK, set up for one endpoint: authentication, connections and SSE are its work.

Its own `create` walks over every message on every call, a third of a second at a thousand
steps; its public `post` takes the body as bytes. Pieces are asked for as `object`, plain
JSON: building the SDK's typed chunks takes ten times as long and checks nothing.

Imported where it is first needed, since the SDK takes long to import.
"""

import asyncio
import contextlib
import ipaddress
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import cast
from urllib.parse import urlsplit

import httpx2

from cairn_agents.model import failures
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import Garbled, ModelError, Refused, Stalled, Unreachable
from cairn_agents.model.said import one_line
from cairn_agents.model.sdk import openai
from cairn_agents.model.watched import ended_in_order, watch
from cairn_agents.model.wire import mapping

_CONNECT_SECONDS = 15.0
_KEPT_SECONDS = 60.0
"""How long an idle connection is kept: tools run between two requests."""


Ready = Callable[[], Awaitable[None]]
"""Called, perhaps more than once, when a request is about to leave."""

_ready: ContextVar[Ready | None] = ContextVar("ready", default=None)


class Connection:
    """The way to one endpoint. Connections are kept open between requests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers: dict[str, str | openai.Omit] = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # compressed pieces arrive late, and cannot be watched
        }
        if not endpoint.api_key:
            self._headers["Authorization"] = openai.Omit()
        host = _host(endpoint)
        if not host.endswith("openai.com"):
            # The SDK takes these from the environment; they are nobody else's business.
            self._headers |= {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        self._sdk = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=_key(endpoint) or "none",
            max_retries=0,
            http_client=_http_client(endpoint, local=_is_loopback(host)),
        )

    async def open(self, body: bytes, ready: Ready | None = None) -> "Pieces":
        """Sends one request; nothing of it leaves before `ready` has returned. Raises ModelError."""
        with explained(self._endpoint), _held_until(ready):
            stream = await self._sdk.post(
                "/chat/completions",
                content=body,
                cast_to=object,
                options={"headers": self._headers},
                stream=True,
                stream_cls=openai.AsyncStream[object],
            )
        return Pieces(self._endpoint, stream)

    async def close(self) -> None:
        await self._sdk.close()


class Pieces:
    """The reply to one request, piece by piece."""

    def __init__(self, endpoint: Endpoint, stream: "openai.AsyncStream[object]") -> None:
        self._endpoint = endpoint
        self._stream = stream
        self._kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._whole = False

    async def next(self) -> Mapping[str, object] | None:
        """The next piece, None at the end. Raises ModelError."""
        with explained(self._endpoint):
            if self._kind == "application/json":
                return await self._all_at_once()
            if self._kind == "text/html":
                raise Garbled(
                    f"{failures.place(self._endpoint)} answered with a web page; check that the base URL is the one "
                    "the provider documents (it often ends with /v1)"
                )
            try:
                piece = await anext(self._stream)
            except StopAsyncIteration:
                return None
            if not isinstance(piece, dict):
                raise Garbled(f"{failures.place(self._endpoint)} sent a piece that is no JSON object")
            return cast(Mapping[str, object], piece)

    @property
    def ended(self) -> bool:
        """Whether the stream was closed in order."""
        return self._whole or ended_in_order(self._stream.response)

    async def close(self) -> None:
        await self._stream.close()

    async def _all_at_once(self) -> Mapping[str, object] | None:
        """From a provider that does not stream, or that reports an error with status 200."""
        if self._whole:
            return None
        answer = mapping(json.loads(await self._stream.response.aread()))
        if error := answer.get("error"):
            raise failures.from_stream(self._endpoint, "", error)
        self._whole = True
        return answer


def warm_up() -> None:
    """Builds what is slow the first time: the trusted certificates, and all the SDK imports when it sends.

    The request goes to a port where nobody listens. Blocking, for a thread.
    """
    _trusted()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with contextlib.suppress(ModelError):
            asyncio.run(_send_once(Endpoint(f"http://127.0.0.1:{port}/v1", "warm-up")))


async def _send_once(endpoint: Endpoint) -> None:
    connection = Connection(endpoint)
    try:
        await connection.open(b"{}")
    finally:
        await connection.close()


@contextlib.contextmanager
def explained(endpoint: Endpoint) -> Generator[None]:
    """Raises what the SDK and the layers beneath it raise as ModelErrors."""
    try:
        yield
    except openai.APIStatusError as error:
        raise failures.from_status(endpoint, error.status_code, error.body, error.response.headers) from error
    except openai.APIConnectionError as error:
        raise _unreachable(endpoint, error.__cause__ or error) from error
    except openai.APIError as error:
        raise failures.from_stream(endpoint, error.message, error.body) from error
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        raise _unreachable(endpoint, error) from error
    except (ValueError, RecursionError) as error:  # broken JSON, broken UTF-8, JSON without end
        where = failures.place(endpoint)
        raise Garbled(f"{where} sent something that is no reply ({type(error).__name__})") from error


def _unreachable(endpoint: Endpoint, cause: BaseException) -> ModelError:
    where = failures.place(endpoint)
    why = one_line(str(cause), endpoint.api_key) or type(cause).__name__
    if "CERTIFICATE_VERIFY_FAILED" in why:
        return Refused(f"{where} cannot be trusted ({why}); install its certificate on this machine")
    if isinstance(cause, (httpx2.ReadTimeout, httpx2.WriteTimeout)):
        return Stalled(f"{where} did not answer in time")
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return Unreachable(
            f"{where} cannot be reached ({why}); is the server running, and the base URL right?"
        )
    return Unreachable(f"the connection to {where} broke ({why})")


def _http_client(endpoint: Endpoint, *, local: bool) -> httpx2.AsyncClient:
    patience = (
        max(endpoint.first_token_timeout, endpoint.stall_timeout) + 5
    )  # the client's deadlines come first
    secure = urlsplit(endpoint.base_url).scheme == "https"
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(patience, connect=_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEPT_SECONDS),
        # A proxy set for the internet must not be asked for a server on this machine.
        trust_env=not local,
        verify=_trusted() if secure or not local else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        event_hooks={"request": [_wait_until_ready], "response": [watch]},
    )


@contextlib.contextmanager
def _held_until(ready: Ready | None) -> Generator[None]:
    """The SDK has no way to hand this to its transport, and puts a request together while others work."""
    token = _ready.set(ready)
    try:
        yield
    finally:
        _ready.reset(token)


async def _wait_until_ready(request: httpx2.Request) -> None:
    if (ready := _ready.get()) is not None:
        await ready()


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates this machine trusts: slow to read, so once for all endpoints."""
    return httpx2.create_ssl_context()


def _key(endpoint: Endpoint) -> str:
    key = endpoint.api_key
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Refused(
            f"the key for {failures.place(endpoint)} holds a character that no key has (a space, a line break, a "
            "typographic sign); copy it again"
        )
    return key


def _host(endpoint: Endpoint) -> str:
    """The host's name. Raises Refused for what is no address."""
    try:
        url = httpx2.URL(endpoint.base_url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Refused(
            f"the base URL {endpoint.base_url[:200]!r} is no address of a server ({error})"
        ) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused(
            f"the base URL {endpoint.base_url[:200]!r} must begin with http:// or https:// and name a server"
        )
    return url.host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
