"""The checkpoints of every session that is worked on, or of which one is still being written."""

from collections.abc import Collection

from cairn_agents.checkpoints import Checkpoints
from cairn_agents.session import now_ms
from cairn_agents.worktree import look
from cairn_memory.events import CheckpointWritten, Event
from cairn_memory.memory import Memory
from cairn_memory.sessions import SessionFold


class AllCheckpoints:
    """One `Checkpoints` a session, the same for whoever takes the session up while a writer is at work.

    Its facts take memory, so it is let go of once the session rests and nothing is being written.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept: dict[str, Checkpoints] = {}

    def of(self, fold: SessionFold) -> Checkpoints:
        """For a session that is taken up: what is written from now on counts in `fold`."""
        kept = self._kept.get(fold.session)
        if kept is None:
            newest = self._memory.checkpoint(fold.checkpoint)
            kept = self._kept[fold.session] = Checkpoints(fold.session, self._memory, newest)
        kept.tell = lambda payload: fold.apply(payload, now_ms())
        kept.look = lambda: look(fold)
        return kept

    async def at_rest(self, session: str, newest: Event | None) -> None:
        """Makes one by code of a session that nobody works on; `newest` is the event of its last. Raises StoreError."""
        kept = self._kept.get(session)
        if kept is None:
            written = newest.payload if newest and isinstance(newest.payload, CheckpointWritten) else None
            kept = self._kept[session] = Checkpoints(session, self._memory, self._memory.checkpoint(written))
        try:
            await kept.by_code()
            await kept.shown()
        finally:
            self.rests(kept, ())

    def rests(self, kept: Checkpoints, working: Collection[str]) -> None:
        """Lets go of it once nothing is being written, unless its session is among those `working` by then."""

        def forget() -> None:
            if kept.session not in working and self._kept.get(kept.session) is kept:
                del self._kept[kept.session]

        kept.when_idle(forget)

    async def let_go(self, sessions: Collection[str] | None, working: Collection[str]) -> None:
        """Ends what is being written of `sessions` (None: of all) but those `working`, and forgets what is known of them."""
        for name in [each for each in self._kept if each not in working]:
            if sessions is None or name in sessions:
                await self._kept.pop(name).close()

    async def close(self) -> None:
        """Ends everything that is being written."""
        await self.let_go(None, ())
