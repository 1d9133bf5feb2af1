"""A process and those it started, perhaps by a host that is gone: whether it runs, its end, and ending it."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_FIRST_LOOK, _LAST_LOOK = 0.001, 0.05
"""Seconds between two looks at a process whose end no event tells, doubled from one to the other."""


def runs(pid: int, mark: str) -> bool:
    """Whether `pid` is a living process with `mark` in its command line: a number alone may be used again."""
    try:
        return mark in _command_line(pid)
    except OSError:
        return False


async def child_gone(child: "subprocess.Popen[bytes]") -> None:
    """Returns as soon as a process of our own has ended, and takes its exit code."""
    if child.poll() is None and await _pidfd(child.pid):
        child.wait()
        return
    pause = _FIRST_LOOK
    while child.poll() is None:
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_LOOK)


async def gone(pid: int, mark: str) -> None:
    """Returns when a process that need not be a child has ended."""
    if await _pidfd(pid):
        return
    while await asyncio.to_thread(runs, pid, mark):  # noqa: ASYNC110 - another program's process: there is no event
        await asyncio.sleep(_LAST_LOOK)


def end_group(pid: int, *, force: bool) -> None:
    """Asks, or forces, the process group led by `pid` to end. No group is no error. Windows can only force."""
    if os.name == "posix":
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL if force else signal.SIGTERM)
    else:
        with suppress(OSError):
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)


async def _pidfd(pid: int) -> bool:
    """Waits for the end without a thread and without polling; False at once where that cannot be done."""
    if sys.platform != "linux":
        return False
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except OSError:  # a kernel or a container without it
        return False
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, lambda: over.done() or over.set_result(None))
    try:
        await over
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return True


def _command_line(pid: int) -> str:
    if sys.platform == "linux":
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
    asked = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, encoding="utf-8", check=False
    )
    return asked.stdout
