"""Follows a session on the screen until it rests, and carries the user's keys and signals to it."""

import signal
from queue import Empty
from typing import Any, cast

from cairn_server.terminal.choices import Manner
from cairn_server.terminal.connection import Connection, Dial, HostLost, Inbox, Lost, Notice
from cairn_server.terminal.draft import Draft
from cairn_server.terminal.exits import BY_STATE, FAILED, INTERRUPTED, WAITING, CommandFailed
from cairn_server.terminal.keys import Keyboard, Typed
from cairn_server.terminal.line import Span, line
from cairn_server.terminal.matches import MATCHES, matches
from cairn_server.terminal.question import Answer, Question
from cairn_server.terminal.sessions import pages, subscribe
from cairn_server.terminal.signals import Signalled
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.view import View
from cairn_server.terminal.wire import Approval, Chunk, Event, SessionInfo

TICK = 0.125
"""Seconds between two drawings of the progress line."""


class Follower:
    """One session, one view; lives from the start of a run, or an attachment, until it rests or is left."""

    def __init__(
        self, dial: Dial, connection: Connection, view: View, standing: Standing, manner: Manner
    ) -> None:
        self.draft = Draft()
        self._dial = dial
        self._connection = connection
        self._view = view
        self._standing = standing
        self._manner = manner
        self._inbox: Inbox = connection.inbox
        self._keyboard = Keyboard(self._inbox) if manner.answers else None
        self._seen = 0
        self._question: Question | None = None
        self._answered: set[str] = set()
        self._interrupting = False
        self._cut_at: int = -1

    def follow(self, since: int, known: bool) -> int:
        """Shows what comes after event `since`, to which the connection is subscribed. Returns the exit code.

        `known`: the session's past was read up to `since`, or it has none. Else the host is asked
        how it stands.
        """
        self._seen = since
        if self._keyboard is not None:
            self._keyboard.begin()
        try:
            code = self._rest() if known else self._catch_up(look_back=True)
            while code is None:
                code = self._next()
            self._hint()
            return code
        finally:
            self._view.pause()
            if self._keyboard is not None:
                self._keyboard.end()

    # --- what happens ----------------------------------------------------------------------

    def _next(self) -> int | None:
        """Takes in the next thing that happens. The exit code when it was the last."""
        try:
            item = self._inbox.get(timeout=TICK)
        except Empty:
            self._view.tick()
            return None
        match item:
            case Notice("cairn/event", params):
                return self._event(cast(Event, params["event"]))
            case Notice("cairn/stream", params):
                if params["session"] == self._standing.session:
                    self._view.chunk(cast(Chunk, params))
            case Typed(text):
                self._typed(text)
            case Signalled(number):
                return self._signal(number)
            case Lost(connection, reason):
                if connection is self._connection:
                    return self._reconnect(reason)
            case _:
                pass
        return None

    def _event(self, event: Event) -> int | None:
        if event["session"] != self._standing.session or event["seq"] <= self._seen:
            return None
        self._seen = event["seq"]
        self._standing.apply(event)
        self._retract()
        self._view.event(event)
        self._ask()
        return self._rest() if event["kind"] == "session.state" else None

    def _rest(self) -> int | None:
        """The exit code when nothing goes on any more, or only a person could make it."""
        if self._standing.rests:
            return BY_STATE.get(self._standing.state, FAILED)
        if self._standing.asks and not (self._manner.answers or self._manner.approve):
            session = self._standing.session
            what = next((each["title"] for each in self._standing.approvals.values()), "")
            self._say(
                f"{session} waits for your answer{f': {what}' if what else ''}; give it with `cairn attach {session}`"
            )
            return WAITING
        return None

    # --- questions -------------------------------------------------------------------------

    def _ask(self) -> None:
        """Puts the oldest open question before the user."""
        waiting = self._waiting()
        if self._manner.approve:
            for approval in waiting:
                self._answer(approval, Answer("allow"))
        elif self._keyboard is not None and self._question is None and waiting:
            self._keyboard.forget()
            self._question = Question(waiting[0])
            self._view.ring()
            self._show_question()

    def _retract(self) -> None:
        """Takes the question away when somebody else has answered it."""
        if self._question is not None and self._question.approval not in self._waiting():
            self._question = None
            self._show_question()

    def _waiting(self) -> list[Approval]:
        return [each for key, each in self._standing.approvals.items() if key not in self._answered]

    def _typed(self, text: str) -> None:
        if self._question is not None and not self.draft.text:
            answer = self._question.type(text)
            if self._question.unshown:
                self._show_matches(self._question)
            if answer is not None and self._answer(self._question.approval, answer):
                self._question = None
            self._show_question()
            self._ask()
            return
        said = self.draft.type(text)
        self._view.draft(self.draft.text)
        if said:
            self._connection.post("cairn/run/resume", {"session": self._standing.session, "prompt": said})

    def _answer(self, approval: Approval, answer: Answer) -> bool:
        """Sends the answer. False when it was refused, and why was said: the question stays."""
        params = {"id": approval["id"], "decision": answer.decision, "words": answer.words}
        if answer.decision == "always":
            try:
                heard = self._connection.request(
                    "cairn/approval/answer", params | {"pattern": answer.pattern}
                )
            except HostLost:
                return True  # asked anew by the host that takes over
            except CommandFailed as error:
                self._say(str(error))
                return False
            if not heard["accepted"]:
                self._say(str(heard.get("told", "")))
        else:
            self._connection.post("cairn/approval/answer", params)
        self._answered.add(approval["id"])
        return True

    def _show_matches(self, question: Question) -> None:
        """Says which past calls the pattern in question would have let run, and whether it may be allowed at all."""
        approval = question.approval
        params = {
            "tool": approval["name"],
            "pattern": question.unshown,
            "approval": approval["id"],
            "limit": MATCHES,
        }
        try:
            found = self._connection.request("cairn/gate/past", params)
        except CommandFailed as error:
            self._say(str(error))
            return
        for each in matches(question.unshown, found):
            self._view.say(each)
        if not found["refused"]:
            question.shown()
        else:
            question.unshown = ""

    def _show_question(self) -> None:
        question = self._question
        first = "  (your own line first: Enter says it, Esc drops it)" if self.draft.text else ""
        self._view.banner(f"{question.text}{first}" if question else "")
        self._view.draft(question.draft if question and question.writes else self.draft.text)

    # --- signals ---------------------------------------------------------------------------

    def _signal(self, number: int) -> int | None:
        session = self._standing.session
        if number == getattr(signal, "SIGTSTP", None) and self._keyboard is not None:
            self._view.pause()
            self._keyboard.suspend()
            return None
        if number != signal.SIGINT or self._interrupting:
            self._say(
                f"left; the run goes on: `cairn attach {session}` follows it, `cairn stop {session}` ends it"
            )
            return INTERRUPTED
        self._interrupting = True
        self._view.banner("interrupting the step; Ctrl+C again leaves while the run goes on")
        self._connection.post("cairn/run/interrupt", {"session": session})
        return None

    # --- the host --------------------------------------------------------------------------

    def _catch_up(self, look_back: bool) -> int | None:
        """Asks the host how the session stands. A rest is told by an event that is still to come.

        `look_back`: nothing of the session's past was shown, so open questions are shown now.
        """
        session = self._standing.session
        sessions: list[SessionInfo] = self._connection.request("cairn/session/list")["sessions"]
        waiting: list[dict[str, Any]] = self._connection.request("cairn/approval/list")["approvals"]
        info = next((each for each in sessions if each["session"] == session), None)
        if info is None:
            return None
        mine = [cast(Approval, each) for each in waiting if each["session"] == session]
        self._standing.begin(info, mine)
        if look_back and mine:
            self._show_what_waits()
        self._ask()
        return self._rest() if self._standing.asks else None

    def _show_what_waits(self) -> None:
        """Shows the open questions, which were asked before anybody here looked, and that the session waits."""
        state: Event | None = None
        for page in pages(self._connection, self._standing.session):
            for event in page:
                if event["seq"] > self._seen:
                    continue
                if event["kind"] == "session.state":
                    state = event
                asks = event["kind"] == "approval.requested"
                if asks and event["payload"].get("id") in self._standing.approvals:
                    self._view.event(event)
        if state is not None and state["payload"].get("state") == "waiting":
            self._view.event(state)

    def _reconnect(self, reason: str) -> int | None:
        """Goes on with the host that lives; where none does another takes over, and its log says what became of the run."""
        hint = f"`cairn resume {self._standing.session}` goes on with it"
        if self._seen == self._cut_at:
            raise CommandFailed(f"the connection to the host ends again and again ({reason}); {hint}")
        self._cut_at = self._seen
        try:
            connection = self._dial(False)
            if connection is None:
                self._say(f"the host died ({reason}); another takes over")
                connection = self._dial(True)
            else:
                self._say(f"the connection was cut ({reason}); connected again")
            assert connection is not None
            self._connection.close()
            self._connection = connection
            connection.pass_notices_to(self._inbox)
            subscribe(connection, self._standing.session, self._seen, self._manner)
            return self._catch_up(look_back=False)
        except CommandFailed as error:
            raise CommandFailed(f"{error}; {hint}", error.code) from error

    def _hint(self) -> None:
        """Where the run stopped short of its end, how to go on."""
        if self._manner.hints and self._standing.state in ("failed", "budget", "interrupted"):
            self._say(f"`cairn resume {self._standing.session}` goes on from here")

    def _say(self, text: str) -> None:
        self._view.say(line("end", Span(text, "yellow"), hang=2))
