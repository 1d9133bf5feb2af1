"""What a person means by `s12`, `c3`, `e123`, `T1.2` or `start`: a place in a session's log, always between two steps."""

import re
from dataclasses import dataclass

from cairn_agents.outfit import RunError
from cairn_memory.events import (
    CheckpointWritten,
    Event,
    ModelReplied,
    ModelRequested,
    TaskChanged,
    ToolFinished,
)
from cairn_memory.log import EventLog

KINDS = tuple(
    kind.kind for kind in (ModelRequested, ModelReplied, ToolFinished, CheckpointWritten, TaskChanged)
)
PAGE = 2_000
_STEP = re.compile(r"s?(\d{1,9})")
_CHECKPOINT = re.compile(r"c(\d{1,9})")
_EVENT = re.compile(r"e(\d{1,15})")
_TASK = re.compile(r"T\d+(?:\.\d+)*")

WAYS = "give a step (s12), a checkpoint (c3), an event (e123), a task (T1.2) or start"


@dataclass(frozen=True, slots=True)
class Target:
    """The state after event `event`. `words` say it to a person, `step` is the first step after it (0: none came).

    `end` is the last event of what was named, for one step or one task; 0 where everything since is meant.
    """

    event: int
    words: str
    step: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """A step's first request, and its last event so far; `whole` when no call of it is open."""

    number: int
    asked: int
    last: int
    whole: bool


async def find(log: EventLog, session: str, text: str) -> Target:
    """The place that `text` names in `session`. Raises RunError, StoreError."""
    events = await _read(log, session)
    steps = _steps(events)
    text = text.strip()
    if text == "start":
        first = steps[0] if steps else None
        return Target(first.asked - 1 if first else log.last_seq, "the start", first.number if first else 0)
    if found := _STEP.fullmatch(text):
        return _of_step(steps, int(found[1]), session)
    if found := _CHECKPOINT.fullmatch(text):
        return _between(steps, _of_checkpoint(events, int(found[1]), session), f"checkpoint c{found[1]}")
    if found := _EVENT.fullmatch(text):
        if not 0 < int(found[1]) <= log.last_seq:
            raise RunError(f"there is no event e{found[1]}; they go up to e{log.last_seq}")
        return _between(steps, int(found[1]), f"event e{found[1]}")
    if _TASK.fullmatch(text):
        return _of_task(events, steps, text, session)
    raise RunError(f"{text[:40]!r} is no place in session {session}; {WAYS}")


def _of_step(steps: list[_Step], number: int, session: str) -> Target:
    found = next((step for step in steps if step.number == number), None)
    if found is None:
        there = f"its steps are {steps[0].number} to {steps[-1].number}" if steps else "it has none yet"
        raise RunError(f"session {session} has no step {number}: {there}")
    return Target(found.asked - 1, f"step {number}", number, found.last)


def _of_checkpoint(events: list[Event], number: int, session: str) -> int:
    written = [event.payload for event in events if isinstance(event.payload, CheckpointWritten)]
    found = next((each for each in written[::-1] if each.number == number), None)
    if found is None:
        there = f"they go up to c{max(each.number for each in written)}" if written else "it has none yet"
        raise RunError(
            f"session {session} has no checkpoint c{number}: {there}; `cairn checkpoints` lists them"
        )
    return found.covers


def _of_task(events: list[Event], steps: list[_Step], task: str, session: str) -> Target:
    """From the step that began it to the one that ended it."""
    changes = [
        (event.seq, event.payload)
        for event in events
        if isinstance(event.payload, TaskChanged) and event.payload.task == task
    ]
    begun = next((seq for seq, change in changes if change.state == "in progress"), 0)
    if not begun:
        raise RunError(f"session {session} did not begin task {task}; `cairn tasks` lists them")
    ended = next((seq for seq, change in changes if seq > begun and change.state in ("done", "abandoned")), 0)
    place = _between(steps, begun - 1, f"task {task}")
    last = next((step.last for step in steps if step.asked <= ended <= step.last), ended)
    return Target(place.event, place.words, place.step, last)


def _between(steps: list[_Step], event: int, words: str) -> Target:
    """The same place, or the one before the step that it lies in the middle of."""
    around = [step for step in steps if step.asked <= event]
    if around and (event < around[-1].last or not around[-1].whole):
        step = around[-1]
        return Target(step.asked - 1, f"{words} (in step {step.number}: before it)", step.number)
    following = next((step.number for step in steps if step.asked > event), 0)
    return Target(event, words, following)


async def _read(log: EventLog, session: str) -> list[Event]:
    events: list[Event] = []
    while page := await log.read(events[-1].seq if events else 0, session=session, kinds=KINDS, limit=PAGE):
        events += page
    return events


def _steps(events: list[Event]) -> list[_Step]:
    """All steps; of one that was asked for anew after a rewind or a failure its newest request counts."""
    found: dict[int, _Step] = {}
    asked = 0
    waiting: set[str] = set()
    number = 0
    for event in events:
        match event.payload:
            case ModelRequested(attempt=1):
                asked = event.seq
            case ModelReplied() as reply:
                number = reply.step
                waiting = {call.id for call in reply.calls}
                found[number] = _Step(number, asked or event.seq, event.seq, not waiting)
            case ToolFinished() as done if number in found and done.step == number:
                waiting.discard(done.call)
                found[number] = _Step(number, found[number].asked, event.seq, not waiting)
            case _:
                pass
    return [found[each] for each in sorted(found)]
