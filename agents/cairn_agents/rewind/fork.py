"""Another session that goes on from a place in this one: it knows what was known there, and has a log and a goal of its own."""

from dataclasses import dataclass

from cairn_agents.info import RunInfo
from cairn_agents.rewind.conversation import checkpoint_at
from cairn_agents.rewind.target import find
from cairn_agents.session import Session
from cairn_memory.events import CheckpointWritten, Payload, SessionForked
from cairn_memory.memory import Memory
from cairn_memory.recall.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a new session comes from: session `source`, as it stood after event `event`."""

    source: RunInfo
    event: int
    written: CheckpointWritten
    made: Checkpoint

    @property
    def events(self) -> tuple[Payload, ...]:
        """What a session that begins so has in its log behind its first event."""
        forked = SessionForked(source=self.source.session, event=self.event, checkpoint=self.written.number)
        return (forked, self.written)

    def prepare(self, session: Session) -> None:
        """Its checkpoints go on from that one; its first window is made of it by the loop."""
        session.checkpoints.newest = self.made


async def fork_at(memory: Memory, source: RunInfo, place: str) -> Fork:
    """What begins at `place` of `source` (s12, c3, e123, T1.2). Raises RunError, StoreError."""
    target = await find(memory.log, source.session, place)
    written, made = await checkpoint_at(memory, source.session, target.event, 1)
    return Fork(source, target.event, written, made)
