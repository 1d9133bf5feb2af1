"""Content-addressed files for what is too large for an event.

A blob's name is the SHA-256 of its bytes, so the same content is stored once,
and reading checks itself. Blobs hold masked text only: mask before `put`.
"""

import contextlib
import hashlib
import os
from pathlib import Path

from cairn_memory.errors import StoreDamaged
from cairn_memory.events import BlobRef
from cairn_memory.files import write_atomically


class BlobStore:
    """Blobs under one folder, two hex digits a subfolder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, ref: BlobRef) -> Path:
        """Where the bytes lie: the agent may be pointed there to read on."""
        return self._folder / ref.digest[:2] / ref.digest[2:]

    def put(self, data: bytes) -> BlobRef:
        """Stores `data` durably, once. Blocking (an fsync): call it off the event loop."""
        ref = BlobRef(digest=hashlib.sha256(data).hexdigest(), size=len(data))
        target = self.path(ref)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data, mode=0o600)
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
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(ref))
