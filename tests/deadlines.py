"""Waiting in tests: always for something that happens, never for time to pass, never without an end."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


@asynccontextmanager
async def deadline(seconds: float = 10.0) -> AsyncGenerator[None]:
    """Fails the test when what is inside takes longer, and names the line that waited.

    async with deadline():
        await host.stopped.wait()
    """
    caller = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        where = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        raise AssertionError(f"not within {seconds:g} s: {where} ({caller.f_code.co_name})") from error
