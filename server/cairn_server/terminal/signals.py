"""Signals as items of the inbox: a run is followed until something says otherwise, never broken off midway."""

import contextlib
import signal
from collections.abc import Generator
from typing import NamedTuple

from cairn_server.terminal.connection import Inbox


class Signalled(NamedTuple):
    """The user, or the system, wants something of this process."""

    number: int


LEAVING = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""What ends a program: its terminal is closed, or somebody kills it."""


@contextlib.contextmanager
def signals(inbox: Inbox, keyboard: bool) -> Generator[None]:
    """Within the block Ctrl+C and the like go to `inbox`; Ctrl+Z too when a `keyboard` must be put in order first."""
    names = ("SIGINT", *LEAVING, *(("SIGTSTP",) if keyboard else ()))
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, lambda number, frame: inbox.put(Signalled(number)))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
