"""Records the state of a session's work tree around what its agent does, beside the loop as far as that goes."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn_memory.errors import StoreError
from cairn_memory.events import SnapshotTaken
from cairn_memory.snapshots import Snapshot, WorkTree

logger = logging.getLogger(__name__)

FRESH = 0.3
"""Seconds for which a state counts as the one right before a call."""
PATIENCE = 10.0
"""Seconds that the first change waits for the first state of a large work tree."""
TOLD_AFTER = 0.7
"""Seconds of waiting after which it is shown."""
REST_SECONDS = 5.0
"""That a session which comes to rest waits for the state it leaves."""

Emit = Callable[[SnapshotTaken], None]


@dataclass
class Recorder:
    """One for each time a session is taken up. `tree` is None where states are not recorded.

    A call that may change files waits for the state before it; the state after it is recorded while the model is
    asked, and told to the log then. A state that cannot be recorded holds up nothing: the log says so.
    """

    session: str
    tree: WorkTree | None
    show: Callable[[str], None] = lambda text: None
    why_not: str = ""
    """Why states are not recorded, for who asks."""
    recording: "set[asyncio.Task[Any]]" = field(default_factory=set["asyncio.Task[Any]"])
    """States that are being recorded, those of other recorders of the workspace too."""
    _task: "asyncio.Task[Snapshot | StoreError] | None" = None
    _at: float = 0.0
    _after: "set[asyncio.Task[None]]" = field(default_factory=set["asyncio.Task[None]"])
    _also: set[str] = field(default_factory=set[str])
    _open: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def expect(self) -> None:
        """A call that may change files is about to be looked at: begins to record the state before it."""
        if self.tree is not None and not self._is_fresh():
            self._begin()

    async def before(
        self, emit: Emit, step: int, call: str, path: Path | None = None, *, existed: bool = False
    ) -> None:
        """Returns when the state before `call` is recorded, or it takes too long. `path` is the only file it changes."""
        if self.tree is None:
            return
        await self._settled()
        relative = self._relative(path)
        unknown = relative and existed and not await self._covers(relative)
        if relative:
            self._also.add(relative)
        if unknown or not self._is_fresh():
            self._begin()
        emit(self._event(await self._state(PATIENCE), step, before=call))
        self._open.append((step, call))

    def after(self, emit: Emit, step: int, call: str, *, recovered: bool = False) -> None:
        """The call is over: the state after it is recorded beside the loop.

        One that a restart found done (`recovered`) was not seen to begin by this recorder.
        """
        if self.tree is None or not (recovered or (step, call) in self._open):
            return
        self._open = [each for each in self._open if each != (step, call)]
        self._begin()
        task = asyncio.create_task(self._tell(emit, step, call), name=f"state after {call}")
        self._after.add(task)
        task.add_done_callback(self._after.discard)

    async def rest(self, emit: Emit) -> None:
        """Returns when the states after all calls are told, those of calls that were cut off too."""
        for step, call in list(self._open):
            self.after(emit, step, call)
        if self._after:
            await asyncio.wait(set(self._after), timeout=REST_SECONDS)

    async def at_checkpoint(self) -> SnapshotTaken | None:
        """The state of the work tree at a checkpoint."""
        if self.tree is None:
            return None
        if not self._is_fresh():
            self._begin()
        return self._event(await self._state(REST_SECONDS), 0, reason="checkpoint")

    # --- one state ----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Records a state; one that is being recorded is of before this moment, and goes first."""
        earlier, tree, also = self._task, self.tree, tuple(sorted(self._also))
        assert tree is not None

        async def take() -> Snapshot | StoreError:
            if earlier is not None:
                await asyncio.wait([earlier])
            try:
                taken = await asyncio.to_thread(tree.take, self.session, also)
            except StoreError as error:
                logger.warning("the state of %s was not recorded: %s", tree.root, error)
                return error
            self._at = time.monotonic()
            return taken

        self._at = 0.0
        self._task = asyncio.create_task(take(), name=f"state of {tree.root}")
        self.recording.add(self._task)
        self._task.add_done_callback(self.recording.discard)

    def _is_fresh(self) -> bool:
        """Whether the newest state is being recorded, or was just now."""
        if self._task is None:
            return False
        return not self._task.done() or time.monotonic() - self._at < FRESH

    async def _state(self, seconds: float) -> Snapshot | StoreError | None:
        """The newest state; None when it takes longer."""
        task = self._task
        assert task is not None
        told = asyncio.get_running_loop().call_later(
            TOLD_AFTER, self.show, "recording the state of the work tree before the first change ...\n"
        )
        try:
            await asyncio.wait([task], timeout=seconds)
        finally:
            told.cancel()
        return task.result() if task.done() else None

    async def _settled(self) -> None:
        """Earlier calls' states come first in the log."""
        if self._after:
            await asyncio.wait(set(self._after), timeout=PATIENCE)

    async def _tell(self, emit: Emit, step: int, call: str) -> None:
        emit(self._event(await self._state(REST_SECONDS), step, after=call))

    def _event(
        self,
        state: Snapshot | StoreError | None,
        step: int,
        *,
        before: str = "",
        after: str = "",
        reason: str = "",
    ) -> SnapshotTaken:
        if isinstance(state, Snapshot):
            return SnapshotTaken(
                commit=state.commit,
                tree=state.tree,
                reason=reason,
                step=step,
                before=before,
                after=after,
                changed=state.changed,
                left_out=tuple(printable(line) for line in state.left_out),
                ms=state.ms,
            )
        why = str(state) if state else "it took too long"
        return SnapshotTaken(
            commit="", tree="", reason=reason, step=step, before=before, after=after, left_out=(why,)
        )

    async def _covers(self, path: str) -> bool:
        assert self.tree is not None
        if path in self._also:
            return True
        try:
            return await asyncio.to_thread(self.tree.covers, path)
        except StoreError:
            return True

    def _relative(self, path: Path | None) -> str:
        """The path as states have it; "" for one outside of the work tree, or in what is never recorded."""
        if path is None or self.tree is None:
            return ""
        try:
            parts = path.relative_to(self.tree.root).parts
        except ValueError:
            return ""
        return "" if ".git" in parts or parts[:2] == (".cairn", "local") else "/".join(parts)


def printable(path: str) -> str:
    """A path, or a line with one in it, as text that can be sent: bytes that are no UTF-8 are shown as marks."""
    return path.encode("utf-8", "replace").decode("utf-8")
