"""Keys as they are pressed: the terminal hands over every key at once and writes none itself."""

import contextlib
import os
import signal
import sys
import threading
from typing import NamedTuple

from cairn_server.terminal.connection import Inbox


class Typed(NamedTuple):
    """Characters somebody typed or pasted, in one go. "\\n" is Enter, "\\x7f" is Backspace."""

    text: str


if sys.platform == "win32":
    import msvcrt

    POLL = 0.03
    """Seconds between two looks for a key; consoles there cannot be waited for with anything else."""

    class Keyboard:
        """From `begin` to `end` keys go to `inbox` as `Typed`. Ctrl+C stays a signal."""

        def __init__(self, inbox: Inbox) -> None:
            self._inbox = inbox
            self._leaving = threading.Event()
            self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

        def begin(self) -> None:
            self._thread.start()

        def end(self) -> None:
            self._leaving.set()
            self._thread.join()

        def suspend(self) -> None:
            """There is no Ctrl+Z to obey."""

        def forget(self) -> None:
            """Drops what was typed and not read yet."""
            while msvcrt.kbhit():
                msvcrt.getwch()

        def _read(self) -> None:
            while not self._leaving.wait(POLL):
                text = ""
                while msvcrt.kbhit():
                    text += msvcrt.getwch()
                if text:
                    self._inbox.put(Typed(_normal(text)))

else:
    import codecs
    import select
    import termios

    class Keyboard:
        """From `begin` to `end` keys go to `inbox` as `Typed`. Ctrl+C and Ctrl+Z stay signals."""

        def __init__(self, inbox: Inbox) -> None:
            self._inbox = inbox
            self._descriptor = sys.stdin.fileno()
            self._before = termios.tcgetattr(self._descriptor)
            self._wake, self._leave = os.pipe()
            self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

        def begin(self) -> None:
            self._set(quiet=True)
            self._thread.start()

        def end(self) -> None:
            os.write(self._leave, b".")
            self._thread.join()
            os.close(self._wake)
            os.close(self._leave)
            self._set(quiet=False)

        def suspend(self) -> None:
            """Stops this process, with the terminal as it was; returns when it is taken up again."""
            self._set(quiet=False)
            os.kill(os.getpid(), signal.SIGSTOP)
            self._set(quiet=True)

        def forget(self) -> None:
            """Drops what was typed and not read yet."""
            with contextlib.suppress(termios.error):
                termios.tcflush(self._descriptor, termios.TCIFLUSH)

        def _set(self, quiet: bool) -> None:
            mode = list(self._before)
            if quiet:
                mode[3] &= ~(termios.ECHO | termios.ICANON)
            with contextlib.suppress(termios.error):  # the terminal may be gone
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, mode)

        def _read(self) -> None:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            while True:
                ready, _, _ = select.select([self._descriptor, self._wake], [], [])
                if self._wake in ready:
                    return
                try:
                    data = os.read(self._descriptor, 65_536)
                except OSError:
                    return  # the terminal is gone
                if not data:
                    return
                if text := decoder.decode(data):
                    self._inbox.put(Typed(_normal(text)))


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\b", "\x7f")
