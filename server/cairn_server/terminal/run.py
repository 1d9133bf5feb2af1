"""The commands that work: `run` starts a session, `resume` takes one up, `attach` only follows.

What shows a run is imported when the run has begun: nobody waits for it then.
"""

import sys

from cairn_server.terminal.choices import Choices
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.contract import agree
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sessions import pages, pick, reach, start, subscribe, take_up
from cairn_server.terminal.signals import signals
from cairn_server.terminal.wire import SessionInfo

TAIL = 60
"""Events of the past that `attach` shows."""


def run(dial: Dial, root: str, prompt: str | None, mode: str | None, choices: Choices) -> int:
    """Starts a session and follows it to its rest. Returns the exit code."""
    if prompt == "-":
        prompt = sys.stdin.read()
    if not (prompt or "").strip() and choices.contract is None:
        raise CommandFailed("say what there is to do: cairn run PROMPT", USAGE)
    connection = reach(dial)
    if choices.contract is not None:
        prompt = agree(connection, choices, prompt)
    assert prompt is not None
    session, since = start(connection, root, prompt, mode, choices)
    return follow(dial, connection, session, since, choices, typed=prompt, known=True)


def resume(
    dial: Dial, session: str | None, prompt: str | None, choices: Choices, only_drift: bool = False
) -> int:
    """Takes a session up, the newest unfinished one without `session`, and follows it to its rest.

    Whoever sits at the keys first sees what changed while it rested, and may leave it there; --yes goes on at once.
    """
    connection = reach(dial)
    if only_drift or choices.manner.answers:
        from cairn_server.terminal import drift

        resting = _resting(connection, session)
        found = drift.look(connection, resting) if resting else None
        if only_drift:
            if found is None:
                raise CommandFailed("that session does not rest: what changes now is no drift", USAGE)
            drift.show(found, choices.json)
            return DONE
        if found is not None and drift.changed(found):
            drift.show(found)
            if not (choices.yes or drift.agreed()):
                return DONE
        session = resting or session
    if choices.contract not in (None, "none"):
        agree(connection, choices, prompt or "-")
    session, since = take_up(connection, session, prompt, choices)
    return follow(dial, connection, session, since, choices, typed=prompt or "", known=False)


def _resting(connection: Connection, session: str | None) -> str | None:
    """The session that would be taken up, None when it works now or there is none: then the host says what is wrong."""
    sessions: list[SessionInfo] = connection.request("cairn/session/list")["sessions"]
    meant = [
        each
        for each in sessions
        if (each["session"].startswith(session) if session else each["state"] != "done")
    ]
    exact = [each for each in meant if each["session"] == session] or meant
    if not exact or (session and len(exact) > 1) or exact[0]["state"] in ("running", "waiting"):
        return None
    return exact[0]["session"]


def attach(dial: Dial, session: str | None, choices: Choices) -> int:
    """Shows the last of a session's past, and follows it while it works."""
    from cairn_server.terminal.follow import Follower
    from cairn_server.terminal.line import Span, line
    from cairn_server.terminal.standing import Standing
    from cairn_server.terminal.story import Story
    from cairn_server.terminal.view import for_output

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


def follow(
    dial: Dial,
    connection: Connection,
    session: str,
    since: int,
    choices: Choices,
    typed: str,
    known: bool,
) -> int:
    """Shows a session from event `since` on, to its rest. Returns the exit code."""
    with signals(connection.inbox, choices.manner.answers):
        subscribe(connection, session, since, choices.manner)

        from cairn_server.terminal.follow import Follower
        from cairn_server.terminal.standing import Standing
        from cairn_server.terminal.story import Story
        from cairn_server.terminal.view import for_output

        standing = Standing(session)
        view = for_output(choices.json, standing, Story(choices.reasoning, typed))
        return Follower(dial, connection, view, standing, choices.manner).follow(since, known)
