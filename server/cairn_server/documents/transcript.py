"""A session's events as Markdown, one piece an event; the pieces in order are the document."""

import difflib
import json
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any, cast

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    CheckpointWritten,
    ClaimAnswered,
    ClaimForgotten,
    ClaimProposed,
    ClaimRemembered,
    DriftFound,
    Event,
    GuardActed,
    HostMessage,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    NoteAdded,
    Payload,
    ProcessEnded,
    ProcessStarted,
    ProposalAnswered,
    ProposalMade,
    SessionForked,
    SessionImported,
    SessionResumed,
    SessionRewound,
    SessionStarted,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
    UserMessage,
    WindowStarted,
)
from cairn_server.documents import memory, proposed
from cairn_server.documents.markdown import code, fenced, plain, quoted, shortened
from cairn_server.visible import exact, long_mark

LINE = 200
"""Characters of a title or a reason."""
OUTPUT_LINES = 30
OUTPUT_CHARACTERS = 3_000
"""Of one call's result; the whole is in the log."""
MESSAGE_LINES = 200
MESSAGE_CHARACTERS = 16_000
"""Of one message, of the user's or the model's."""

ANSWERS = {"allow": "allowed", "session": "allowed for this session", "deny": "denied"}
STATES = {
    "running": "Running",
    "waiting": "Waiting for a person",
    "done": "Done",
    "failed": "Failed",
    "budget": "Stopped by its budget",
    "interrupted": "Interrupted",
}


