"""One request to the model. It sends the bytes it is given and puts the streamed reply together.

Nothing here grows with the conversation but the bytes on the wire. Retries are `asking`'s.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from cairn_agents.model import failures
from cairn_agents.model.assemble import Assembly
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.errors import Stalled
from cairn_agents.model.reply import Delta, Reply
from cairn_agents.model.ways import Ways

if TYPE_CHECKING:
    from cairn_agents.model.connection import Connection


def warm_up() -> None:
    """Does what is slow the first time: imports the SDK and readies it. For a thread, while nobody waits."""
    from cairn_agents.model import connection

    connection.warm_up()


class ModelClient:
    """Asks one endpoint. Safe for several sessions at once; a connection is kept open between requests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._place = failures.place(endpoint)
        self._connection: Connection | None = None
        self.ways = Ways()
        """How this endpoint is asked for an answer of a given shape, as far as is known."""

    async def ask(
        self,
        body: bytes,
        on_delta: Callable[[Delta], None],
        *,
        ready: Callable[[], Awaitable[None]] | None = None,
        call_prefix: str | None = None,
        largest: int | None = None,
    ) -> Reply:
        """One attempt. Raises ModelError; then nothing of the reply may be used.

        The request is put together at once and sent when `ready` returns; when that raises, nothing was sent.

        `call_prefix` names calls to which the provider gives no id. It must be unique within the
        conversation; without it the length of `body` serves: a window only grows, also across restarts.
        A reply of more than `largest` characters is broken off; by default the bound is that of any reply.
        """
        connection = self._connected()  # may import the SDK: not the provider's time
        start = time.perf_counter()
        first_token = 0.0
        assembly = Assembly(on_delta, call_prefix or f"call-{len(body)}", self._place, largest)
        begin_by = asyncio.get_running_loop().time() + self._endpoint.first_token_timeout
        late = f"{self._place} did not begin to answer within {self._endpoint.first_token_timeout:g} s"
        async with _until(begin_by, late):
            pieces = await connection.open(body, ready)
        try:
            async with _until(begin_by, late):
                piece = await pieces.next()
            while piece is not None:
                assembly.add(piece)
                if not first_token and assembly.started:
                    first_token = time.perf_counter() - start
                async with self._patience():
                    piece = await pieces.next()
            reply = assembly.take(ended=pieces.ended, sent=len(body))
        finally:
            await pieces.close()
        return replace(
            reply,
            ms=round((time.perf_counter() - start) * 1_000),
            first_token_ms=round(first_token * 1_000),
        )

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._connection is not None:
            await self._connection.close()

    def _connected(self) -> "Connection":
        if self._connection is None:
            from cairn_agents.model.connection import Connection

            self._connection = Connection(self._endpoint)
        return self._connection

    def _patience(self) -> AbstractAsyncContextManager[None]:
        seconds = self._endpoint.stall_timeout
        when = asyncio.get_running_loop().time() + seconds
        return _until(when, f"{self._place} stalled: nothing came within {seconds:g} s")


@asynccontextmanager
async def _until(when: float, late: str) -> AsyncGenerator[None]:
    """`asyncio.timeout_at` whose end is a Stalled error that says `late`."""
    try:
        async with asyncio.timeout_at(when):
            yield
    except TimeoutError as error:
        raise Stalled(late) from error
