"""Why a call was let through, asked about or refused: the decision behind any event of it, and what would change it."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    GateDecided,
    ModelReplied,
    Payload,
    PermissionGranted,
    ToolFinished,
    ToolStarted,
)
from cairn_memory.log import EventLog

KINDS = (
    GateDecided.kind, ToolStarted.kind, ToolFinished.kind, ApprovalRequested.kind, ApprovalAnswered.kind,
    PermissionGranted.kind, ModelReplied.kind,
)  # fmt: skip
_PAGE = 2_000
P = TypeVar("P", bound=Payload)
_RULE = re.compile(r"^(allow|ask|deny) (\S+) (.*) \((.*)\)$", re.DOTALL)
_CALL = re.compile(r"^(\d+)\.(\d+)$")
_TABLE = re.compile(r"^\s*\[\[?([^\]]*)\]")


class WhyError(Exception):
    """The user is told in one line: what was asked, what was found, what to ask instead."""


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that is known of the decision on one call. Numbers of events are 0 where there is none.

    `where` says where the rule stands; `change` what would have another outcome, a line each.
    """

    session: str
    call: str
    decision: GateDecided
    event: int = 0
    where: str = ""
    asked: int = 0
    answered: int = 0
    answer: ApprovalAnswered | None = None
    outcome: str = ""
    finished: int = 0
    change: tuple[str, ...] = ()


async def why(log: EventLog, session: str, event: int = 0, call: str = "", files: Iterable[Path] = ()) -> Why:
    """The decision behind `event`, or behind the `call` (`3.0`: step and place, or its id) of a session.

    `files` are those in which rules may stand. Raises WhyError, StoreError.
    """
    events = await _events(log, session)
    found = _the_call(events, session, event, call)
    decision = _newest(found, GateDecided)
    started = _newest(found, ToolStarted)
    finished, asked = _newest(found, ToolFinished), _newest(found, ApprovalRequested)
    answer = _answer(events, asked)
    known = decision[1] if decision else _from_start(started, found)
    if known is None:
        raise WhyError(f"no decision is known of {call or f'e{event}'}: the call never came before the gate")
    where = _place(known.rule, files, events)
    return Why(
        session=session,
        call=known.call,
        decision=known,
        event=decision[0] if decision else started[0] if started else 0,
        where=where,
        asked=asked[0] if asked else 0,
        answered=answer[0] if answer else 0,
        answer=answer[1] if answer else None,
        outcome=finished[1].outcome if finished else "",
        finished=finished[0] if finished else 0,
        change=tuple(_change(known, where, answer[1] if answer else None)),
    )


async def _events(log: EventLog, session: str) -> list[Event]:
    events: list[Event] = []
    since = 0
    while page := await log.read(since, session=session, kinds=KINDS, limit=_PAGE):
        events += page
        since = page[-1].seq
    return events


def _the_call(events: Sequence[Event], session: str, number: int, call: str) -> list[Event]:
    """The events of one call. Providers use ids again: what counts lies between two replies."""
    at, id = _by_name(events, session, call) if call else _by_event(events, session, number)
    begin = max((index for index in range(at + 1) if _is_reply(events[index])), default=0)
    end = next((index for index in range(at + 1, len(events)) if _is_reply(events[index])), len(events))
    return [each for each in events[begin:end] if _call_of(each.payload) == id]


def _by_name(events: Sequence[Event], session: str, call: str) -> tuple[int, str]:
    place = _CALL.fullmatch(call)
    for index in range(len(events) - 1, -1, -1):
        payload = events[index].payload
        if not isinstance(payload, ModelReplied):
            continue
        if place and payload.step == int(place[1]) and int(place[2]) < len(payload.calls):
            return index, payload.calls[int(place[2])].id
        if any(each.id == call for each in payload.calls):
            return index, call
    raise WhyError(
        f"session {session} has no call {call!r}; say STEP.PLACE as in 3.0, or an event number as in e123"
    )


def _by_event(events: Sequence[Event], session: str, number: int) -> tuple[int, str]:
    for index, event in enumerate(events):
        if event.seq != number:
            continue
        payload = event.payload
        if isinstance(payload, ApprovalAnswered):
            return _by_approval(events, index, payload.id)
        if isinstance(payload, ModelReplied) and payload.calls:
            return index, payload.calls[0].id
        if id := _call_of(payload):
            return index, id
    raise WhyError(f"e{number} is about no call; `cairn show {session} --json` lists the events of its calls")


def _by_approval(events: Sequence[Event], index: int, approval: str) -> tuple[int, str]:
    for at in range(index, -1, -1):
        payload = events[at].payload
        if isinstance(payload, ApprovalRequested) and payload.id == approval:
            return at, payload.call
    raise WhyError(f"e{events[index].seq} answers a question that is not in the log")


