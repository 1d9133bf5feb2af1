"""Does a piece of work on copies of a workspace, and kills itself before its Nth step, for each N.

`python killing.py SOURCE OUT WORK`: `WORK` is a name in `works.py`. A copy is left in OUT/1,
OUT/2, ...; the last is the one where the work got through. A step is a statement to the
database or a call that changes the disk.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import works

CALLS = ("replace", "unlink", "truncate", "rmdir", "utime", "fsync", "link")
COUNTED = ("BEGIN", "COMMIT", "DELETE", "INSERT", "UPDATE", "VACUUM", "PRAGMA wal_checkpoint")


class Steps:
    """Counts down, and ends the process at zero."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.take()
            return real(*arguments, **named)

        return call

    def statement(self, text: str) -> None:
        if text.startswith(COUNTED):
            self.take()


def count_steps(steps: Steps) -> None:
    for name in CALLS:
        setattr(os, name, steps.counting(getattr(os, name)))
    connect = sqlite3.connect

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(steps.statement)
        return connection

    sqlite3.connect = connected


def kill_at_every_step(source: Path, out: Path, work: str) -> list[Path]:
    """Does `work` on copies of `source`, killed before each step in turn; the copies, the last one done."""
    subprocess.run([sys.executable, __file__, source, out, work], check=True, timeout=150)
    return sorted(out.iterdir(), key=lambda path: int(path.name))


def main(source: Path, out: Path, work: str) -> None:
    for number in count(1):
        folder = out / str(number)
        shutil.copytree(source, folder, symlinks=True)
        child = os.fork()
        if child == 0:
            count_steps(Steps(number))
            asyncio.run(getattr(works, work)(folder))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
