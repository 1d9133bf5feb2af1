"""One conversation at work: what its events add up to, and what this process needs to go on with it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn_agents.checkpoints import Checkpoints
from cairn_agents.equipment import Equipment
from cairn_agents.guards.base import Rest, Verdict
from cairn_agents.model.reply import Reply
from cairn_agents.window import Window
from cairn_memory.bounds import REPLY, cut, whole_of
from cairn_memory.events import Event, GuardActed, HostMessage, ModelReplied, Payload
from cairn_memory.pages import SHOWN
from cairn_memory.redact import Masked, masked
from cairn_memory.sessions import SessionFold


@dataclass
class Session:
    """`emit` says what happened and takes it into fold and window at once; `commit` makes it durable.

    The rule that makes a kill harmless: nothing that has an effect is sent or run before
    the commit that covers it. One commit covers all that was emitted since the last.
    """

    id: str
    fold: SessionFold
    window: Window
    equipment: Equipment
    checkpoints: Checkpoints
    raw_arguments: dict[str, str] = field(default_factory=dict[str, str])
    """Call id -> arguments as they came, before masking. Memory only: a restart has the masked ones."""
    last_seq: int = 0
    """Number of its newest event that is durable and known to be, as of the last `commit`."""
    judged_at: int = 0
    """Tokens that the window held when the model was last asked for its judgement."""
    mark: int = 0
    """Counts what was emitted: who composes something from the events sees by it whether more came meanwhile."""
    rebuild_asked: bool = False
    """Whether somebody wants the window rebuilt before the next request, however full it is."""
    _outbox: list[Masked] = field(default_factory=list[Masked])
    _committing: "asyncio.Future[tuple[Event, ...]] | None" = None

    def emit(self, *payloads: Payload) -> None:
        """Takes events in, secrets masked. They are durable with the next `commit`."""
        for payload in payloads:
            safe = masked(payload, self.equipment.log.masker)
            self._outbox.append(Masked(safe))
            self.mark += 1
            now = now_ms()
            self.fold.apply(safe, now)
            self.window.apply(safe)
            self.checkpoints.memory.tasks.apply(safe, self.id, now)

    def begin_commit(self) -> None:
        """Sends what was emitted on its way to the log, unless something is; returns at once."""
        if self._outbox and self._committing is None:
            batch, self._outbox = self._outbox, []
            self._committing = asyncio.ensure_future(self.equipment.log.append(self.id, *batch))

    async def commit(self) -> None:
        """Returns when everything emitted so far is durable.

        Raises StoreError, then and ever after: the session must rest, nothing more of it is stored.
        """
        self.begin_commit()
        while (current := self._committing) is not None:
            events = await asyncio.shield(current)
            self.last_seq = max(self.last_seq, events[-1].seq)
            if self._committing is current:  # else somebody else who waited has gone on
                self._committing = None
                self._show(events)
                self.begin_commit()

    def _show(self, events: Sequence[Event]) -> None:
        """Has the pages that people read follow what is durable now."""
        memory = self.checkpoints.memory
        for event in events:
            if event.kind in SHOWN:
                memory.pages.follow(event.payload, self.id, memory.tasks)

    def record(self, reply: Reply) -> None:
        """Emits a reply with its cost and the totals up to it."""
        cost = self.equipment.prices.cost(reply.model or self.equipment.endpoint.model, reply.usage)
        text, whole = reply.text, None
        if len(text) > REPLY:
            text = self.equipment.log.masker.mask(text)
            whole = self.equipment.blobs.put(text.encode("utf-8", "replace"))
        self.raw_arguments = {call.id: whole_of(call.arguments) for call in reply.calls}
        self.emit(
            ModelReplied(
                step=self.fold.steps + 1,
                text=cut(text, REPLY),
                whole=whole,
                reasoning=reply.reasoning,
                calls=reply.calls,
                finish=reply.finish,
                model=reply.model,
                usage=reply.usage,
                cost=cost,
                totals=self.fold.totals + reply.usage,
                total_cost=self.fold.cost + cost,
                ms=reply.ms,
                first_token_ms=reply.first_token_ms,
            )
        )

    def act(self, verdict: Verdict, step: int) -> None:
        """Carries out what a guard wants. Raises Rest when it is to stop."""
        self.emit(
            GuardActed(
                guard=verdict.guard,
                action=verdict.action,
                reason=verdict.reason,
                step=step,
                count=verdict.count,
                left=verdict.left,
            )
        )
        if verdict.action == "nudge":
            self.emit(HostMessage(text=verdict.words))
        elif verdict.action == "stop":
            raise Rest(verdict.state, verdict.reason, verdict.guard)


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000
