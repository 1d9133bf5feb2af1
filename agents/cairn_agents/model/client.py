"""One request to the model, over the openai SDK. It sends the bytes it is given and reads the stream.

The SDK's own `create` walks over every message on every call, a third of a second
at a thousand steps; its public `post` takes the body as bytes. Authentication,
connection and SSE stay the SDK's work; retries are `asking`'s.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cairn_agents.model import failures
from cairn_agents.model.assemble import Assembly
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import Garbled, ModelError, Stalled, Unreachable
from cairn_agents.model.reply import Delta, Reply
from cairn_memory.events import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NO_KEY = "none"
_CONNECT_SECONDS = 15.0
_CHARACTERS_PER_TOKEN = 3.6


def warm_up() -> None:
    """Does what is slow the first time: imports the SDK, builds its types. For a thread, while nobody waits."""
    from openai.types.chat import ChatCompletionChunk

    ChatCompletionChunk.model_json_schema()


class ModelClient:
    """Asks one endpoint. Safe for several sessions at once; a connection is kept open between requests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._sdk: AsyncOpenAI | None = None
        self._requests = 0

    async def ask(self, body: bytes, on_delta: Callable[[Delta], None]) -> Reply:
        """One attempt. Raises ModelError; then nothing of the reply may be used."""
        self._requests += 1
        start = time.perf_counter()
        assembly = Assembly(on_delta, f"call-{self._requests}")
        first = 0.0
        try:
            async for chunk in self._pieces(body):
                assembly.add(chunk)
                if not first and assembly.started:
                    first = time.perf_counter() - start
        except (ModelError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise self._explain(error) from error
        return self._reply(assembly, len(body), start, first)

    async def close(self) -> None:
        if self._sdk is not None:
            await self._sdk.close()

    async def _pieces(self, body: bytes) -> AsyncIterator[Any]:
        """The pieces of the stream, each within its deadline."""
        from openai import AsyncStream
        from openai.types.chat import ChatCompletionChunk

        sdk = self._sdk = self._sdk or self._connect()
        first, between = self._endpoint.first_token_timeout, self._endpoint.stall_timeout
        async with _deadline(first, "no answer"):
            stream = await sdk.post(
                "/chat/completions",
                content=body,
                cast_to=ChatCompletionChunk,
                options={"headers": {"content-type": "application/json"}},
                stream=True,
                stream_cls=AsyncStream[ChatCompletionChunk],
            )
        try:
            pieces = aiter(stream)
            limit = first
            while True:
                async with _deadline(limit, "the reply stalled: nothing came"):
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                yield piece
                limit = between
        finally:
            await stream.close()

    def _connect(self) -> "AsyncOpenAI":
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        local = urlsplit(self._endpoint.base_url).hostname in ("127.0.0.1", "localhost", "::1")
        longest = max(self._endpoint.first_token_timeout, self._endpoint.stall_timeout) + 5
        return AsyncOpenAI(
            base_url=self._endpoint.base_url,
            api_key=self._endpoint.api_key or _NO_KEY,
            max_retries=0,
            timeout=Timeout(longest, connect=_CONNECT_SECONDS),
            # A proxy set for the internet must not be asked for a server on this machine.
            http_client=DefaultAsyncHttpxClient(trust_env=not local),
        )

    def _reply(self, assembly: Assembly, sent: int, start: float, first: float) -> Reply:
        text = assembly.text()
        finish = assembly.finish
        calls = assembly.calls()
        if not assembly.whole:
            raise Unreachable(f"{self._place} closed the connection before the reply was whole")
        usage = assembly.usage or Usage(
            prompt=int(sent / _CHARACTERS_PER_TOKEN),
            completion=int((len(text) + sum(len(call.arguments) for call in calls)) / _CHARACTERS_PER_TOKEN),
            estimated=True,
        )
        return Reply(
            text=text,
            reasoning=assembly.reasoning(),
            calls=calls,
            finish=finish,
            usage=usage,
            model=assembly.model,
            ms=round((time.perf_counter() - start) * 1_000),
            first_token_ms=round(first * 1_000),
        )

    @property
    def _place(self) -> str:
        return failures.place(self._endpoint.base_url)

    def _explain(self, error: Exception) -> ModelError:
        """The SDK's errors by who must react. Its classes are matched first, then what lies beneath them."""
        import openai

        base_url = self._endpoint.base_url
        if isinstance(error, openai.APIStatusError):
            body = error.response.text if error.response.is_closed else str(error.body or error.message)
            return failures.from_status(error.status_code, body, error.response.headers, base_url)
        if isinstance(error, openai.APITimeoutError):
            return Stalled(f"{self._place} did not answer in time")
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__ or error
            return Unreachable(
                f"{self._place} cannot be reached ({cause or type(cause).__name__}); is the server running?"
            )
        if isinstance(error, openai.APIError):
            return failures.from_stream(f'{{"message": "{error.message}"}} {error.body}', base_url)
        if isinstance(error, (ValueError, UnicodeError)):
            return Garbled(f"{self._place} sent something that is no reply ({type(error).__name__})")
        return Unreachable(
            f"the connection to {self._place} broke ({type(error).__name__}: {str(error)[:200]})"
        )


@asynccontextmanager
async def _deadline(seconds: float, what: str) -> AsyncGenerator[None]:
    """`asyncio.timeout` whose end is a Stalled error."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Stalled(f"{what} within {seconds:g} s") from error
