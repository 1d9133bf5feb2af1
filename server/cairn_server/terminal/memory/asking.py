"""A yes before something that cannot be taken back."""

import sys

from cairn_server.terminal.exits import FAILED, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import has_person

YES = ("y", "yes")


def agreed(question: str, yes: bool | None) -> None:
    """Returns when the person says yes, or said --yes. Raises CommandFailed when not, or when nobody can be asked."""
    if yes:
        return
    if not has_person():
        raise CommandFailed("this asks first, and nobody sits here to be asked; say --yes", USAGE)
    print(f"{one_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in YES:
        raise CommandFailed("not confirmed; nothing was changed", FAILED)
