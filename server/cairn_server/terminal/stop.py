"""`cairn stop`: lets a session rest, or the host end."""

from queue import Empty

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE, FAILED, CommandFailed

ENDING = 20.0
"""Seconds that a host may take to end; it lets running commands end first."""


def interrupt(dial: Dial, folder: str, session: str) -> int:
    """Interrupts a session; it can be resumed."""
    connection = dial(False)
    if connection is None:
        print(f"no host runs for {folder}, so nothing does")
        return DONE
    done = connection.request("cairn/run/interrupt", {"session": session}, ENDING)["interrupted"]
    print(f"interrupted; `cairn resume {session}` goes on" if done else f"{session} rests already")
    return DONE


def stop_host(dial: Dial, folder: str, force: bool) -> int:
    """Ends the host and waits until it is gone. Refused while runs go on, unless `force`."""
    connection = dial(False)
    if connection is None:
        print(f"no host runs for {folder}")
        return DONE
    answer = connection.request("cairn/host/stop", {"force": force}, ENDING)
    running = ", ".join(answer["running"])
    if not answer["stopped"]:
        raise CommandFailed(
            f"the host works on {running}: `cairn stop SESSION` interrupts one, `cairn stop --force` all",
            FAILED,
        )
    try:
        connection.inbox.get(timeout=ENDING)  # the end of the connection
    except Empty:
        raise CommandFailed(f"the host was told to end and has not within {ENDING:g} seconds") from None
    ended = ", ".join(answer["background"])
    also = [
        f"interrupted: {running}" if running else "",
        f"ended in the background: {ended}" if ended else "",
    ]
    print("; ".join(["stopped", *filter(None, also)]))
    return DONE
