"""Content-addressed files for what is too large for an event.

A blob's name is the SHA-256 of its bytes, so the same content is stored once,
and reading checks itself. Blobs hold masked text only: mask before `put`.
"""

import hashlib
import re
from pathlib import Path

from cairn_memory.errors import StoreDamaged, explain
from cairn_memory.events import BlobRef
from cairn_memory.files import sync_folder, write_atomically

_DIGEST = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Blobs under one folder, two hex digits a subfolder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
            if not target.exists() or target.stat().st_size != ref.size:
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

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
