"""Events of what may happen, as lines for a person: questions with all that a call will do, contracts, trust, grants."""

from collections.abc import Callable
from typing import Any

from cairn_server.terminal.difference import difference
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.sanitise import exact_line, holds_hidden
from cairn_server.terminal.wire import Event, Payload

DETAIL_LINES = 120
"""Of what an approval is about: a diff, a command."""
PATHS = 8
"""Paths that are named; the rest is counted."""
_DEMANDS = {
    "network": "it wants the network",
    "unsandboxed": "it wants to run outside of the sandbox, with all your rights",
}
_HIDDEN = "it holds characters that do not show, or that turn others round; here each stands as a mark"
_GRAVE = ("destructive", "protected", "secret", "outside")


def question(payload: Payload) -> list[Line]:
    """Everything that a person must know of a call before a yes: why it is asked, what it does, what it touches."""
    title, reason, risk = (str(payload.get(name, "")) for name in ("title", "reason", "risk"))
    kind = f"  [{risk}]" if risk in (*_GRAVE, "network") else ""
    detail = str(payload.get("detail", ""))
    shown = [] if title == f"{payload.get('name', '')} {detail}" else difference("ask", detail, DETAIL_LINES)
    head = line(
        "ask",
        Span("? ", "bold yellow"),
        Span(
            exact_line(title), "bold", bool(shown)
        ),  # where nothing else tells all of it, it is never shortened
        Span(kind, "bold red" if risk in _GRAVE else "yellow"),
    )
    why = [line("ask", Span("  "), Span(reason, "yellow"), hang=2)] if reason else []
    wants = [
        line("ask", Span("  "), Span(_DEMANDS.get(str(each), str(each)), "bold yellow"), hang=2)
        for each in payload.get("demands", ())
    ]
    hidden = [line("ask", Span(f"  {_HIDDEN}", "bold red"), hang=2)] if holds_hidden(title + detail) else []
    return [head, *why, *wants, *hidden, *_paths(title, payload.get("paths", ())), *shown]


def _paths(title: str, paths: list[Any]) -> list[Line]:
    """The files it really touches: where the title says less than the whole path."""
    named = [str(path) for path in paths]
    if not named or (len(named) == 1 and title.endswith(named[0])):
        return []
    lines = [line("ask", Span("    "), Span(exact_line(path), "dim"), hang=4) for path in named[:PATHS]]
    more = len(named) - PATHS
    return [*lines, line("ask", Span(f"    … and {more} more files", "bold yellow"))] if more > 0 else lines


def _contract(event: Event, payload: Payload) -> list[Line]:
    if not payload.get("goal") and not payload.get("answers"):
        return [line("head", Span("no contract any more: questions wait for you", "dim"))]
    answers: dict[str, list[str]] = {}
    for each in payload.get("answers", ()):
        answers.setdefault(str(each.get("action", "")), []).append(str(each.get("risk", "")))
    said = [f"{name} {', '.join(answers[name])}" for name in ("allow", "deny") if name in answers]
    stops = [f"stops {each}" for each in payload.get("stop", ())]
    text = "; ".join([*said, *stops]) or "asks about everything"
    return [line("head", Span("contract ", "bold"), Span(text, "dim"), hang=2)]


def _trust(event: Event, payload: Payload) -> list[Line]:
    if payload.get("trusted"):
        return []
    text = "the project's settings changed since you trusted them, so they only tighten now; `cairn trust` shows them"
    return [line("work", Span("  ! ", "yellow"), Span(text, "yellow"), hang=4)]


def _revoked(event: Event, payload: Payload) -> list[Line]:
    what = f"{payload.get('tool', '')} {payload.get('pattern', '')}".strip()
    if what == "* *":
        return [line("work", Span("  · nothing that was allowed elsewhere is allowed here", "dim"))]
    return [line("work", Span("  · not allowed any more: ", "dim"), Span(what, "dim", True))]


TELLERS: dict[str, Callable[[Event, Payload], list[Line]]] = {
    "contract.set": _contract,
    "trust.changed": _trust,
    "permission.revoked": _revoked,
}
"""Of gate.decided nothing is told: the question, or the result, says it."""