def _is_reply(event: Event) -> bool:
    return event.kind == ModelReplied.kind


def _call_of(payload: Payload) -> str:
    known = (GateDecided, ToolStarted, ToolFinished, ApprovalRequested)
    return payload.call if isinstance(payload, known) else ""


def _newest(events: Sequence[Event], kind: type[P]) -> tuple[int, P] | None:
    for event in reversed(events):
        if isinstance(event.payload, kind):
            return event.seq, event.payload
    return None


def _answer(
    events: Sequence[Event], asked: tuple[int, ApprovalRequested] | None
) -> tuple[int, ApprovalAnswered] | None:
    if asked is None:
        return None
    for event in events:
        payload = event.payload
        if event.seq > asked[0] and isinstance(payload, ApprovalAnswered) and payload.id == asked[1].id:
            return event.seq, payload
    return None


def _from_start(started: tuple[int, ToolStarted] | None, events: Sequence[Event]) -> GateDecided | None:
    """The decision on a read that nothing spoke against, which has no event of its own."""
    if started is None:
        return None
    event = started[1]
    return GateDecided(
        step=event.step, call=event.call, name=event.name, action="allow", risk="read", rule=event.rule, subject=event.title
    )  # fmt: skip


# --- where a rule stands ----------------------------------------------------------------------


def _place(rule: str, files: Iterable[Path], events: Sequence[Event]) -> str:
    """Where the rule stands: a file and its line, the event of a grant, the built-in table; "" when it is no rule."""
    if rule.startswith("granted: "):
        return _granted(rule.removeprefix("granted: "), events)
    parts = _RULE.match(rule)
    if parts is None:
        return ""
    action, tool, match, origin = parts.groups()
    name = origin.removesuffix(", trusted")
    for path in files:
        if path.name == Path(name).name and str(path).endswith(name.removeprefix("~")):
            line = _line_of(path, {"tool": tool, "match": match, "action": action})
            return f"{path}:{line}" if line else f"{path}, though it stands there no more"
    return origin


def _granted(grant: str, events: Sequence[Event]) -> str:
    for event in reversed(events):
        payload = event.payload
        if isinstance(payload, PermissionGranted) and f"{payload.tool} {payload.pattern}" == grant:
            scope = "for good" if payload.scope == "workspace" else "for this session"
            return f"e{event.seq}: allowed {scope} by {payload.by or 'the user'}"
    return ""


def _line_of(path: Path, rule: dict[str, str]) -> int:
    """The line at which the `[[rules]]` table of this rule begins; 0 when it is not there."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    begins = [number for number, line in enumerate(lines) if _TABLE.match(line)] + [len(lines)]
    for begin, end in pairwise(begins):
        if (found := _TABLE.match(lines[begin])) and found[1].strip() == "rules":
            block = _parsed("\n".join(lines[begin + 1 : end]))
            if {"match": "*", **block} == rule:
                return begin + 1
    return next(
        (n for n, line in enumerate(lines, 1) if f'"{rule["match"]}"' in line and "action" in line), 0
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


# --- what would change it ---------------------------------------------------------------------


def _change(decision: GateDecided, where: str, answer: ApprovalAnswered | None) -> list[str]:
    rule = decision.rule
    if rule.startswith("mode "):
        return ["a run in build mode: plan mode changes nothing, whatever the rules say"]
    if rule.startswith("granted: "):
        return [f"`cairn grants revoke {rule.removeprefix('granted: ')!r}` takes it back"]
    if rule == "--yes":
        return ["a run without --yes asks"]
    lines: list[str] = []
    if _RULE.match(rule) and "built-in" not in where:
        lines.append(f"the rule at {where}: change it, or add one behind it that matches; the last one wins")
    if answer is not None and answer.by == "contract":
        lines.append(f"the contract of the run: its answer to the class {decision.risk}")
    if decision.action == "ask":
        lines.append(_to_allow(decision))
    elif decision.action == "deny" and not lines:
        lines.append("nothing that an agent or an answer can do; do it yourself if it must be done")
    elif decision.action == "allow" and not lines:
        lines.append(f'a rule in your config.toml: tool = "{decision.name}", action = "ask" or "deny"')
    return lines


def _to_allow(decision: GateDecided) -> str:
    if decision.risk in ("destructive", "protected"):
        return f"what is {decision.risk} is asked each time; only a rule of your own config.toml can allow it"
    return f'an answer for the session or for good, or a rule in your config.toml: tool = "{decision.name}", action = "allow"'
