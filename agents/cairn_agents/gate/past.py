"""The past calls that a pattern would have let run unasked: what a person sees before it is allowed for good."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from cairn_agents.gate.permission import Gate
from cairn_agents.tools.base import Arguments, Demand, Kind, Plan
from cairn_memory.events import Event, ModelReplied, ToolCall, ToolFinished
from cairn_memory.log import EventLog
from cairn_memory.sessions import SessionFold

EVENTS = 6_000
"""Newest replies and results that are looked through."""
DISTINCT = 500
"""Different calls that are judged, newest first: so a person waits no second for it."""
_DEMANDS: tuple[Demand, ...] = ("network", "unsandboxed")
_KINDS = (ModelReplied.kind, ToolFinished.kind)


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call, told once however often it was made: `times` counts it. `event` is the newest reply that asked for it."""

    what: str
    session: str
    event: int
    time: int
    times: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Past:
    """Those that would have run unasked, newest first, of the `looked` different calls that were judged."""

    calls: tuple[PastCall, ...]
    looked: int


async def read_past(log: EventLog) -> list[Event]:
    """The newest replies and results of all sessions. Raises StoreError."""
    return await log.read(kinds=_KINDS, limit=EVENTS, newest=True)


def past_calls(events: Iterable[Event], tool: str, kind: Kind, pattern: str, root: Path) -> Past:
    """Judges each different call of `tool` in `events` with and without the grant. Blocking, up to a second."""
    calls = _calls(events, tool)
    gate, bare = Gate(()), SessionFold("", root=str(root))
    granted = replace(bare, grants={f"{tool} {pattern}"})
    matched: list[PastCall] = []
    for arguments, call in list(calls.items())[:DISTINCT]:
        plan = _plan(tool, arguments, root)
        if plan is None:
            continue
        if (
            gate.judge(tool, kind, plan, bare).action == "ask"
            and gate.judge(tool, kind, plan, granted).action == "allow"
        ):
            matched.append(replace(call, what=plan.title))
    return Past(tuple(matched), min(len(calls), DISTINCT))


def _calls(events: Iterable[Event], tool: str) -> dict[str, PastCall]:
    """Each different call by its arguments, newest first."""
    found: dict[str, PastCall] = {}
    asked: dict[tuple[str, str], ToolCall] = {}
    for event in events:
        match event.payload:
            case ModelReplied(calls=calls):
                for call in calls:
                    if call.name != tool:
                        continue
                    before = found.pop(call.arguments, None)
                    times = before.times + 1 if before else 1
                    asked[event.session, call.id] = call
                    found[call.arguments] = PastCall("", event.session, event.seq, event.time, times, "")
            case ToolFinished() as finished:
                call = asked.pop((event.session, finished.call), None)
                if call is not None and call.arguments in found:
                    found[call.arguments] = replace(found[call.arguments], outcome=finished.outcome)
            case _:
                pass
    return dict(reversed(found.items()))


def _plan(tool: str, arguments: str, root: Path) -> Plan[Arguments] | None:
    """What the call was about, as far as its arguments say; None when they say nothing."""
    try:
        found = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    given = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    command, path = given.get("command"), given.get("path")
    if isinstance(command, str) and command.strip():
        demands: tuple[Demand, ...] = tuple(name for name in _DEMANDS if given.get(name) is True)
        return Plan("", Arguments(), command, command=command, demands=demands)
    if isinstance(path, str) and path:
        return Plan("", Arguments(), path, paths=(root / path,))
    return None
