"""Reads what the user writes at the prompt: with history, and a paste as one message."""

import contextlib
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

HISTORY = 1_000
"""Messages kept."""
PASTING = 0.02
"""Seconds in which the next line of a paste comes; nobody types that fast."""

try:
    import readline
except ImportError:  # Windows, and builds without it: no history then
    readline = None


class Input:
    """The prompt's line editor. Within the block the history is read and kept in the file `history`."""

    def __init__(self, history: Path) -> None:
        self._history = history
        self._beginning = ""

    def __enter__(self) -> Self:
        if readline is not None:
            readline.set_history_length(HISTORY)
            readline.parse_and_bind("set enable-bracketed-paste on")
            with contextlib.suppress(OSError):
                readline.read_history_file(self._history)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if readline is None:
            return
        with contextlib.suppress(OSError):
            self._history.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._history, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.write_history_file(self._history)

    def begin_with(self, text: str) -> None:
        """The next message begins with `text`, which was typed before there was a prompt."""
        self._beginning = text

    def read(self, label: str) -> str:
        """One message. Raises EOFError, KeyboardInterrupt."""
        self._offer_beginning()
        lines = [input(label)]
        while True:
            if lines[-1].endswith("\\"):
                lines[-1] = lines[-1].removesuffix("\\")
            elif not _more_is_there():
                return "\n".join(lines)
            lines.append(input("  "))

    def _offer_beginning(self) -> None:
        text, self._beginning = self._beginning, ""
        if readline is None:
            return
        editor = readline

        def offer() -> None:
            editor.insert_text(text)
            editor.set_startup_hook(None)

        if text:
            editor.set_startup_hook(offer)


def _more_is_there() -> bool:
    """Whether the next line has come already: it is a paste, not the next message."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.kbhit()
    import select

    return bool(select.select([sys.stdin], [], [], PASTING)[0])
