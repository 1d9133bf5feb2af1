"""The host of a demo in an editor: a host like any other, with the replayed model in its own process.

    python -m cairn_server.demo.host --workspace DIR

So the model is there for exactly as long as the run. It ends a minute after the last window has left.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Generator
from queue import SimpleQueue

from cairn_agents.recording import Recording
from cairn_server import host
from cairn_server.demo import short
from cairn_server.replay.serve import serving

PACE = 2.0
"""Seconds a turn takes, so that a person can follow."""
IDLE = 60
_SECONDS = 10
"""Until the endpoint listens, or has ended."""


def main(argv: list[str]) -> int:
    """The exit code of the host."""
    recording = short.recording()
    with _served(recording) as base_url:
        model = {
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "none-is-needed",
            "CAIRN_MODEL": recording.model,
        }
        os.environ.update(model)
        return host.main([*argv, "--idle", str(IDLE)])


@contextlib.contextmanager
def _served(recording: Recording) -> Generator[str, None, None]:
    """Plays the recording in a thread beside the block; gives the base URL. Raises queue.Empty when it does not listen."""
    listening: SimpleQueue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve() -> None:
        over = asyncio.Event()
        async with serving(recording, "of the demo", pace=PACE) as base_url:
            listening.put((base_url, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="replayed model", daemon=True)
    thread.start()
    base_url, loop, over = listening.get(timeout=_SECONDS)
    try:
        yield base_url
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
