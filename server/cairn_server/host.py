"""The host: the one process that owns a workspace, and outlives every client.

    python -m cairn_server.host --workspace DIR [--idle SECONDS] [--linger SECONDS] [--face rpc|lsp]

It takes the workspace's lock, opens the log, listens, and says where in `host.json`.
It ends by itself when for `--idle` seconds nobody was attached and nothing ran, or when its
folder is removed. For background commands alone it stays `--linger` seconds; they end with it.
`--face` says what the client speaks that starts it: that is loaded first.
Exit codes: 0 ended as asked, 1 could not begin or go on, 75 another host is there.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cairn_memory.places import UserFolders, Workspace
from cairn_server.lock import EXIT_TAKEN, HostLock, LockTaken

if TYPE_CHECKING:
    from cairn_memory.redact import Masker
    from cairn_server.serving import Host, MakeRuns

IDLE_SECONDS = 600.0
LINGER_SECONDS = 24 * 3_600.0
SWITCH_SECONDS = 0.000_5
"""How long a thread that computes (the search index, secrets in a text) keeps the loop waiting for the interpreter; Python's
own 5 ms would be added to each of the few steps of an answer."""
QUIET_SECONDS = 0.5
"""How long an editor that started the host has to be silent until the model SDK is loaded: it draws its views first."""
QUIET_TRIES = 20
"""Then the SDK is loaded although it is not silent."""
PATIENCE_SECONDS = 30.0
"""How long a client may take nothing of what it is sent before it is cut."""

log = logging.getLogger(__name__)


def main(
    arguments: Sequence[str] | None = None,
    make_runs: "MakeRuns | None" = None,
    masker: "Masker | None" = None,
) -> int:
    """Runs a host until it ends; the exit code. The last two take the place of the real ones in tests."""
    gc.disable()  # nothing of what is loaded now will ever be garbage; on again after the warm-up
    sys.setswitchinterval(SWITCH_SECONDS)
    options = _options(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # stderr gets one line, not a traceback
    try:
        workspace = Workspace.of(options.workspace)
        workspace.create()
        lock = HostLock.take(workspace.local / "host.lock")
    except LockTaken as taken:
        return _fail(str(taken), EXIT_TAKEN)
    except OSError as error:
        return _fail(f"{options.workspace} cannot be used as a workspace: {error}")
    try:
        asyncio.run(_host(workspace, options, make_runs, masker))
    except Exception as error:  # the outermost edge of the process
        log.exception("the host ended")
        return _fail(f"{type(error).__name__}: {error}")
    finally:
        lock.release()
    return 0


async def _host(
    workspace: Workspace, options: argparse.Namespace, make_runs: "MakeRuns | None", masker: "Masker | None"
) -> None:
    # With the lock held; whoever finds it taken has not waited for these.
    from cairn_agents.runs import Runs
    from cairn_memory.redact import SecretMasker, environment_secrets, workspace_key
    from cairn_memory.store import open_log
    from cairn_server.hostlog import log_to
    from cairn_server.serving import Host

    masker = masker or SecretMasker(environment_secrets(os.environ), key=workspace_key(workspace.local))
    log_to(workspace.local / "host.log", masker)
    asyncio.get_running_loop().set_exception_handler(_log_failure)
    events, problems = await open_log(workspace.local, masker)
    ended = threading.Event()
    try:
        host = Host(workspace, UserFolders.find(), events, problems, make_runs or Runs, options.patience)
        _stop_on_signals(host)
        await host.run(
            options.idle, options.linger, listening=lambda: _warm_up_beside(host, options.face, ended)
        )
    finally:
        ended.set()
        await events.close()


def _warm_up_beside(host: "Host", face: str, ended: threading.Event) -> None:
    # No daemon: an interpreter that ends in the middle of its import may abort. The lock is free by then.
    threading.Thread(target=_warm_up, args=(host, face, ended), name="warm-up").start()


def _warm_up(host: "Host", face: str, ended: threading.Event) -> None:
    """Loads the face of the first client, then the model SDK, while that client is still talking.

    One after the other: two imports at once only take the interpreter from each other.
    """
    try:
        import_module(f"cairn_server.{face}")
        for _ in range(QUIET_TRIES if face == "lsp" else 0):
            if ended.wait(QUIET_SECONDS):
                return
            if host.silence() > QUIET_SECONDS:
                break
        from cairn_agents.model.client import warm_up

        warm_up()
    except Exception:  # the outermost edge of this thread; the first run will say it again
        log.exception("the model SDK could not be loaded")
    finally:
        gc.freeze()
        gc.enable()


def _stop_on_signals(host: "Host") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, host.stop)
        except NotImplementedError:  # Windows: its loop knows no signals
            signal.signal(number, lambda number, frame: _stop_soon(loop, host))


def _stop_soon(loop: asyncio.AbstractEventLoop, host: "Host") -> None:
    loop.call_soon_threadsafe(host.stop)


def _log_failure(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    error = context.get("exception")
    log.error("%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)


def _fail(message: str, code: int = 1) -> int:
    with contextlib.suppress(OSError):  # nobody may be reading
        print(f"cairn host: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cairn-host", description="The host of one workspace.")
    parser.add_argument("--workspace", type=Path, required=True, metavar="DIR")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, metavar="SECONDS")
    parser.add_argument("--linger", type=float, default=LINGER_SECONDS, metavar="SECONDS")
    parser.add_argument("--face", choices=("rpc", "lsp"), default="rpc")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
