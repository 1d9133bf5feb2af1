"""`cairn` without a command: a prompt at which one session after another is talked to."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from cairn_server import words
from cairn_server.terminal import listing
from cairn_server.terminal.choices import Choices
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.follow import Follower
from cairn_server.terminal.input import Input
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import pick, reach, start, subscribe, take_up
from cairn_server.terminal.signals import signals
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.view import for_output
from cairn_server.terminal.wire import HostStatus, SessionInfo

HELP = """\
  Write what there is to do, and Enter. What you write next goes on with the same session.
  A line that ends with \\ goes on in the next one; a pasted text is taken as one message.
  While it works: type and Enter to say something, Ctrl+C to interrupt, twice to leave.

  /new              the next words begin a new session
  /sessions         the sessions of this workspace
  /resume [ID]      go on with a session; the newest unfinished one without ID
  /mode plan|build  what a new session may do: plan only reads
  /memory [...]     what is remembered; /memory search WORDS, /memory remember TEXT, ...
  /tasks            the tasks of this workspace
  /checkpoint       make a checkpoint of the session at hand now
  /rebuild          begin a new window before its next request
  /stop             interrupt the session at hand
  /quit             leave (also Ctrl+D); what runs goes on
"""


class PromptLoop:
    """Keeps which session is at hand, and in which mode a new one begins."""

    def __init__(self, dial: Dial, root: str, mode: str | None, choices: Choices, keyboard: Input) -> None:
        self._dial = dial
        self._root = root
        self._mode = mode
        self._choices = choices
        self._input = keyboard
        self._session: str | None = None
        self._commands: dict[str, Callable[[str], int | None]] = {
            "/help": self._help,
            "/new": self._new,
            "/sessions": self._sessions,
            "/resume": self._resume,
            "/mode": self._set_mode,
            "/memory": self._memory,
            "/tasks": self._tasks,
            "/checkpoint": self._checkpoint,
            "/rebuild": self._rebuild,
            "/stop": self._stop,
            "/quit": self._quit,
            "/exit": self._quit,
        }

    def run(self) -> int:
        """Until the user leaves. Returns the exit code."""
        self._greet(reach(self._dial))
        while True:
            try:
                said = self._input.read(self._label())
            except EOFError:
                print()
                return DONE
            except KeyboardInterrupt:
                print("  (Ctrl+D or /quit leaves)")
                continue
            if not said.strip():
                continue
            try:
                code = self._do(said)
            except CommandFailed as error:
                print(f"  {one_line(str(error))}")
                continue
            except KeyboardInterrupt:
                print()
                continue
            if code is not None:
                return code

    def _do(self, said: str) -> int | None:
        name, _, rest = said.strip().partition(" ")
        if not name.startswith("/") or "/" in name[1:]:  # a path is no command
            return self._say(said)
        command = self._commands.get(name)
        if command is None:
            print(f"  there is no {name}; /help says what there is")
            return None
        return command(rest.strip())

    def _say(self, words_: str) -> int | None:
        connection = reach(self._dial)
        if self._session is None:
            self._session, since = start(connection, self._root, words_, self._mode, self._choices)
            self._follow(connection, since, words_, known=True)
        else:
            self._session, since = take_up(connection, self._session, words_, self._choices)
            self._follow(connection, since, words_, known=False)
        return None

    def _follow(self, connection: Connection, since: int, typed: str, known: bool) -> None:
        assert self._session is not None
        manner = self._choices.manner._replace(hints=False)
        with signals(connection.inbox, manner.answers):
            subscribe(connection, self._session, since, manner)
            standing = Standing(self._session)
            view = for_output(False, standing, Story(self._choices.reasoning, typed))
            follower = Follower(self._dial, connection, view, standing, manner)
            try:
                follower.follow(since, known)
            finally:
                connection.close()
                self._input.begin_with(follower.draft.text)
        print()

    def _greet(self, connection: Connection) -> None:
        status: HostStatus = connection.request("cairn/host/status")
        sessions: list[SessionInfo] = connection.request("cairn/session/list")["sessions"]
        connection.close()
        model = (
            self._choices.settings().get("model") or status["model"] or "no model yet: `cairn doctor` helps"
        )
        print(one_line(words.joined(f"cairn {status['version']}", str(model))))
        print(one_line(self._root))
        if sessions:
            last = sessions[0]
            goal = last["goal"] if len(last["goal"]) <= 50 else f"{last['goal'][:49]}…"
            facts = words.joined(last["session"], last["state"], words.ago(last["updated"]))
            print(one_line(f"last: {goal} ({facts}); /resume goes on with it"))
        for line in listing.waiting(sessions):
            print(one_line(line))
        print("/help says what there is")
        print()

    def _label(self) -> str:
        return f"{self._mode or ''}> " if self._session is None else "> "

    # --- the commands -----------------------------------------------------------------------

    def _help(self, rest: str) -> None:
        print(HELP)

    def _new(self, rest: str) -> int | None:
        self._session = None
        if rest:
            return self._say(rest)
        print("  the next words begin a new session")
        return None

    def _sessions(self, rest: str) -> None:
        listing.sessions(self._dial, as_json=False)

    def _resume(self, rest: str) -> None:
        connection = reach(self._dial)
        name, _, prompt = rest.partition(" ")
        if name and not prompt:
            info = pick(connection, name)
            if info["state"] == "done":
                self._session = info["session"]
                print(f"  {info['session']} is done: {one_line(info['goal'])[:60]}; what now?")
                return
        self._session, since = take_up(connection, name or None, prompt or None, self._choices)
        self._follow(connection, since, prompt, known=False)

    def _set_mode(self, rest: str) -> None:
        if rest not in ("plan", "propose", "build"):
            raise CommandFailed("say /mode plan, /mode propose or /mode build")
        self._mode, self._session = rest, None
        print(f"  the next words begin a new session in {rest} mode")

    def _memory(self, rest: str) -> None:
        from cairn_server.terminal.arguments import parse
        from cairn_server.terminal.memory.command import memory

        try:
            options = parse(["memory", *shlex.split(rest)])
        except ValueError as error:
            raise CommandFailed(f"/memory {rest}: {error}") from error
        except SystemExit:  # what is wrong with it was said
            return
        memory(self._dial, options)

    def _tasks(self, rest: str) -> None:
        from cairn_server.terminal.tasks import tasks

        tasks(self._dial, as_json=False)

    def _checkpoint(self, rest: str) -> None:
        from cairn_server.terminal.checkpoints import checkpoint

        checkpoint(self._dial, rest or self._session, as_json=False)

    def _rebuild(self, rest: str) -> None:
        from cairn_server.terminal.checkpoints import rebuild

        rebuild(self._dial, rest or self._session, as_json=False)

    def _stop(self, rest: str) -> None:
        session = rest or self._session
        if session is None:
            raise CommandFailed("no session is at hand; say /stop ID")
        connection = reach(self._dial)
        done = connection.request("cairn/run/interrupt", {"session": session})["interrupted"]
        connection.close()
        print("  interrupted" if done else "  it rests already")

    def _quit(self, rest: str) -> int:
        return DONE


def prompt(dial: Dial, root: str, mode: str | None, choices: Choices, history: Path) -> int:
    """The command. Without a terminal there is nobody to prompt."""
    if not sys.stdin.isatty():
        raise CommandFailed("no command, and nobody to ask for one; try: cairn run PROMPT", USAGE)
    with Input(history) as keyboard:
        return PromptLoop(dial, root, mode, choices, keyboard).run()
