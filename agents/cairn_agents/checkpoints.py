"""The checkpoints of one session, made beside the loop: one at a time, the newest wins."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cairn_agents.roles.evidence import LoggedEvidence
from cairn_agents.roles.writer import Judged, Writer
from cairn_agents.window import Prefix
from cairn_memory.errors import StoreError
from cairn_memory.events import CheckpointWritten, Event, Payload, UserMessage
from cairn_memory.memory import Memory
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.compose import Composed, compose
from cairn_memory.recall.course import Reading, newest
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.made import from_facts, with_judgement

logger = logging.getLogger(__name__)

EVIDENCE = 4_000
"""Newest events of the session that a judgement is checked against, and may cite."""

AGENT = "writer"
"""Whose events these are in the log."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the writer is asked about: the window as it is at this moment, of which a request may have `limit` tokens."""

    writer: Writer
    prefix: Prefix
    limit: int


Tell = Callable[[Payload], None]
"""Takes an event that was stored into the session's fold."""

Look = Callable[[], Awaitable[Payload | None]]
"""Looks at the session's work tree: an event when it is other than at the last look."""


async def _no_look() -> None:
    """Of a session that nobody works on the work tree is not looked at."""


@dataclass
class Checkpoints:
    """Lives as long as somebody works on the session or a checkpoint is being written: an interrupt does not end it."""

    session: str
    memory: Memory
    newest: Checkpoint | None
    tell: Tell = lambda payload: None
    look: Look = _no_look
    record: Look = _no_look
    """Records the state of the session's work tree."""
    facts: Facts = field(default_factory=Facts)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _task: "asyncio.Task[None] | None" = None
    _judged_to: int = 0
    _pages: "set[asyncio.Task[None]]" = field(default_factory=set["asyncio.Task[None]"])
    _wanted: bool = False
    """Whether another one is to follow, and what the writer is asked for it."""
    _next: Ask | None = None
    _waited: float = 0.0
    """Seconds that the run has waited for the one that is being written now."""
    _looking: "asyncio.Task[None] | None" = None
    _reading: Reading | None = None

    @property
    def busy(self) -> bool:
        """Whether a checkpoint is being written."""
        return self._task is not None and not self._task.done()

    def begin(self, ask: Ask | None) -> None:
        """Writes a checkpoint beside the loop. While one is being written only the last that was wanted comes next."""
        if self.busy:
            self._wanted, self._next = True, ask or self._next
            return
        self._waited = 0.0
        self._task = asyncio.create_task(self._write(ask), name=f"checkpoint of {self.session}")

    def when_idle(self, then: Callable[[], None]) -> None:
        """Calls `then` once nothing is being written, at once when nothing is."""
        if self._task is not None and self.busy:
            self._task.add_done_callback(lambda task: then())
        else:
            then()

    async def settle(self, seconds: float) -> None:
        """Waits so long, in all, for the one that is being written; it goes on if it takes longer."""
        if self._task is None or not self.busy or self._waited >= seconds:
            return
        begun, since = self._waited, time.monotonic()
        await asyncio.wait([self._task], timeout=seconds - begun)
        self._waited = begun + time.monotonic() - since

    async def shown(self) -> None:
        """Returns when checkpoint.md tells of the newest one."""
        if self._pages:
            await asyncio.wait(set(self._pages))

    async def by_code(self) -> Checkpoint:
        """A checkpoint of everything up to now, made by code alone on top of the judgement there is. Raises StoreError."""
        return await self._store(None)

    async def catch_up(self) -> Facts:
        """The facts of all events that are durable now."""
        async with self._lock:
            self._reading = self._reading or Reading(self.memory.log, self.session)
            while page := await self._reading.page():
                await asyncio.to_thread(self._take, page)
            return self.facts

    async def compose(self, checkpoint: Checkpoint, budget: int) -> Composed:
        """The text of a new window from what is known by now, within `budget` tokens."""
        async with self._lock:
            material = await self.memory.material(self.facts, checkpoint)
            return await asyncio.to_thread(compose, material, budget)

    async def close(self) -> None:
        """Ends what is being written: what it knows by then is lost, the last checkpoint stands."""
        self._wanted, self._next = False, None
        for task in (self._task, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._pages:
            await asyncio.wait(self._pages)

    async def _write(self, ask: Ask | None) -> None:
        """One checkpoint, then the one that was wanted meanwhile. Whatever goes wrong, the run goes on."""
        try:
            await self._store(await self._judged(ask) if ask else None)
        except StoreError as error:
            logger.error("no checkpoint of session %s: %s", self.session, error)
        except Exception:
            logger.exception("no checkpoint of session %s", self.session)
        finally:
            wanted, ask = self._wanted, self._next
            self._wanted, self._next = False, None
        if wanted:
            self._waited = 0.0
            await self._write(ask)

    async def _judged(self, ask: Ask) -> Judged:
        """What the writer says, checked against the log. Its requests are in the log whatever came of them."""
        facts = await self.catch_up()
        log = self.memory.log
        last = await newest(log, self.session, EVIDENCE)
        orders = await log.read(session=self.session, kinds=(UserMessage.kind,), newest=True, limit=EVIDENCE)
        events = [*(event for event in orders if event.seq < last[0].seq), *last] if last else []
        tasks = [task.id for task in self.memory.tasks.order()]
        evidence = LoggedEvidence(events, Path(facts.root), tasks, facts.work.files)
        since = [event for event in events if event.seq > self._judged_to]
        judged = await ask.writer.write(ask.prefix, ask.limit, since, self.newest, evidence)
        for event in judged.events:
            await self._append(event)
        if judged.judged and events:
            self._judged_to = events[-1].seq
        return judged

    async def _store(self, judgement: Judged | None) -> Checkpoint:
        """Facts up to now, the judgement so far and what is new of it: durable with one event."""
        begun, said = time.monotonic(), judgement or Judged()
        await self.memory.pages.take_notes(self.session)
        facts = await self.catch_up()
        async with self._lock:
            seen, self.newest = self.newest, await self.memory.pages.edited(self.session, self.newest)
            made = await asyncio.to_thread(self._made, facts, judgement)
            data = await asyncio.to_thread(self.memory.blobs.put, made.model_dump_json().encode())
            await self._append(
                CheckpointWritten(
                    number=made.number,
                    covers=made.covers,
                    data=data,
                    judged=made.judged,
                    notes=tuple(event for item in made.items("notes") for event in item.events),
                    dropped=said.dropped,
                    problem=said.problem,
                    usage=said.usage,
                    cost=said.cost,
                    ms=round((time.monotonic() - begun) * 1_000),
                )
            )
            self.newest = made
        page = asyncio.create_task(self.memory.pages.show(self.session, made, seen))
        self._pages.add(page)
        page.add_done_callback(self._pages.discard)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name=f"work tree of {self.session}")
        return made

    async def _look(self) -> None:
        """What a checkpoint is of is also the work tree; the run waits for neither."""
        try:
            for look in (self.look, self.record):
                if seen := await look():
                    self.tell(seen)  # before it is durable, so that nobody else says the same
                    await self.memory.log.append(self.session, seen, agent=AGENT)
        except StoreError as error:
            logger.error("the work tree of session %s: %s", self.session, error)

    def _made(self, facts: Facts, judgement: Judged | None) -> Checkpoint:
        made = from_facts(facts, self.memory.task_lines(), self.newest, int(time.time() * 1_000))
        return with_judgement(made, judgement.deltas) if judgement and judgement.judged else made

    async def _append(self, payload: Payload) -> None:
        (event,) = await self.memory.log.append(self.session, payload, agent=AGENT)
        self.tell(event.payload)

    def _take(self, page: "list[Event]") -> None:
        for event in page:
            self.facts.apply(event)
