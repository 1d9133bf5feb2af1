"""One shell command that outlives its host: started at most once, its output and exit code on disk.

The command runs below a small `sh`, in a process group of its own. Beside each other in
the call's folder lie `started` (made exclusively, so the same call can never start
twice), `pid`, `output` and, when it has ended, `code`. So a host that was killed finds
the true result when it comes back, and a host that lives needs no pipe that a
forgotten background child could hold open.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.tools.base import ToolError

_WRAPPER = """\
set -C; : > "$1/started" || exit 125; set +C
echo $$ > "$1/pid"
cd "$2" || exit 126
"$3" -c "$4" > "$1/output" 2>&1 < /dev/null
echo $? > "$1/code"
"""
_ALREADY_STARTED = 125
_GRACE = 2.0
"""Seconds between asking a command to end and ending it."""
_POLL = 0.1
"""Seconds between two looks at growing output."""
LARGEST_OUTPUT = 64_000_000
"""Bytes. A command that prints more is ended."""

_QUIET = {
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "TERM": "dumb",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, or why it was ended before."""

    code: int | None
    reason: str = ""


class Command:
    """The command of one call, running, ended, or not yet begun."""

    def __init__(self, folder: Path, root: Path, text: str) -> None:
        self.folder = folder
        self.output = folder / "output"
        self._root = root
        self._text = text
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def started(self) -> bool:
        return (self.folder / "started").exists()

    def start(self) -> None:
        """Starts it. Raises ToolError when there is no bash."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shell, bash = shutil.which("sh"), _find_bash()
        arguments = [shell or bash, "-c", _WRAPPER, "sh", str(self.folder), str(self._root), bash, self._text]
        if os.name == "posix":
            self._child = subprocess.Popen(
                arguments, env=_environment(), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        else:
            self._child = subprocess.Popen(
                arguments, env=_environment(), creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    def pid(self) -> int | None:
        """Its process, None when it is not known or is another program's by now."""
        if self._child is not None:
            return self._child.pid
        with suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            if str(self.folder) in _command_line(pid):
                return pid
        return None

    async def wait(self, timeout: float, show: Callable[[str], None]) -> Ended | None:
        """How it ended; `timeout` seconds after its start, or with too much output, it is ended.

        None when it is not to be known: no process and no exit code. Cancelling ends it.
        """
        left = max(timeout - (self._seconds_since_start() if self.started else 0.0), 0.1)
        watcher = asyncio.create_task(self._watch(show))
        gone = asyncio.create_task(self._gone())
        try:
            done, _ = await asyncio.wait({watcher, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if gone in done:
                return self._ended()
            await self.end()
            if watcher in done:
                return Ended(None, f"it printed more than {LARGEST_OUTPUT:,} bytes and was ended")
            return Ended(None, f"it ran longer than its timeout of {timeout:g} s and was ended")
        except asyncio.CancelledError:
            await asyncio.shield(self.end())
            raise
        finally:
            watcher.cancel()
            gone.cancel()

    def _seconds_since_start(self) -> float:
        return max(time.time() - (self.folder / "started").stat().st_mtime, 0.0)

    async def end(self) -> None:
        """Ends the whole process group: asked first, forced after a moment."""
        for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            pid = self.pid()
            if pid is None:
                return
            with suppress(OSError):
                if os.name == "posix":
                    os.killpg(pid, sign)
                else:
                    os.kill(pid, sign)
            try:
                await asyncio.wait_for(self._gone(), _GRACE)
            except TimeoutError:
                continue
            if sign == signal.SIGTERM:
                with suppress(OSError):  # children that ignore the request must not stay behind
                    os.killpg(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            return

    def _ended(self) -> Ended | None:
        with suppress(OSError, ValueError):
            return Ended(int((self.folder / "code").read_text(encoding="ascii")))
        if self._child is not None:
            return Ended(self._child.returncode, "its shell was ended from outside")
        return None

    async def _gone(self) -> None:
        """Returns when the process has ended; at once when it is none of ours any more."""
        await self._one_gone()
        if self._child is not None and self._child.returncode == _ALREADY_STARTED:
            self._child = None  # one that a killed host had just begun came first: its end is the call's
            await self._one_gone()

    async def _one_gone(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            return
        pid = self.pid()
        if pid is None:
            return
        if sys.platform == "linux":
            await _pidfd(pid)
        elif self._child is not None:
            await asyncio.to_thread(self._child.wait)
        else:
            while self.pid() is not None:  # noqa: ASYNC110 - another program's process: there is no event to wait on
                await asyncio.sleep(_POLL)
        if self._child is not None:
            self._child.wait()

    async def _watch(self, show: Callable[[str], None]) -> None:
        """Shows output as it grows; returns only when there is too much."""
        seen = 0
        while seen < LARGEST_OUTPUT:
            await asyncio.sleep(_POLL)
            with suppress(OSError), self.output.open("rb") as file:
                file.seek(max(seen, self.output.stat().st_size - 65_536))
                piece = file.read(65_536)
                seen = file.tell()
                if piece:
                    show(piece.decode("utf-8", "replace"))


async def _pidfd(pid: int) -> None:
    """Waits for any process, child or not, without a thread and without polling."""
    try:
        descriptor = os.pidfd_open(pid)  # pyright: ignore[reportAttributeAccessIssue] - Linux only
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, lambda: over.done() or over.set_result(None))
    try:
        await over
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _command_line(pid: int) -> str:
    if sys.platform == "linux":
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "surrogateescape")
    asked = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout


def _find_bash() -> str:
    places = [shutil.which("bash"), r"C:\Program Files\Git\bin\bash.exe"]
    for place in places:
        if place and Path(place).exists() and "system32" not in place.lower():
            return place
    raise ToolError("there is no bash on this machine; on Windows install Git for Windows, which brings one")


def _environment() -> dict[str, str]:
    """The host's, without keys of model providers: a command has no business with them."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith("API_KEY")}
    return kept | _QUIET
