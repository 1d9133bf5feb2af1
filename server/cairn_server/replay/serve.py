"""`cairn replay FILE`: serves a recording on loopback until it is stopped."""

import argparse
import asyncio
import contextlib
import shlex
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import uvicorn

from cairn_agents.recording import Recording, RecordingError, read
from cairn_server.replay.endpoint import Heard, application

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    recording: Recording,
    name: str = "",
    *,
    port: int = 0,
    pace: float = 0.0,
    heard: Heard = lambda body, side: None,
) -> AsyncGenerator[str, None]:
    """Plays `recording` within the block; gives the base URL. `pace`: seconds a turn. `heard`: see `application`.

    Port 0 takes a free one. Raises OSError when `port` cannot be had.
    """
    with socket.create_server((LOOPBACK, port)) as listener:  # listens from here on: nobody is turned away
        config = uvicorn.Config(
            application(recording, name or recording.session, pace, heard),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            http="h11",
            loop="asyncio",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve([listener]), name="replay endpoint")
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            await task


def main(argv: list[str]) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="cairn replay", description="Serve a recorded session as an OpenAI-compatible endpoint."
    )
    parser.add_argument("file", type=Path, help="a file that `cairn show SESSION --as-replay` wrote")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; a free one by default")
    parser.add_argument("--pace", type=int, default=0, metavar="MS", help="milliseconds that each turn takes")
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65_535:
        parser.error(f"--port {options.port}: give a number from 0 to 65535")
    if options.pace < 0:
        parser.error(f"--pace {options.pace}: give 0 or more milliseconds")
    try:
        recording = read(options.file)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(recording, options.file, options.port, options.pace / 1_000))
    except RecordingError as error:
        print(f"cairn replay: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"cairn replay: port {options.port} cannot be had ({error.strerror}): give another",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(recording: Recording, file: Path, port: int, pace: float) -> None:
    async with serving(recording, file.name, port=port, pace=pace) as base_url:
        print(_greeting(recording, file, base_url), flush=True)
        await asyncio.Event().wait()


def _greeting(recording: Recording, file: Path, base_url: str) -> str:
    goal = recording.goal or "go on"
    return (
        f"Replaying {file.name}: {len(recording.turns)} turns of {recording.model} at {base_url}\n"
        "In another terminal, in the folder to work in:\n\n"
        f"  cairn run {shlex.quote(goal)} --base-url {base_url} --model {shlex.quote(recording.model)}\n"
        "  cairn resume     (after a kill: it goes on where it stopped)\n\n"
        "Ctrl+C ends it."
    )
