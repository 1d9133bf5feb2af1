"""What whoever asks for a rewind is told: what it does, what is in its way, what stays."""

from dataclasses import dataclass
from typing import Literal

from cairn_agents.rewind.walk import Overlap, Planned


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is put back: `deleted`, `restored` (it was gone) or `changed`."""

    path: str
    how: Literal["deleted", "restored", "changed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rewind to event `to` does, or did (`applied`). With `overlaps` it does nothing at all.

    `kept` are files in which later work of others stays, `left` is what is not taken back and why.
    `event` is that of the rewind, 0 where there is none.
    """

    session: str
    to: int
    words: str
    applied: bool = False
    files: tuple[FileChange, ...] = ()
    kept: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    conversation: bool = False
    steps: int = 0
    event: int = 0
    undoes: int = 0


def files_of(planned: Planned) -> tuple[FileChange, ...]:
    """What is done to each file."""
    return tuple(
        FileChange(op.path, "deleted" if op.after is None else "restored" if op.before is None else "changed")
        for op in planned.ops
    )
