"""What a deletion may take: one session, the project's memory, or everything."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cairn_memory.events import Event, FileVersioned

_MEMORY_KINDS = ("claim.", "task.")
_MEMORY_FILES = ("project/", "tasks/")
_KEPT = {
    *("cairn.db", "cairn.db-wal", "cairn.db-shm", "watermark", "mask.key", "blobs"),
    *("host.json", "host.lock", "host.log", "host.out"),
}
"""What belongs to the host and the log themselves; what they hold goes in other ways."""


class Scope(Protocol):
    """What is to be deleted."""

    @property
    def reason(self) -> str:
        """For the log and `verify`; it quotes nothing."""
        ...

    def takes(self, event: Event) -> bool:
        """Whether this event goes."""
        ...

    def files(self, local: Path) -> Iterator[str]:
        """What goes of the private folder, relative to it."""
        ...

    @property
    def sessions(self) -> tuple[str, ...]:
        """The sessions that go one by one, with their recorded states of the work tree."""
        ...


@dataclass(frozen=True)
class OneSession:
    """A session: its events, its folder, its files' versions, and the blobs that only it used."""

    session: str

    @property
    def reason(self) -> str:
        return f"session {self.session} was deleted"

    def takes(self, event: Event) -> bool:
        return event.session == self.session or _file_of(event).startswith(f"sessions/{self.session}/")

    def files(self, local: Path) -> Iterator[str]:
        yield f"sessions/{self.session}"
        yield f"proposals/{self.session}"

    @property
    def sessions(self) -> tuple[str, ...]:
        return (self.session,)


@dataclass(frozen=True)
class Sessions:
    """Several sessions at once, as `OneSession` each."""

    sessions: tuple[str, ...]

    @property
    def reason(self) -> str:
        return f"{len(self.sessions)} old session{'s' if len(self.sessions) != 1 else ''} went by age or size"

    def takes(self, event: Event) -> bool:
        parts = _file_of(event).split("/")
        return event.session in self.sessions or (
            parts[0] == "sessions" and len(parts) > 1 and parts[1] in self.sessions
        )

    def files(self, local: Path) -> Iterator[str]:
        for session in self.sessions:
            yield f"sessions/{session}"
            yield f"proposals/{session}"


@dataclass(frozen=True)
class ProjectMemory:
    """MEMORY.md, claims, tasks, and all their versions. What sessions said while they made them stays."""

    reason: str = "the project's memory was deleted"

    def takes(self, event: Event) -> bool:
        return event.kind.startswith(_MEMORY_KINDS) or _file_of(event).startswith(_MEMORY_FILES)

    def files(self, local: Path) -> Iterator[str]:
        yield from ("../MEMORY.md", *_staged(local), "tasks")

    @property
    def sessions(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True)
class Everything:
    """All that Cairn knows of this workspace. The settings stay."""

    reason: str = "everything was deleted"

    def takes(self, event: Event) -> bool:
        return True

    def files(self, local: Path) -> Iterator[str]:
        yield from ("../MEMORY.md", *_staged(local))
        for path in sorted(local.iterdir()):
            if path.name not in _KEPT:
                yield path.name

    @property
    def sessions(self) -> tuple[str, ...]:
        return ()


def _staged(local: Path) -> Iterator[str]:
    """What a kill left of a write of MEMORY.md, beside it."""
    yield from (f"../{path.name}" for path in sorted(local.parent.glob(".MEMORY.md.*.tmp")))


def _file_of(event: Event) -> str:
    """The memory file whose version `event` is; "" for any other event."""
    if event.kind != FileVersioned.kind:
        return ""
    try:
        payload = event.payload
    except ValueError:
        return ""
    return payload.file if isinstance(payload, FileVersioned) else ""
