"""One shell command that outlives its host: started at most once, its output and exit code on disk.

The command runs below a small `sh`, in a process group of its own; what is started there, the shell
itself or a sandbox around it, its `Launch` says. Beside each other in
the call's folder lie `started` (made exclusively, so the same call can never start
twice), `pid`, `output` and, when it has ended, `code`. So a host that was killed finds
the true result when it comes back, and a host that lives needs no pipe that a
forgotten background child could hold open.
"""

import asyncio
import codecs
import os
import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.sandbox.base import Launch
from cairn_agents.sandbox.unheld import unheld
from cairn_agents.tools import processgroup
from cairn_agents.tools.base import ToolError
from cairn_agents.tools.shell import find_bash, find_sh

# `true`, not `:`: a redirection that fails at a special builtin ends the shell before `||`.
# The trap lets the shell outlive a SIGTERM to the group, wait for the command's own end and keep its code.
_WRAPPER = """\
set -C; true 2> /dev/null > "$1/started" || exit 125; set +C
trap : TERM INT HUP
echo $$ > "$1/pid"
cd "$2" || exit 126
__cairn=$1; shift 2
"$@" > "$__cairn/output" 2>&1 < /dev/null
echo $? > "$__cairn/code"
"""
_ALREADY_STARTED = 125
_GRACE = 2.0
"""Seconds between asking a command to end and ending it."""
_BEGIN = 1.0
"""Seconds that a command which another host began may take to write its pid."""
_SOON = 0.02
"""Seconds between two looks for that pid."""
_POLL = 0.1
"""Seconds between two looks at growing output."""
_PIECE = 65_536
"""Bytes of new output that are shown at one look."""
LARGEST_OUTPUT = 64_000_000
"""Bytes. A command that prints more is ended."""
LARGEST_TEXT = 100_000
"""Bytes of a command. Linux takes 131,071 in one argument (MAX_ARG_STRLEN)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, or why it was ended before."""

    code: int | None
    reason: str = ""


class Command:
    """The command of one call, running, ended, or not yet begun."""

    def __init__(self, folder: Path, root: Path, text: str, withheld: Collection[str] = ()) -> None:
        self.folder = folder
        self.output = folder / "output"
        self._root = root
        self._text = text
        self._withheld = withheld
        self._held = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def started(self) -> bool:
        return (self.folder / "started").exists()

    @property
    def argv(self) -> list[str]:
        """The command as the shell takes it. Raises ToolError when there is no bash."""
        return [find_bash(), "-c", self._text]

    def start(self, launch: Launch | None = None) -> None:
        """Starts it, as `launch` says or as the user would. Raises ToolError when that cannot be: no bash, no folder."""
        if not self._root.is_dir():
            raise ToolError(f"the command was not run: the workspace {self._root} is no folder any more")
        launch = launch or unheld(self.argv, self._withheld)
        self._held = launch.kind != "none"
        arguments = [find_sh(), "-c", _WRAPPER, "sh", str(self.folder), str(self._root), *launch.argv]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._child = subprocess.Popen(
                arguments,
                env=dict(launch.env),
                pass_fds=launch.pass_fds,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise ToolError(f"the command was not run: {error.strerror or error}") from error
        finally:
            launch.close()

    def pid(self) -> int | None:
        """Its process, None when it is not known or is another program's by now."""
        if self._child is not None:
            return self._child.pid
        with suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text(encoding="ascii"))
            if processgroup.runs(pid, str(self.folder)):
                return pid
        return None

    def ended(self) -> Ended | None:
        """How it ended; None when it has not, or when that is not to be known."""
        with suppress(OSError, ValueError):
            code = (self.folder / "code").read_text(encoding="ascii")
            if code.endswith("\n"):  # else its shell was killed while it wrote
                return Ended(int(code))
        if self._child is not None and self._child.poll() is not None:
            return Ended(self._child.returncode, "its shell was ended from outside")
        return None

    async def wait(self, timeout: float, show: Callable[[str], None]) -> Ended | None:
        """How it ended; `timeout` seconds after its start, or with too much output, it is ended.

        None when it is not to be known: no process and no exit code. Cancelling ends it.
        """
        watcher = asyncio.create_task(self._watch(show))
        gone = asyncio.create_task(self._gone())
        try:
            done, _ = await asyncio.wait(
                {watcher, gone}, timeout=self._left(timeout), return_when=asyncio.FIRST_COMPLETED
            )
            if gone in done:
                return self.ended()
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

    async def end(self) -> None:
        """Ends the whole process group: asked first, forced after a moment."""
        pid = self.pid()
        if pid is None:
            return
        if not (self._held and processgroup.ask_below(pid)):
            processgroup.end_group(pid, force=False)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone(), _GRACE)
        processgroup.end_group(pid, force=True)  # also for children that outlived it
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone(), _GRACE)

    def _left(self, timeout: float) -> float:
        """Seconds until `timeout` is over, counted from the start, whichever host made it."""
        with suppress(OSError):
            timeout -= max(time.time() - (self.folder / "started").stat().st_mtime, 0.0)
        return max(timeout, 0.1)

    async def _gone(self) -> None:
        """Returns when the process has ended; at once when it is none of ours any more."""
        if (child := self._child) is not None:
            await processgroup.child_gone(child)
            if child.returncode != _ALREADY_STARTED:
                return
            self._child = None  # one that a killed host had just begun came first: its end is the call's
        if (pid := await self._others_pid()) is not None:
            await processgroup.gone(pid, str(self.folder))

    async def _others_pid(self) -> int | None:
        """The process that another host began; waited for when it can only just have been begun."""
        while (pid := self.pid()) is None and self._is_new():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(_SOON)
        return pid

    def _is_new(self) -> bool:
        try:
            age = time.time() - (self.folder / "started").stat().st_mtime
        except OSError:
            return False
        return 0 <= age < _BEGIN and not (self.folder / "pid").exists()

    async def _watch(self, show: Callable[[str], None]) -> None:
        """Shows output as it grows, no more than a piece at a look; returns only when there is too much."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        seen = 0
        while seen < LARGEST_OUTPUT:
            await asyncio.sleep(_POLL)
            with suppress(OSError), self.output.open("rb") as file:
                start = max(seen, self.output.stat().st_size - _PIECE)
                if start > seen:
                    decoder.reset()
                file.seek(start)
                piece = file.read(_PIECE)
                seen = start + len(piece)
                if text := decoder.decode(piece):
                    show(text)
