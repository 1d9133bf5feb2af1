"""A session's events as lines for a person: what was said, done, asked, and how it ended."""

import json
from collections.abc import Callable
from typing import Any, cast

from cairn_server import words
from cairn_server.terminal import asked, recalled
from cairn_server.terminal.line import Line, Span, block, line
from cairn_server.terminal.wire import Event, Payload

PROMPT_LINES = 12
"""Of the user's own words; who wants the rest knows them."""
ERROR_LINES = 4
"""Of what a failed call gave back; the model has it all."""
NAME_WIDTH = 5
"""The tools' names, so that what follows stands in a column."""

MARKS = {
    "ok": ("✓", "green"),
    "error": ("✗", "red"),
    "denied": ("⊘", "yellow"),
    "interrupted": ("■", "yellow"),
}
STATES = {
    "done": ("✓", "bold green", "done"),
    "failed": ("✗", "bold red", "failed"),
    "waiting": ("?", "bold yellow", "waiting"),
    "budget": ("■", "bold yellow", "stopped by its budget"),
    "interrupted": ("■", "bold yellow", "interrupted"),
}
ANSWERS = {
    "allow": "allowed once",
    "session": "allowed for this session",
    "always": "allowed for good",
    "deny": "denied",
}


class Story:
    """Tells events in order. Remembers only what a later event needs: titles of calls, totals.

    `reasoning` tells the model's reasoning in full instead of in one line. `typed` is what the
    user has just written on this very screen; it is not repeated.
    """

    def __init__(self, reasoning: bool = False, typed: str = "") -> None:
        self._reasoning = reasoning
        self._typed = typed.strip()
        self._titles: dict[str, str] = {}
        self._began = 0
        self._root = ""
        self._totals: Payload = {}
        self._fill = 0
        self._tellers: dict[str, Callable[[Event, Payload], list[Line]]] = {
            "session.started": self._session_started,
            "session.resumed": self._session_resumed,
            "session.state": self._state,
            "message.user": self._user,
            "message.host": self._host,
            "window.started": self._window,
            "model.requested": self._requested,
            "model.replied": self._replied,
            "model.failed": self._failed,
            "tool.started": self._tool_started,
            "tool.finished": self._tool_finished,
            "approval.requested": self._approval,
            "approval.answered": self._answer,
            "guard.acted": self._guard,
            "note.added": self._nothing,  # the call that added it says it
            "process.started": self._nothing,
            "process.ended": self._process_ended,
            "host.started": self._host_started,
            **asked.TELLERS,
            **recalled.TELLERS,
        }

    def tell(self, event: Event) -> list[Line]:
        """The lines of one event; none for what only matters to machines, or is of a later version."""
        teller = self._tellers.get(event["kind"], self._nothing)
        return teller(event, event["payload"])

    def thought(self, text: str) -> list[Line]:
        """The model's reasoning: folded to one line, or in full."""
        if not text.strip():
            return []
        if self._reasoning:
            return block("thought", text.strip("\n"), "dim italic", prefix="  ")
        count = len(text.split())
        return [
            line(
                "work",
                Span(f"  ~ thought, {count} words: ", "dim"),
                Span(text.strip()[:300], "dim italic", True),
            )
        ]

    def _nothing(self, event: Event, payload: Payload) -> list[Line]:
        return []

    def _session_started(self, event: Event, payload: Payload) -> list[Line]:
        self._began = event["time"]
        self._root = str(payload.get("root", ""))
        facts = words.joined(str(payload.get("mode", "")), str(payload.get("model", "")), event["session"])
        return [
            line(
                "head",
                Span("cairn ", "bold"),
                Span(facts, "dim"),
                Span(f"  {payload.get('root', '')}", "dim", True),
            )
        ]

    def _session_resumed(self, event: Event, payload: Payload) -> list[Line]:
        self._began = event["time"]
        facts = words.joined(event["session"], str(payload.get("model", "")))
        return [line("head", Span("resumed ", "bold"), Span(facts, "dim", True))]

    def _user(self, event: Event, payload: Payload) -> list[Line]:
        text = str(payload.get("text", "")).strip("\n")
        typed, self._typed = self._typed, ""
        if text.strip() == typed:
            return []
        lines = block("user", text, "bold cyan")
        more = len(lines) - PROMPT_LINES
        if more > 1:
            lines = [*lines[:PROMPT_LINES], line("user", Span(f"… {more} more lines", "dim"))]
        marks = [Span("> ", "cyan")] + [Span("  ")] * len(lines)
        return [Line((mark, *each.spans), each.group, 2) for mark, each in zip(marks, lines, strict=False)]

    def _host(self, event: Event, payload: Payload) -> list[Line]:
        about, text = str(payload.get("about", "")), str(payload.get("text", ""))
        return [line("work", Span("  · to the model: ", "dim"), Span(about or text[:300], "dim", True))]

    def _window(self, event: Event, payload: Payload) -> list[Line]:
        sources = [str(source).removeprefix(f"{self._root}/") for source in payload.get("sources", ())]
        if payload.get("covers"):
            return [recalled.window_rebuilt(payload, self._fill)]
        number = int(payload.get("number", 1))
        again = f"window {number}" if number > 1 else ""
        said = words.joined(again, f"read {', '.join(sources)}" if sources else "")
        return [line("head", Span(said, "dim", True))] if said else []

    def _requested(self, event: Event, payload: Payload) -> list[Line]:
        self._fill = int(payload.get("tokens", 0))
        return []

    def _replied(self, event: Event, payload: Payload) -> list[Line]:
        self.note_reply(payload)
        text = str(payload.get("text", "")).strip("\n")
        thought = self.thought(str(payload.get("reasoning", "")))
        return [*thought, *(block("text", text) if text.strip() else [])]

    def note_reply(self, payload: Payload) -> None:
        """Takes in what a reply says beside its text, for whoever has shown the text already."""
        self._totals = payload
        usage = payload.get("usage", {})
        self._fill = int(usage.get("prompt", 0)) + int(usage.get("completion", 0)) or self._fill
        for call in payload.get("calls", ()):
            self._titles[str(call.get("id", ""))] = _from_arguments(str(call.get("arguments", "")))

    def _failed(self, event: Event, payload: Payload) -> list[Line]:
        retry = payload.get("retry_in")
        message = str(payload.get("message") or payload.get("error", ""))
        if retry is None:
            return []  # the state that follows says it
        again = f", again in {words.duration(float(retry)) if retry else 'a moment'}"
        return [line("work", Span("  ! ", "yellow"), Span(message, "yellow", True), Span(again, "yellow"))]

    def _tool_started(self, event: Event, payload: Payload) -> list[Line]:
        self._titles[str(payload["call"])] = str(payload.get("title", ""))
        return []

    def _tool_finished(self, event: Event, payload: Payload) -> list[Line]:
        name = str(payload.get("name", ""))
        known = self._titles.pop(str(payload["call"]), "")
        title = (str(payload.get("title", "")) or known).removeprefix(f"{name} ").strip()
        mark, style = MARKS.get(str(payload.get("outcome", "ok")), MARKS["ok"])
        summary = "" if name == "note" else str(payload.get("summary", ""))
        ms = int(payload.get("ms", 0))
        result = words.joined(
            "" if summary == title else summary, words.duration(ms / 1_000) if ms >= 1_000 else ""
        )
        tail = (
            Span(f" · {result}", "dim" if mark == "✓" else style, len(summary) > 60) if result else Span("")
        )
        head = line(
            "work", Span(f"  {mark} ", style), Span(f"{name:<{NAME_WIDTH}} ", "bold"), Span(title, "", True), tail, hang=6
        )  # fmt: skip
        return [head, *self._why(payload, summary)]

    def _why(self, payload: Payload, summary: str) -> list[Line]:
        """The end of what a failed command said; the beginning of any other failure."""
        if payload.get("outcome") != "error":
            return []
        said = [each for each in str(payload.get("text", "")).split("\n") if each.strip()]
        if payload.get("name") == "bash":
            said = [each for each in said if not each.startswith("[exit code")][-ERROR_LINES:]
        else:
            said = [each for each in said[:ERROR_LINES] if each.strip() != summary.strip()]
        return [line("work", Span("      "), Span(each.rstrip(), "dim", True)) for each in said]

    def _approval(self, event: Event, payload: Payload) -> list[Line]:
        self._titles[str(payload.get("call", ""))] = str(payload.get("title", ""))
        return asked.question(payload)

    def _answer(self, event: Event, payload: Payload) -> list[Line]:
        decision = str(payload.get("decision", ""))
        style = "yellow" if decision == "deny" else "green"
        said = str(payload.get("words", "")).strip()
        by = str(payload.get("by", ""))
        pattern = str(payload.get("pattern", ""))
        return [
            line(
                "ask",
                Span(f"  {ANSWERS.get(decision, decision)}", style),
                Span(f" by {by}" if by else "", "dim"),
                Span(f", as {pattern}" if pattern else "", "dim"),
                Span(f": {said}" if said else "", "", True),
            )
        ]

    def _guard(self, event: Event, payload: Payload) -> list[Line]:
        does = {"retry": "asked again", "nudge": "the model was told", "stop": "stopped"}
        action = does.get(str(payload.get("action", "")), "")
        return [
            line(
                "work",
                Span("  ! ", "yellow"),
                Span(str(payload.get("reason", "")), "yellow", True),
                Span(f" · {action}", "dim"),
            )
        ]

    def _process_ended(self, event: Event, payload: Payload) -> list[Line]:
        code = payload.get("exit_code")
        ended = "ended" if code is None else f"ended, exit {code}"
        return [line("work", Span(f"  · background command {ended}", "dim"))]

    def _host_started(self, event: Event, payload: Payload) -> list[Line]:
        return [
            line("work", Span("  ! "), Span(str(each), "yellow"), hang=4)
            for each in payload.get("problems", ())
        ]

    def _state(self, event: Event, payload: Payload) -> list[Line]:
        state = str(payload.get("state", ""))
        if state not in STATES or payload.get("cause") == "approval":
            return []
        mark, style, name = STATES[state]
        reason = "" if state == "done" else str(payload.get("reason", "")).removeprefix(name).strip()
        head = line("end", Span(f"{mark} {name}", style), Span(_after(reason)), hang=2)
        return [head, line("end", Span(f"  {self._sum(event)}", "dim"))]

    def _sum(self, event: Event) -> str:
        """What the run took: steps, tokens, money, time."""
        totals = self._totals.get("totals", {})
        steps = int(self._totals.get("step", 0))
        spent = int(totals.get("prompt", 0)) + int(totals.get("completion", 0))
        seconds = (event["time"] - self._began) / 1_000 if self._began else 0
        return words.joined(
            f"{steps} step{'' if steps == 1 else 's'}",
            f"{words.tokens(spent)} tokens" if spent else "",
            words.money(float(self._totals.get("total_cost", 0.0))),
            words.duration(seconds) if seconds > 0 else "",
            event["session"],
        )


def _after(reason: str) -> str:
    """A reason behind its state; one in brackets needs no colon."""
    return f" {reason}" if reason.startswith("(") else f": {reason}" if reason else ""


def _from_arguments(arguments: str) -> str:
    """What a call was about, for one that never came to run and so has no title."""
    try:
        found: Any = json.loads(arguments)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    given = cast(dict[str, Any], found)
    about = next((given[name] for name in ("path", "command", "pattern", "text") if name in given), "")
    return str(about).split("\n", 1)[0][:200]
