"""Content-addressed files for what is too large for an event.

A blob's name is the SHA-256 of its bytes, so the same content is stored once,
and reading checks itself. Blobs hold masked text only: mask before `put`.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cairn_memory.errors import StoreDamaged, explain
from cairn_memory.events import BlobRef
from cairn_memory.files import sync_folder, write_atomically

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Blobs under one folder, two hex digits a subfolder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        return self._folder

    def path(self, ref: BlobRef) -> Path:
        """Where the bytes lie: the agent may be pointed there to read on. Raises StoreDamaged for no digest."""
        if not _DIGEST.fullmatch(ref.digest):
            raise StoreDamaged(f"{ref.digest[:20]!r} is no name of a blob")
        return self._folder / ref.digest[:2] / ref.digest[2:]

    def put(self, data: bytes) -> BlobRef:
        """Stores `data` durably, once. Blocking (an fsync): call it off the event loop. Raises StoreError."""
        ref = BlobRef(digest=hashlib.sha256(data).hexdigest(), size=len(data))
        target = self.path(ref)
        try:
            if not self._refreshed(target, ref.size):
                self._make_folder(target.parent)
                write_atomically(target, data, mode=0o600)
        except OSError as error:
            raise explain(error, "a large output could not be stored") from error
        return ref

    def get(self, ref: BlobRef) -> bytes:
        """The bytes. Raises StoreDamaged when they are gone or not what was stored."""
        try:
            data = self.path(ref).read_bytes()
        except OSError as error:
            raise StoreDamaged(f"blob {ref.digest[:12]} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != ref.digest:
            raise StoreDamaged(f"blob {ref.digest[:12]} holds other bytes than were stored")
        return data

    def discard(self, ref: BlobRef) -> None:
        """Removes a blob that nothing points at any more."""
        self.path(ref).unlink(missing_ok=True)

    def remove(self, ref: BlobRef, before: int) -> bool:
        """Removes a blob unless it was put after `before` (Unix milliseconds). Raises OSError, StoreDamaged.

        It leaves under another name first, so that a `put` that comes meanwhile finds it gone and
        writes it anew, or has marked it as put just now and gets it back.
        """
        target = self.path(ref)
        aside = _aside(target)
        try:
            os.replace(target, aside)
        except FileNotFoundError:
            aside.unlink(missing_ok=True)  # a kill came between the two halves of this
            return False
        if aside.stat().st_mtime_ns // 1_000_000 > before:
            os.replace(aside, target)
            return False
        aside.unlink()
        return True

    def give_back(self, ref: BlobRef) -> None:
        """Undoes a `remove` that a kill cut off, for a blob that is in use. Raises OSError, StoreDamaged."""
        target = self.path(ref)
        if _aside(target).exists() and not target.exists():
            os.replace(_aside(target), target)

    def all(self) -> Iterator[tuple[BlobRef, Path]]:
        """Every blob there is, and its file."""
        for path in sorted(self._folder.glob("[0-9a-f][0-9a-f]/*")):
            digest = path.parent.name + path.name
            if _DIGEST.fullmatch(digest):
                yield BlobRef(digest=digest, size=path.stat().st_size), path

    def clear_leavings(self, before: int) -> None:
        """Removes what kills left in the midst of `put` and `remove` before `before` (Unix milliseconds)."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/.*"):
            if path.stat().st_mtime_ns // 1_000_000 < before:
                path.unlink(missing_ok=True)

    def _refreshed(self, target: Path, size: int) -> bool:
        """Whether the bytes are there already; then their time says that they were put again just now."""
        try:
            os.utime(target)
            return target.stat().st_size == size
        except FileNotFoundError:
            return False

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.leaving")