class Transcript:
    """Turns events into text. Remembers only what a later event needs: the calls under way, the totals."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._calls: dict[str, ToolCall] = {}
        self._started: dict[str, ToolStarted] = {}
        self._told: set[str] = set()
        self._steps = self._fill = 0
        self._totals = Usage()
        self._cost = 0.0
        self._began = 0
        self._time = 0

    def add(self, event: Event) -> str:
        """The Markdown of `event`, often empty. It ends with a blank line where a new block must follow."""
        self._time = event.time
        return self._render(event.payload)

    @property
    def untold(self) -> str:
        """The first call under way that the text does not tell of yet; "" when there is none."""
        return next((call for call in self._started if call not in self._told), "")

    def under_way(self) -> str:
        """The Markdown of the calls under way, each told once: a person should see what takes so long."""
        untold = [each for call, each in self._started.items() if call not in self._told]
        self._told.update(self._started)
        return "".join(f"- {_what(each.name, each.title)} is running\n\n" for each in untold)

    @singledispatchmethod
    def _render(self, payload: Payload) -> str:
        return ""

    @_render.register
    def _(self, payload: SessionStarted) -> str:
        self._began = self._time
        facts = (
            f"Session {code(self._session)}, {payload.mode} mode, model {code(payload.model or 'unknown')}"
        )
        return (
            f"# {plain(payload.goal, LINE)}\n\n{facts}, in {code(payload.root)}, begun {self._clock()}.\n\n"
        )

    @_render.register
    def _(self, payload: SessionResumed) -> str:
        return f"## Resumed\n\n{self._clock()}, model {code(payload.model or 'as before')}.\n\n"

    @_render.register
    def _(self, payload: UserMessage) -> str:
        return f"**User:**\n\n{_message(payload.text)}\n"

    @_render.register
    def _(self, payload: HostMessage) -> str:
        about = f" ({plain(payload.about, LINE)})" if payload.about else ""
        return f"**Cairn to the model**{about}:\n\n{_message(payload.text)}\n"

    @_render.register
    def _(self, payload: WindowStarted) -> str:
        if payload.covers:
            return self._rebuilt(payload)
        if not payload.sources:
            return ""
        return f"Instructions read: {', '.join(map(code, payload.sources))}.\n\n"

    @_render.register
    def _(self, payload: ModelRequested) -> str:
        self._fill = payload.tokens
        return ""

    @_render.register
    def _(self, payload: ModelReplied) -> str:
        self._steps, self._totals, self._cost = payload.step, payload.totals, payload.total_cost
        self._fill = payload.usage.prompt + payload.usage.completion or self._fill
        self._calls = {call.id: call for call in payload.calls}
        usage = payload.usage
        facts = f"*{usage.prompt:,} + {usage.completion:,} tokens, {payload.ms / 1000:.1f} s*"
        text = f"\n{_message(payload.text)}" if payload.text.strip() else ""
        return f"## Step {payload.step}\n\n{facts}\n{text}\n"

    @_render.register
    def _(self, payload: ModelFailed) -> str:
        again = "" if payload.retry_in is None else f"; again in {payload.retry_in:.0f} s"
        what = f"**{plain(payload.error, LINE)}**: {plain(payload.message, LINE)}"
        return f"- The model did not answer (attempt {payload.attempt}): {what}{again}\n\n"

    @_render.register
    def _(self, payload: ToolStarted) -> str:
        self._started[payload.call] = payload
        return ""

    @_render.register
    def _(self, payload: ToolFinished) -> str:
        call = self._calls.pop(payload.call, None)
        started = self._started.pop(payload.call, None)
        self._told.discard(payload.call)
        title = payload.title or (started.title if started else call.arguments if call else "")
        outcome = "" if payload.outcome == "ok" else f" **{payload.outcome}**"
        summary = f" {plain(payload.summary, LINE)}" if payload.summary else ""
        line = f"- {_what(payload.name, title)}:{outcome}{summary} ({payload.ms} ms)\n\n"
        difference = _difference(call) if call and payload.outcome == "ok" else ""
        if difference:
            return line + fenced(_short(difference), "diff") + "\n"
        return line + (fenced(_short(payload.text), "text") + "\n" if payload.text.strip() else "")

    @_render.register
    def _(self, payload: ApprovalRequested) -> str:
        reason = f" ({plain(payload.reason, LINE)})" if payload.reason else ""
        language = "diff" if payload.detail.startswith("--- ") else "text"
        shown = payload.detail if language == "diff" else exact(payload.detail, long_mark)
        detail = fenced(_short(shown), language) + "\n" if payload.detail.strip() else ""
        return f"- **Asks for approval:** {code(payload.title)}{reason}\n\n{detail}"

    @_render.register
    def _(self, payload: ApprovalAnswered) -> str:
        words = f": {plain(payload.words, LINE)}" if payload.words else ""
        by = f" by {plain(payload.by, LINE)}" if payload.by else ""
        return f"- **Approval {ANSWERS[payload.decision]}**{by}{words}\n\n"

    @_render.register
    def _(self, payload: GuardActed) -> str:
        return (
            f"- **Guard {plain(payload.guard, LINE)}** ({payload.action}): {plain(payload.reason, LINE)}\n\n"
        )

    @_render.register
    def _(self, payload: NoteAdded) -> str:
        return f"**Note:**\n\n{_message(payload.text)}\n"

    @_render.register
    def _(self, payload: CheckpointWritten) -> str:
        return memory.checkpoint_written(payload)

    @_render.register
    def _(self, payload: ClaimRemembered | ClaimProposed | ClaimAnswered | ClaimForgotten) -> str:
        return memory.claim_changed(payload)

    @_render.register
    def _(self, payload: TaskChanged) -> str:
        return memory.task_changed(payload)

    @_render.register
    def _(self, payload: DriftFound) -> str:
        return memory.drift_found(payload)

    @_render.register
    def _(self, payload: SessionImported) -> str:
        return memory.session_imported(payload)

    @_render.register
    def _(self, payload: SessionForked) -> str:
        return memory.session_forked(payload)

    @_render.register
    def _(self, payload: ProposalMade) -> str:
        return proposed.proposal_made(payload)

    @_render.register
    def _(self, payload: ProposalAnswered) -> str:
        return proposed.proposal_answered(payload)

    @_render.register
    def _(self, payload: SessionRewound) -> str:
        return memory.session_rewound(payload)

    @_render.register
    def _(self, payload: ProcessStarted) -> str:
        return f"- **In the background** {code(payload.command)} (process {payload.pid})\n\n"

    @_render.register
    def _(self, payload: ProcessEnded) -> str:
        code_ = "unknown" if payload.exit_code is None else payload.exit_code
        return f"- **Background command over**, exit code {code_}\n\n"

    @_render.register
    def _(self, payload: StateChanged) -> str:
        if payload.state == "running":
            return ""
        reason = plain(payload.reason, LINE)
        if payload.state == "waiting":
            return f"- **{STATES['waiting']}** {reason}".rstrip() + "\n\n"
        self._told.update(self._started)  # nothing runs any more
        seconds = (self._time - self._began) / 1000
        return (
            f"## {STATES[payload.state]}\n\n{reason}\n\n"
            "| steps | prompt tokens | of these cached | completion tokens | US dollars | time |\n"
            "|---|---|---|---|---|---|\n"
            f"| {self._steps} | {self._totals.prompt:,} | {self._totals.cached:,} "
            f"| {self._totals.completion:,} | {self._cost:.4f} | {seconds:,.1f} s |\n\n"
        )

    def _rebuilt(self, payload: WindowStarted) -> str:
        return memory.window_rebuilt(payload, self._fill)

    def _clock(self) -> str:
        return datetime.fromtimestamp(self._time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _what(name: str, title: str) -> str:
    """A call: its tool, and what it is about."""
    about = title.removeprefix(name).strip()
    return f"**{plain(name, LINE)}**{' ' + code(about) if about else ''}"


def _message(text: str) -> str:
    return quoted(shortened(text, MESSAGE_LINES, MESSAGE_CHARACTERS))


def _short(text: str) -> str:
    return shortened(text, OUTPUT_LINES, OUTPUT_CHARACTERS)


def _difference(call: ToolCall) -> str:
    """What an edit or a write changed, out of its arguments; "" for every other call."""
    if call.name not in ("edit", "write"):
        return ""
    try:
        found: Any = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, dict):
        return ""
    given = cast(dict[str, Any], found)
    old, new = given.get("old", ""), given.get("new", given.get("content", ""))
    if not isinstance(old, str) or not isinstance(new, str):
        return ""
    lines = list(difflib.unified_diff(old.splitlines()[:2_000], new.splitlines()[:2_000], n=3, lineterm=""))
    return "\n".join(line for line in lines[2:] if not line.startswith("@@"))
