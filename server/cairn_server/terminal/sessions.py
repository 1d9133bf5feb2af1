"""What commands ask of the host about sessions: start one, take one up, find one, read one."""

from collections.abc import Iterator
from typing import Any

from cairn_server.terminal.choices import Choices, Manner
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import USAGE, CommandFailed
from cairn_server.terminal.wire import Event, SessionInfo

NEWEST = 2_000
"""Events that can be asked for from the end."""

PAGE = 500
"""Events asked for at once."""


def start(
    connection: Connection, root: str, prompt: str, mode: str | None, choices: Choices
) -> tuple[str, int]:
    """A new session's id, and the event number before its first."""
    params: dict[str, Any] = {"prompt": prompt, "root": root, "settings": choices.settings()}
    started = connection.request("cairn/run/start", params | ({"mode": mode} if mode else {}))
    return started["session"], started["since"]


def take_up(
    connection: Connection, session: str | None, prompt: str | None, choices: Choices
) -> tuple[str, int]:
    """The whole id of a session that goes on, and the event number before its first new one."""
    params: dict[str, Any] = {"session": session, "prompt": prompt or None, "settings": choices.settings()}
    started = connection.request("cairn/run/resume", params)
    return started["session"], started["since"]


def pick(connection: Connection, session: str | None) -> SessionInfo:
    """The session that begins so; without a name one that works, else the newest. Raises CommandFailed."""
    sessions: list[SessionInfo] = connection.request("cairn/session/list")["sessions"]
    if session is None:
        working = [each for each in sessions if each["state"] in ("running", "waiting")]
        if not sessions:
            raise CommandFailed("there is no session here yet; begin one with cairn run PROMPT", USAGE)
        return (working or sessions)[0]
    found = [each for each in sessions if each["session"] == session] or [
        each for each in sessions if each["session"].startswith(session)
    ]
    if len(found) != 1:
        names = ", ".join(each["session"] for each in found[:5])
        what = (
            f"{session!r} could be {names}; give more of the id" if found else f"no session {session!r} here"
        )
        raise CommandFailed(f"{what}; `cairn sessions` lists them", USAGE)
    return found[0]


def reach(dial: Dial) -> Connection:
    """The workspace's host, started if need be."""
    connection = dial(True)
    assert connection is not None
    return connection


def pages(connection: Connection, session: str) -> Iterator[list[Event]]:
    """All events of a session, some at a time."""
    since, more = 0, True
    while more:
        page = connection.request("cairn/session/show", {"session": session, "since": since, "limit": PAGE})
        events: list[Event] = page["events"]
        more = page["more"] and bool(events)
        if events:
            since = events[-1]["seq"]
            yield events


def newest(connection: Connection, session: str, count: int) -> Iterator[list[Event]]:
    """The newest `count` events of a session, however long it is."""
    params = {"session": session, "limit": min(count, NEWEST), "newest": True}
    yield connection.request("cairn/session/show", params)["events"]


def subscribe(connection: Connection, session: str, since: int, manner: Manner) -> None:
    """Has the host send what comes after event `since`. Early: what streams before is missed."""
    params = {
        "session": session,
        "since": since,
        "stream": manner.streams,
        "answers": manner.answers or manner.approve,
    }
    connection.request("cairn/events/subscribe", params)
