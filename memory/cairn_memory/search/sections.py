"""What the memory files hand to the search: claims, sections of checkpoints, notes, tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a memory file. `ref` names it for a reader (c3fa9c2, T1.2, checkpoint.md#Decisions).

    `kind` says what it is (claim, checkpoint, task, note); `event` the event it stems from, 0 when there
    is none; `time` is Unix milliseconds, 0 when nobody knows.
    """

    ref: str
    kind: str
    heading: str
    text: str
    session: str = ""
    event: int = 0
    time: int = 0

    @property
    def digest(self) -> bytes:
        """Names what it says: another digest means that it must be read anew."""
        parts = (self.ref, self.kind, self.heading, self.text, self.session, str(self.event), str(self.time))
        return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


class Sections(Protocol):
    """All sections of all memory files as they are now; asked before each search, so it must be quick."""

    async def __call__(self) -> Sequence[Section]: ...


async def no_sections() -> Sequence[Section]:
    """For a search over the log alone."""
    return ()
