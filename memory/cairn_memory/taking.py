"""The rewriting behind every deletion: the events of a scope, and all files that go with them."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from cairn_memory.blobs import BlobStore
from cairn_memory.events import Event
from cairn_memory.leftovers import Leftover, digests_in
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.scopes import Everything, Scope
from cairn_memory.snapshots.repository import FOLDER

QUOTING = ("damaged-*", "cairn.db.salvage*", "index.db*", "host.log.*")
"""Files that may quote anything and that nothing needs: copies of damaged logs, the search index, old host logs."""
_STILL_WRITING = 60_000
"""Milliseconds in which a running session stores the event for a blob it has put."""
_BATCH = 500


async def all_events(log: EventLog) -> AsyncGenerator[Event]:
    """Every event there is, in order, a batch at a time. Raises StoreError."""
    since = 0
    while events := await log.read(since, limit=_BATCH):
        for event in events:
            yield event
        since = events[-1].seq


@dataclass
class Taking:
    """Takes out what `scope` takes, with the blobs that only those events used, and whatever may quote them.

    While `others_at_work` a blob that was put just now is left alone: its event may be on its way.
    """

    scope: Scope
    workspace: Workspace
    others_at_work: bool
    blobs: int = 0
    files: int = 0
    _going: dict[str, int] = field(default_factory=dict[str, int])
    _staying: set[str] = field(default_factory=set[str])

    @property
    def reason(self) -> str:
        return self.scope.reason

    def change(self, event: Event) -> str | None:
        digests = digests_in(event.text)
        if not self.scope.takes(event):
            self._staying |= digests
            return event.text
        for digest in digests:
            self.let_go(digest, event.time)
        return None

    def let_go(self, digest: str, last: int) -> None:
        """Somebody who used this blob up to `last` (Unix milliseconds) goes, or needs it no more."""
        self._going[digest] = max(self._going.get(digest, 0), last)

    def leftovers(self) -> list[Leftover]:
        now = time.time_ns() // 1_000_000
        before = now - _STILL_WRITING if self.others_at_work else now
        if isinstance(self.scope, Everything):
            for ref, _ in BlobStore(self.workspace.blobs).all():
                self._going.setdefault(ref.digest, before)
        blobs = [
            Leftover("blob", digest, max(last, before))
            for digest, last in self._going.items()
            if digest not in self._staying
        ]
        files = [Leftover("remove", name) for name in self._names()]
        states = [Leftover("states", session) for session in self.scope.sessions]
        self.blobs, self.files = len(blobs), len(files)
        local = self.workspace.local
        logs = [Leftover("empty", name) for name in ("host.log", "host.out") if (local / name).exists()]
        return [*files, *(states if (local / FOLDER).exists() else ()), *logs, *blobs]

    def _names(self) -> list[str]:
        """What goes and is there; copies and derived files that may quote anything go always."""
        local = self.workspace.local
        quoting = [path.name for pattern in QUOTING for path in local.glob(pattern)]
        names = dict.fromkeys([*self.scope.files(local), *quoting])
        return [name for name in names if (local / name).exists()]
