"""The commands that work: `run` starts a session, `resume` takes one up, `attach` only follows.

What shows a run is imported when the run has begun: nobody waits for it then.
"""

import sys

from cairn_server.terminal.choices import Choices
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import USAGE, CommandFailed
from cairn_server.terminal.sessions import pages, pick, reach, start, subscribe, take_up
from cairn_server.terminal.signals import signals

TAIL = 60
"""Events of the past that `attach` shows."""


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

        from cairn_server.terminal.follow import Follower
        from cairn_server.terminal.standing import Standing
        from cairn_server.terminal.story import Story
        from cairn_server.terminal.view import for_output

        standing = Standing(session)
        view = for_output(choices.json, standing, Story(choices.reasoning, typed))
        return Follower(dial, connection, view, standing, choices.manner).follow(since, known)
