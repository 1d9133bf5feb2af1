"""Takes a conversation back: the events that make a session go on from an earlier place. The log keeps everything."""

import asyncio
import time
from dataclasses import replace

from cairn_memory.events import CheckpointWritten, Event, Payload, TaskChanged
from cairn_memory.memory import Memory
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.course import PAGE, Leg, legs
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.made import from_facts
from cairn_memory.tasks import Task, read_tasks, task_lines

BACK = "taken back with the work on it"


async def facts_at(memory: Memory, parts: list[Leg]) -> tuple[Facts, CheckpointWritten | None]:
    """What these parts of a course say, and the newest checkpoint in them. Raises StoreError."""
    facts, newest = Facts(), None
    for leg in parts:
        since = 0
        while page := await memory.log.read(since, session=leg.session, limit=PAGE, until=leg.end):
            since = page[-1].seq
            standing = [event for event in page if leg.course.stands(event.seq)]
            await asyncio.to_thread(_take, facts, standing)
            written = [event.payload for event in standing if isinstance(event.payload, CheckpointWritten)]
            newest = written[-1] if written else newest
    return facts, newest


async def checkpoint_at(
    memory: Memory, session: str, end: int, number: int
) -> tuple[CheckpointWritten, Checkpoint]:
    """The event of a checkpoint of `session` as it stood after event `end`, with that number. Raises StoreError."""
    facts, newest = await facts_at(memory, await legs(memory.log, session, end))
    before = memory.checkpoint(newest)
    tasks = await read_tasks(memory.log, end)
    made = from_facts(facts, task_lines(tasks), before, int(time.time() * 1_000))
    made = made.model_copy(update={"number": number})
    data = await asyncio.to_thread(memory.blobs.put, made.model_dump_json().encode())
    return CheckpointWritten(number=number, covers=made.covers, data=data, judged=made.judged), made


async def highest_checkpoint(memory: Memory, session: str) -> CheckpointWritten | None:
    """The one written last, whether it counts or not. Raises StoreError."""
    event = await memory.newest_checkpoint(session)
    return event.payload if event and isinstance(event.payload, CheckpointWritten) else None


async def tasks_back(memory: Memory, session: str, end: int) -> list[Payload]:
    """The events that put the tasks which `session` changed after `end` back to how they stood. Raises StoreError."""
    later = await memory.log.read(end, session=session, kinds=(TaskChanged.kind,), limit=10_000)
    touched = [event.payload.task for event in later if isinstance(event.payload, TaskChanged)]
    if not touched:
        return []
    then = await read_tasks(memory.log, end)
    events: list[Payload] = []
    for number in dict.fromkeys(touched):
        now, before = memory.tasks.get(number), then.get(number)
        if now is None or now.session != session or now.by == "user":
            continue  # somebody else went on with it
        wanted = before or replace(now, state="abandoned", note=BACK, evidence=())
        if replace(wanted, changed=now.changed, by=now.by, session=now.session, created=now.created) == now:
            continue
        events.append(_as_event(wanted))
    return events


def _as_event(task: Task) -> TaskChanged:
    return TaskChanged(
        task=task.id,
        title=task.title,
        state=task.state,
        needs=task.needs,
        criteria=task.criteria,
        evidence=task.evidence,
        note=task.note,
        by="code",
    )


def _take(facts: Facts, events: list[Event]) -> None:
    for event in events:
        facts.apply(event)
