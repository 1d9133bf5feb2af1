"""What a window would say that is rebuilt right after some event of a session: by the same code, and with no effect."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cairn_memory.events import (
    CheckpointWritten,
    Event,
    HostMessage,
    ModelReplied,
    ReceiptItem,
    ToolFinished,
    UserMessage,
)
from cairn_memory.memory import Memory, open_tasks
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.compose import Remembered, compose
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.made import from_facts
from cairn_memory.tasks import read_tasks, task_lines

PAGE = 500
IMPORTED = tuple(each.kind for each in (UserMessage, HostMessage, ModelReplied, ToolFinished))


class PreviewError(Exception):
    """Whoever asked is told in one line: there is nothing to preview."""


@dataclass(frozen=True, slots=True)
class Preview:
    """`text` takes `tokens` of the `budget`, by the larger estimate. `checkpoint` is the one in it, 0 for none."""

    at: int
    checkpoint: int
    text: str
    tokens: int
    budget: int
    items: tuple[ReceiptItem, ...]
    standing: str


async def preview(
    memory: Memory,
    session: str,
    tokens: int,
    *,
    at: int | None = None,
    line: int | None = None,
    facts_only: bool = False,
) -> Preview:
    """The window of `session` after event `at`, or after `line` of the file it was imported from; by default as it is now.

    The session is as it was then: what came later is not looked at. Rules and claims are those of today,
    but for claims that come from later events of the session. Raises PreviewError, StoreError.
    """
    end = await _event_of(memory, session, line) if line is not None else at
    then = await _read(memory, session, end)
    if not then.facts.last:
        where = f"line {line}" if line is not None else f"event e{at}"
        raise PreviewError(
            f"session {session} has nothing up to {where}; `cairn show {session} --json` has its events"
        )
    before = memory.checkpoint(then.checkpoint)
    if end is None:
        before = await memory.pages.edited(session, before)
    if facts_only and before is not None:
        before = without_judgement(before)
    tasks = await read_tasks(memory.log, end) if end is not None else memory.tasks
    made = from_facts(then.facts, task_lines(tasks), before, int(time.time() * 1_000))
    material = await memory.material(then.facts, made)
    material = replace(
        material,
        tasks=[task.text for task in open_tasks(tasks)],
        claims=await _earlier(memory, session, then.facts.last, material.claims),
    )
    composed = await asyncio.to_thread(compose, material, tokens)
    return Preview(
        at=then.facts.last,
        checkpoint=before.number if before else 0,
        text=memory.log.masker.mask(composed.text),
        tokens=composed.tokens,
        budget=tokens,
        items=composed.items,
        standing=composed.standing,
    )


def without_judgement(checkpoint: Checkpoint) -> Checkpoint:
    """The same with what code and people put there, and nothing of a model."""
    sections = {
        name: tuple(item for item in items if item.by != "writer")
        for name, items in checkpoint.sections.items()
    }
    return checkpoint.model_copy(update={"sections": sections, "judged": False})


@dataclass(slots=True)
class _Then:
    """The session as it was: its facts, and its newest checkpoint."""

    facts: Facts
    checkpoint: CheckpointWritten | None = None

    def take(self, events: list[Event]) -> None:
        for event in events:
            self.facts.apply(event)
            if isinstance(event.payload, CheckpointWritten):
                self.checkpoint = event.payload


async def _read(memory: Memory, session: str, end: int | None) -> _Then:
    """Everything up to event `end`."""
    then, since = _Then(Facts()), 0
    while page := await memory.log.read(since, session=session, limit=PAGE):
        since = page[-1].seq
        over = end is not None and since >= end
        await asyncio.to_thread(then.take, [event for event in page if end is None or event.seq <= end])
        if over:
            break
    return then


async def _event_of(memory: Memory, session: str, line: int) -> int:
    """The last event that was made of the imported file up to `line`, 0 for none."""
    since = found = 0
    while page := await memory.log.read(since, session=session, kinds=IMPORTED, limit=PAGE):
        since = page[-1].seq
        for event in page:
            said = event.payload
            if (
                not isinstance(said, UserMessage | HostMessage | ModelReplied | ToolFinished)
                or not said.origin
            ):
                continue
            if said.origin.line > line:
                return found
            found = event.seq
    return found


async def _earlier(memory: Memory, session: str, last: int, claims: Sequence[Remembered]) -> list[Remembered]:
    """Without the claims that come from events of `session` after `last`."""
    later = {
        claim.id
        for claim in await memory.claims.all()
        if claim.session == session and claim.sources and min(claim.sources) > last
    }
    return [claim for claim in claims if claim.ref not in later]
