"""The plain face: JSON-RPC 2.0, one message a line, for the terminal and for scripts."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from jsonrpcserver import Error, Result, Success, async_dispatch

from cairn_server.call import CallError, Context, Method, call
from cairn_server.incoming import BadMessage, TooLong, parse, read_line
from cairn_server.methods import METHODS

PARSE_ERROR = -32700
LARGE = 1_000_000
"""Bytes of a message from which on it is served alone, so that few large ones are ever held at once."""

Mounted = Callable[..., Awaitable[Result]]


async def serve(context: Context) -> None:
    """Serves one connection until the client leaves. What it asked for is done all the same."""
    connection = context.connection
    under_way: set[asyncio.Task[None]] = set()
    try:
        while line := await read_line(connection.reader):
            await connection.calls.acquire()
            task = asyncio.create_task(_answer(context, line))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            if len(line) > LARGE:
                await asyncio.wait([task])
    except TooLong as error:
        connection.outbox.send(_error(None, PARSE_ERROR, str(error)))
    except ConnectionError:
        pass
    if under_way:
        await asyncio.wait(under_way)


async def _answer(context: Context, line: bytes) -> None:
    outbox = context.connection.outbox
    try:
        reply = await _dispatch(context, line)
        if reply:
            outbox.send(reply)
        context.connection.replied()
        await outbox.drain()
    except ConnectionError:
        pass  # it left, or was cut: the reading side ends by itself
    finally:
        context.connection.calls.release()


async def _dispatch(context: Context, line: bytes) -> bytes:
    try:
        message = _with_object_params(parse(line))
    except BadMessage as error:
        return _error(None, PARSE_ERROR, str(error))

    # The text was parsed under our own bounds; the library takes it from there.
    def parsed(_: str) -> dict[str, Any]:
        return message

    reply = await async_dispatch("", methods=cast(Any, MOUNTED), context=context, deserializer=parsed)
    return reply.encode("utf-8")


def _with_object_params(message: dict[str, Any]) -> dict[str, Any]:
    """Params of another type are passed on as one argument, so that the refusal carries the request's id.

    The library would call the whole request invalid and answer to nobody in particular.
    """
    params = message.get("params", {})
    return message | {"params": params if isinstance(params, dict) else [params]}


def _mounted(method: Method[Any, Any]) -> Mounted:
    async def handler(context: Context, /, *wrong: object, **params: object) -> Result:
        try:
            return Success(await call(method, context, wrong[0] if wrong else params))
        except CallError as error:
            return Error(error.code, error.message)

    return handler


def _error(request: object, code: int, message: str) -> bytes:
    error = {"code": code, "message": message}
    return json.dumps({"jsonrpc": "2.0", "error": error, "id": request}).encode("utf-8")


MOUNTED: dict[str, Mounted] = {method.name: _mounted(method) for method in METHODS}
