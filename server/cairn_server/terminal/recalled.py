"""What happens to a session's memory, a line each: checkpoints, rebuilt windows, claims, tasks, drift."""

from collections.abc import Callable

from cairn_server import words
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.wire import Event, Payload

DRIFT_LINES = 8
"""Of what changed while a session rested; the model is told all of it."""

REASONS = {
    "limit": "it was full",
    "exceeded": "the provider found it too long",
    "imported": "the session comes from elsewhere",
    "forked": "the session goes on from another one",
    "rewound": "the conversation was taken back",
    "command": "as asked",
}


def window_rebuilt(payload: Payload, before: int) -> Line:
    """A window that takes the place of one of `before` tokens, 0 when nobody knows."""
    reason = str(payload.get("reason", ""))
    was = f"from {words.tokens(before)} to " if before else "to "
    checkpoint = int(payload.get("checkpoint", 0))
    said = words.joined(
        f"window {payload.get('number', '')} rebuilt {was}{words.tokens(int(payload.get('tokens', 0)))} tokens",
        REASONS.get(reason, reason),
        f"checkpoint {checkpoint}" if checkpoint else "",
    )
    return _note(said)


def checkpoint_written(event: Event, payload: Payload) -> list[Line]:
    """Its number, what it covers, whether it was judged, and how much of the judgement was left out."""
    dropped = len(payload.get("dropped", ()))
    said = words.joined(
        f"checkpoint {payload.get('number', '')} up to e{payload.get('covers', '')}",
        "facts and judgement" if payload.get("judged") else "facts only",
        f"{dropped} line{'' if dropped == 1 else 's'} of the judgement left out" if dropped else "",
        words.money(float(payload.get("cost", 0.0))),
        str(payload.get("problem", "")),
    )
    return [_note(said)]


def claim_remembered(event: Event, payload: Payload) -> list[Line]:
    """One by the agent is told by the call that made it."""
    if payload.get("by") == "agent":
        return []
    return [_note(f"remembered ({payload.get('about', '')}) {_claim(payload)}")]


def claim_forgotten(event: Event, payload: Payload) -> list[Line]:
    """One by the agent is told by the call that did it."""
    if payload.get("by") == "agent":
        return []
    after = payload.get("replaced_by")
    return [_note(f"forgotten {_claim(payload)}" + (f" (superseded by {after})" if after else ""))]


def claim_proposed(event: Event, payload: Payload) -> list[Line]:
    """The user is to say."""
    what = "forget" if payload.get("forget") else f"remember ({payload.get('about', '')})"
    answer = f" · cairn memory accept {payload.get('claim', '')}, or reject"
    return [line("work", Span("  ? ", "yellow"), Span(f"proposed to {what} {_claim(payload)}", "yellow", True), Span(answer, "dim"), hang=4)]  # fmt: skip


def claim_answered(event: Event, payload: Payload) -> list[Line]:
    said = "accepted" if payload.get("accepted") else "rejected"
    return [_note(f"proposal {payload.get('claim', '')} {said}")]


def task_changed(event: Event, payload: Payload) -> list[Line]:
    """One by the agent is told by the call that changed it."""
    if payload.get("by", "agent") == "agent":
        return []
    note = f": {payload['note']}" if payload.get("note") else ""
    said = (
        f"task {payload.get('task', '')} {payload.get('title', '')} is {payload.get('state', 'open')}{note}"
    )
    return [_note(f"{said} (by the {payload['by']})")]


def drift_found(event: Event, payload: Payload) -> list[Line]:
    """What changed while the session rested."""
    lines = [str(each) for each in payload.get("lines", ())]
    if not lines:
        return []
    head = line(
        "work",
        Span("  ! ", "yellow"),
        Span(f"changed since e{payload.get('since', 0)}, while it rested:", "yellow"),
    )
    shown = [line("work", Span("      "), Span(each, "dim", True)) for each in lines[:DRIFT_LINES]]
    more = len(lines) - DRIFT_LINES
    return [head, *shown, *([line("work", Span(f"      … {more} more", "dim"))] if more > 0 else [])]


def session_imported(event: Event, payload: Payload) -> list[Line]:
    problems = len(payload.get("problems", ()))
    left = f"{problems} line{'' if problems == 1 else 's'} left out" if problems else ""
    messages = f"{int(payload.get('messages', 0)):,} messages"
    return [_note(words.joined(f"imported from {payload.get('path', '')}", messages, left))]


def session_forked(event: Event, payload: Payload) -> list[Line]:
    """Where the session goes on from."""
    return [_note(f"goes on from e{payload.get('event', 0)} of {payload.get('source', '')}")]


def session_rewound(event: Event, payload: Payload) -> list[Line]:
    """Work that was taken back, or put back."""
    count = len(payload.get("files", ()))
    files = f"{count} file{'s' if count != 1 else ''}" if count else ""
    talk = "the conversation" if payload.get("conversation") else ""
    undone = payload.get("undoes", 0)
    what = f"put back what e{undone} took" if undone else f"taken back to e{payload.get('to', 0)}"
    return [_note(words.joined(what, files, talk))]


TELLERS: dict[str, Callable[[Event, Payload], list[Line]]] = {
    "checkpoint.written": checkpoint_written,
    "claim.remembered": claim_remembered,
    "claim.forgotten": claim_forgotten,
    "claim.proposed": claim_proposed,
    "claim.answered": claim_answered,
    "task.changed": task_changed,
    "drift.found": drift_found,
    "session.imported": session_imported,
    "session.forked": session_forked,
    "session.rewound": session_rewound,
}


def _note(said: str) -> Line:
    return line("work", Span("  · ", "dim"), Span(said, "dim", True))


def _claim(payload: Payload) -> str:
    return f"{payload.get('claim', '')}: {payload.get('text', '')}"
