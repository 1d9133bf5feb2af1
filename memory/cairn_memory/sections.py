"""What of the memory can be searched besides the log: claims, tasks, and the newest checkpoints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cairn_memory.claims import Claim
from cairn_memory.errors import StoreError
from cairn_memory.events import CheckpointWritten
from cairn_memory.search.sections import Section
from cairn_memory.tasks import Task, task_line

if TYPE_CHECKING:
    from cairn_memory.memory import Memory

SESSIONS = 200
"""Sessions whose newest checkpoint can be searched."""


class MemorySections:
    """Asked before each search: what did not change is not read again."""

    def __init__(self, memory: "Memory") -> None:
        self._memory = memory
        self._checkpoints: dict[str, tuple[str, tuple[Section, ...]]] = {}

    async def __call__(self) -> Sequence[Section]:
        try:
            claims = [_of_claim(claim) for claim in await self._memory.claims.all()]
        except StoreError:
            claims = []
        tasks = [_of_task(task) for task in self._memory.tasks.order()]
        return [*claims, *tasks, *await self._of_checkpoints()]

    async def _of_checkpoints(self) -> list[Section]:
        newest = await self._memory.log.newest_of_each(CheckpointWritten.kind)
        chosen = sorted(newest.values(), key=lambda event: -event.seq)[:SESSIONS]
        found: dict[str, tuple[str, tuple[Section, ...]]] = {}
        for event in chosen:
            written = event.payload
            if not isinstance(written, CheckpointWritten):
                continue
            known = self._checkpoints.get(event.session)
            if known is None or known[0] != written.data.digest:
                known = written.data.digest, self._read(event.session, event.seq, event.time, written)
            found[event.session] = known
        self._checkpoints = found
        return [section for _, sections in found.values() for section in sections]

    def _read(self, session: str, seq: int, time: int, written: CheckpointWritten) -> tuple[Section, ...]:
        checkpoint = self._memory.checkpoint(written)
        if checkpoint is None:
            return ()
        return tuple(
            Section(
                ref=f"{session}/checkpoint.md#{name}",
                kind="checkpoint",
                heading=name,
                text="\n".join(item.text for item in items),
                session=session,
                event=seq,
                time=time,
            )
            for name, items in checkpoint.sections.items()
            if items
        )


def _of_claim(claim: Claim) -> Section:
    return Section(
        ref=claim.id,
        kind="claim",
        heading=claim.about,
        text=claim.text,
        session=claim.session,
        time=claim.time,
    )


def _of_task(task: Task) -> Section:
    text = "\n".join((task_line(task), *task.criteria, task.note))
    return Section(
        ref=task.id, kind="task", heading=task.id, text=text, session=task.session, time=task.changed
    )
