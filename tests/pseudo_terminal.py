"""A program in a pseudo-terminal: keys go in, what the screen was sent comes out."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator, Mapping
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[[0-9;?]*(?:[a-zA-Z]|$)|\x1b(?:[=>]|$)|\r")
_AS_OWNER = (
    "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes the pseudo-terminal the program's own, so that Ctrl+C in it becomes a signal."""


class PseudoTerminal:
    """`text` is all that was written so far, without control codes; `raw` with them."""

    def __init__(
        self, arguments: list[str], folder: Path, environment: Mapping[str, str], width: int
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _AS_OWNER, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )
        self.slave = slave
        self.raw = ""
        self._seen = 0

    @property
    def text(self) -> str:
        return _CONTROL.sub("", self.raw)

    def wait_for(self, text: str, seconds: float = 20.0) -> str:
        """What was written up to `text`, since the last wait. Fails with all of it when `text` does not come."""
        deadline = time.monotonic() + seconds
        while (found := self.text.find(text, self._seen)) < 0:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; there is:\n{self.text}")
        begin, self._seen = self._seen, found + len(text)
        return self.text[begin : self._seen]

    def came(self, text: str, seconds: float) -> bool:
        """Whether `text` comes within that time; leaves it for the next wait."""
        deadline = time.monotonic() + seconds
        while text not in self.text[self._seen :]:
            if not self._read(deadline - time.monotonic()):
                return False
        return True

    def echoes(self) -> bool:
        """Whether the terminal writes what is typed, as it does when no program wants it otherwise."""
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode("utf-8"))

    def exit_code(self, seconds: float = 20.0) -> int:
        """Waits for the end of the program; everything it wrote is in `text` then."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; there is:\n{self.text}")
            self._read(0.05)
        while self._read(0.0):
            pass
        assert self.process.returncode is not None
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.slave)
        os.close(self._master)

    def _read(self, seconds: float) -> bool:
        if seconds < 0 or not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)


@contextlib.contextmanager
def pseudo_terminal(
    *arguments: str, folder: Path, width: int = 80, variables: Mapping[str, str]
) -> Generator[PseudoTerminal]:
    """`python ARGUMENTS` in a terminal of its own, ended with the block."""
    terminal = PseudoTerminal([sys.executable, *arguments], folder, variables, width)
    try:
        yield terminal
    finally:
        terminal.close()
