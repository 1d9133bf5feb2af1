"""Masks what is stored already, by the masker of today: events, blobs, and the private files beside them.

For what an earlier version, or a masker that did not know a secret yet, let through. One
transaction changes all events, so a kill leaves the old log or the new; blobs with
secrets get new names, which the same transaction writes into the events.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cairn_memory.blobs import BlobStore
from cairn_memory.errors import explain
from cairn_memory.events import BlobRef, Event, FileVersioned
from cairn_memory.files import write_atomically
from cairn_memory.leftovers import Leftover
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.redact.masker import Masker
from cairn_memory.redact.payloads import REFERENCES
from cairn_memory.taking import QUOTING

_LARGEST = 64_000_000
"""Bytes of a file or a blob that is masked. Larger ones are named as not looked at."""

Mask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was masked, each a count; `skipped` names what is no text or too large, and was not looked into."""

    events: int
    blobs: int
    files: int
    memory_files: int
    skipped: tuple[str, ...] = ()


async def redact_stored(
    log: EventLog,
    workspace: Workspace,
    *,
    memory_files: Callable[[Mask], Awaitable[int]] | None = None,
    index: AbstractAsyncContextManager[object] | None = None,
) -> Redacted:
    """Masks every secret that is stored. No session may be at work; whoever holds one in memory lets go first.

    `memory_files` masks the files with versions, such as MEMORY.md, and returns how many it
    changed. The search index is closed while `index` is entered, and built anew after it.
    Copies of a damaged log and the host's old log are removed when anything was found.
    Raises StoreError.
    """
    masker = log.masker
    in_memory = await memory_files(masker.mask) if memory_files else 0
    skipped: list[str] = []
    try:
        blobs = await asyncio.to_thread(_mask_blobs, BlobStore(workspace.blobs), masker, skipped)
        files = await asyncio.to_thread(_mask_files, workspace.local, masker, skipped)
    except OSError as error:
        raise explain(error, "what is stored could not be masked") from error
    async with index or contextlib.nullcontext():
        done = await log.rewrite(_Masking(masker, workspace, blobs, bool(files or in_memory)))
        await log.finish(workspace.local)
    return Redacted(done.changed, len(blobs), files, in_memory, tuple(skipped))


def _mask_blobs(store: BlobStore, masker: Masker, skipped: list[str]) -> dict[str, BlobRef]:
    """Stores a masked twin of every blob with a secret; old digests and their new names."""
    twins: dict[str, BlobRef] = {}
    for ref, path in store.all():
        if (safe := _masked_text(path, masker, skipped)) is not None:
            twins[ref.digest] = store.put(safe)
    return twins


def _mask_files(local: Path, masker: Masker, skipped: list[str]) -> int:
    """Masks run documents, outputs of commands and notes where they lie."""
    changed = 0
    for folder in ("sessions", "tasks"):
        for path in sorted((local / folder).rglob("*")):
            if (
                path.is_file()
                and not path.is_symlink()
                and (safe := _masked_text(path, masker, skipped)) is not None
            ):
                write_atomically(path, safe)
                changed += 1
    return changed


def _masked_text(path: Path, masker: Masker, skipped: list[str]) -> bytes | None:
    """The masked bytes of the file at `path`; None when there is nothing to mask."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        text = path.read_bytes().decode()
    except ValueError:
        skipped.append(path.name if len(path.name) < 60 else f"{path.parent.name}{path.name[:10]}")
        return None
    safe = masker.mask(text)
    return safe.encode() if safe != text else None


@dataclass
class _Masking:
    """The rewriting that masks events and points them at the masked twins of their blobs."""

    masker: Masker
    workspace: Workspace
    twins: dict[str, BlobRef]
    found_elsewhere: bool
    reason: str = "secrets were masked"
    _found: bool = field(default=False)

    def change(self, event: Event) -> str | None:
        try:
            old: object = json.loads(event.text)
        except ValueError:
            return event.text  # damaged: it stays to be seen
        new = self._masked(old, event.kind, "")
        if new == old:
            return event.text
        self._found = True
        return json.dumps(new, ensure_ascii=False, separators=(",", ":"))

    def leftovers(self) -> list[Leftover]:
        if not (self._found or self.twins or self.found_elsewhere):
            return []
        now, local = time.time_ns() // 1_000_000, self.workspace.local
        names = [path.name for pattern in QUOTING for path in sorted(local.glob(pattern))]
        logs = [name for name in ("host.log", "host.out") if (local / name).exists()]
        return [
            *(Leftover("remove", name) for name in names),
            *(Leftover("empty", name) for name in logs),
            *(Leftover("blob", digest, now) for digest in self.twins),
        ]

    def _masked(self, value: Any, kind: str, name: str) -> Any:
        """As `payloads.masked`, on the stored JSON: what a later version wrote is masked, too, and kept."""
        if isinstance(value, str):
            if name == "before" and kind == FileVersioned.kind and value in self.twins:
                return self.twins[value].digest
            return value if name in REFERENCES else self.masker.mask(value)
        if isinstance(value, list):
            return [self._masked(item, kind, name) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if fields.keys() == {"digest", "size"} and fields["digest"] in self.twins:
                return self.twins[fields["digest"]].model_dump()
            return {key: self._masked(item, kind, key) for key, item in fields.items()}
        return value
