"""The commands that work: `run` starts a session, `resume` takes one up, `attach` only follows."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from typing import Any, NamedTuple

from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import USAGE, CommandFailed
from cairn_server.terminal.follow import Follower, Manner, can_answer, subscribe
from cairn_server.terminal.line import Span, line
from cairn_server.terminal.signals import signals
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.view import for_output, streams
from cairn_server.terminal.wire import Event, SessionInfo

PAGE = 500
TAIL = 60
"""Events of the past that `attach` shows."""


class Choices(NamedTuple):
    """What the command line says of a run. None leaves it to the environment, then to the host."""

    model: str | None = None
    base_url: str | None = None
    window: int | None = None
    max_steps: int | None = None
    yes: bool = False
    json: bool = False
    reasoning: bool = False

    @classmethod
    def of(cls, options: Namespace) -> "Choices":
        """What of it the command line says."""
        given = vars(options)
        return cls(**{name: given[name] for name in cls._fields if given.get(name) is not None})

    @property
    def manner(self) -> Manner:
        return Manner(can_answer(self.json), self.yes, streams(self.json))

    def settings(self) -> dict[str, Any]:
        """The wire's `Settings`. The key goes to the host's memory and nowhere else."""
        chosen = {
            "model": self.model or os.environ.get("CAIRN_MODEL") or None,
            "base_url": self.base_url or os.environ.get("OPENAI_BASE_URL") or None,
            "api_key": os.environ.get("OPENAI_API_KEY") or None,
            "window": self.window,
            "max_steps": self.max_steps,
            "approve_all": self.yes,
        }
        return {name: value for name, value in chosen.items() if value is not None}


def run(dial: Dial, root: str, prompt: str, mode: str | None, choices: Choices) -> int:
    """Starts a session and follows it to its rest. Returns the exit code."""
    if prompt == "-":
        prompt = sys.stdin.read()
    if not prompt.strip():
        raise CommandFailed("say what there is to do: cairn run PROMPT", USAGE)
    connection = reach(dial)
    session, since = start(connection, root, prompt, mode, choices)
    return _follow(dial, connection, session, since, choices, typed=prompt, known=True)


def resume(dial: Dial, session: str | None, prompt: str | None, choices: Choices) -> int:
    """Takes a session up, the newest unfinished one without `session`, and follows it to its rest."""
    connection = reach(dial)
    session, since = take_up(connection, session, prompt, choices)
    return _follow(dial, connection, session, since, choices, typed=prompt or "", known=False)


def attach(dial: Dial, session: str | None, choices: Choices) -> int:
    """Shows the last of a session's past, and follows it while it works."""
    connection = reach(dial)
    info = pick(connection, session)
    past = [event for page in pages(connection, info["session"]) for event in page]
    since = past[-1]["seq"] if past else 0
    subscribe(connection, info["session"], since, choices.manner)
    standing, story = Standing(info["session"]), Story(choices.reasoning)
    view = for_output(choices.json, standing, story)
    unseen = 0 if choices.json else max(len(past) - TAIL, 0)
    for event in past[:unseen]:
        standing.apply(event)
        story.tell(event)
    if unseen:
        view.say(line("head", Span(f"{info['goal']}  (`cairn show {info['session']}` has it all)", "dim")))
    for event in past[unseen:]:
        standing.apply(event)
        view.event(event)
    if past and past[-1]["kind"] == "model.requested":
        view.late(standing.step)
    with signals(connection.inbox, choices.manner.answers):
        return Follower(dial, connection, view, standing, choices.manner).follow(since, known=True)


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


def _follow(
    dial: Dial,
    connection: Connection,
    session: str,
    since: int,
    choices: Choices,
    typed: str,
    known: bool,
) -> int:
    with signals(connection.inbox, choices.manner.answers):
        subscribe(connection, session, since, choices.manner)
        standing = Standing(session)
        view = for_output(choices.json, standing, Story(choices.reasoning, typed))
        return Follower(dial, connection, view, standing, choices.manner).follow(since, known)
