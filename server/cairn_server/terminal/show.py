"""`cairn show`: one session from its beginning or its end, as a readable run, as events, or as a file to replay."""

import sys

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.sessions import newest, pages, pick, reach
from cairn_server.terminal.story import Story
from cairn_server.terminal.view import JsonView, PlainView, View


def show(dial: Dial, session: str, as_json: bool, reasoning: bool, tail: int = 0) -> int:
    """Prints all events of a session, or the newest `tail` of them."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    view = JsonView(sys.stdout) if as_json else _readable(Story(reasoning))
    for events in newest(connection, name, tail) if tail else pages(connection, name):
        for event in events:
            view.event(event)
    return DONE


def as_replay(dial: Dial, session: str) -> int:
    """Prints the session as a file for `cairn replay`."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    sys.stdout.write(connection.request("cairn/session/replay", {"session": name})["text"])
    return DONE


def _readable(story: Story) -> View:
    if not is_live():
        return PlainView(sys.stdout, story)
    from cairn_server.terminal.page import PageView

    return PageView(story)
