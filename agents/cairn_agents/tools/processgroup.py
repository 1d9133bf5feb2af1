"""A process and those it started, perhaps by a host that is gone: whether it runs, its end, and ending it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FIRST_LOOK, _LAST_LOOK = 0.001, 0.05
"""Seconds between two looks at a process whose end no event tells, doubled from one to the other."""


_MOST = 10_000
"""Processes of one command that are looked at."""


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


def ask_below(pid: int) -> bool:
    """Asks everything below `pid` to end that leads no process namespace and makes none: those would end the rest at once.

    For a command in a namespace, whose processes are in no group of ours. False where they cannot be found.
    """
    inside = [below for below in _below(pid) if _levels(below) > _levels(pid) and not _leads(below)]
    for each in inside:
        with suppress(OSError):
            os.kill(each, signal.SIGTERM)
    return bool(inside)


def _below(pid: int) -> Iterator[int]:
    """All processes that descend from `pid`, on Linux."""
    found = [pid]
    while found and len(found) < _MOST:
        with suppress(OSError, ValueError):
            parent = found.pop()
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
            found += map(int, children)
            yield from map(int, children)


def _ids(pid: int) -> list[str]:
    """What a process is called in each process namespace around it, outermost first."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("NSpid:"):
                return line.split()[1:]
    return []


def _levels(pid: int) -> int:
    return len(_ids(pid))


def _leads(pid: int) -> bool:
    """Whether it is the first of its process namespace."""
    return _ids(pid)[-1:] == ["1"]


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
