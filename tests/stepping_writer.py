"""Writes a file atomically and kills itself before its Nth call into the system.

`python stepping_writer.py PATH NUMBER`; it prints the calls it made when it got through.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cairn_memory import files

NEW = b"new content " * 1000
CALLS = ("open", "fdopen", "fsync", "fchmod", "replace", "close")


class SteppingOs:
    """`os`, counting the calls that change the disk."""

    def __init__(self, kill_before: int) -> None:
        self.made: list[str] = []
        self._left = kill_before

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._stepping(name, real) if name in CALLS else real

    def step(self, name: str) -> None:
        """Counts one more call, or ends the process before it."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.made.append(name)

    def _stepping(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.step(name)
            return real(*arguments, **named)

        return call


if __name__ == "__main__":
    stepping = SteppingOs(int(sys.argv[2]))
    files.os = stepping  # pyright: ignore[reportAttributeAccessIssue]
    files.write_atomically(Path(sys.argv[1]), NEW)
    print(" ".join(stepping.made))
