"""One write of a memory file in halves, so that the log's event can stand between them.

What is staged tells that a rename is missing. Whether the file is still what it was is asked
before either half: an edit by hand, made meanwhile, is never overwritten. All of it is blocking.
"""

import hashlib

from cairn_memory.errors import explain
from cairn_memory.files import land, remove_leftover, stage, staged
from cairn_memory.memory_files import SHARED, MemoryFile, check_writable, encoded, read_text
from cairn_memory.redact import Masker

NO_FILE = ""
"""What stands for a digest when there is no file."""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class Staging:
    """The disk's side of versions. `owner` tells the staged files of hosts that share a memory file apart."""

    def __init__(self, owner: str, masker: Masker) -> None:
        self._owner = owner
        self._masker = masker
        self._digests: dict[str, tuple[str, str]] = {}

    def forget(self) -> None:
        """Works digests out anew: other texts are masked now than before."""
        self._digests.clear()

    def today(self, file: MemoryFile) -> tuple[str | None, str]:
        """The text, None when there is no file, and its digest. Raises StoreError."""
        text = read_text(file.path)
        return text, self.digest(file, text)

    def prepare(self, file: MemoryFile, text: str, new: str, number: int) -> str | None:
        """Stages `new` as version `number`; the digest of what is there now, or None when that is not `text` any more.

        Raises StoreError; then nothing is staged.
        """
        data, token = encoded(file.path, new), self._token(file, number)
        try:
            check_writable(file.path)
            file.path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftover(file.path, token)
            stage(file.path, data, token)
            found = read_text(file.path)
            if (found or "") == text:
                return self.digest(file, found)
            remove_leftover(file.path, token)
        except OSError as error:
            raise explain(error, f"{file.path} could not be written, and was left as it is") from error
        return None

    def finish(self, file: MemoryFile, text: str, number: int) -> bool:
        """Puts what is staged in place, unless the file holds `text` no more: then it is thrown away.

        Raises StoreError; then it stays staged.
        """
        token = self._token(file, number)
        try:
            if (read_text(file.path) or "") == text:
                land(file.path, token)
                return True
            remove_leftover(file.path, token)
        except OSError as error:
            raise explain(
                error, f"{file.path} could not be written yet; it is tried again when next used"
            ) from error
        return False

    def settle(self, file: MemoryFile, number: int, before: str, after: str) -> None:
        """Ends what a kill, or an error, cut off after version `number`, from `before` to `after`, was recorded."""
        token = self._token(file, number)
        try:
            remove_leftover(file.path, self._token(file, number + 1))  # its event never came
            data = staged(file.path, token)
            if data is None:
                return
            whole = self.digest(file, data.decode("utf-8", "replace")) == after
            if whole and self.today(file)[1] == before:
                land(file.path, token)
            else:
                remove_leftover(file.path, token)
        except (FileNotFoundError, NotADirectoryError):
            return  # not even its folder is there
        except OSError as error:
            raise explain(error, f"{file.path} could not be brought up to date") from error

    def digest(self, file: MemoryFile, text: str | None) -> str:
        """The digest of a text as it is stored: masked, so that it tells nothing of a secret."""
        if text is None:
            return NO_FILE
        raw = sha(text)
        known, digest = self._digests.get(file.name, ("", ""))
        if known != raw:
            digest = sha(self._masker.mask(text))
            self._digests[file.name] = raw, digest
        return digest

    def _token(self, file: MemoryFile, number: int) -> str:
        """Names what is staged. Only a file that hosts share has the owner in it: a folder may be moved."""
        return f"{self._owner}-{number}" if file.name.startswith(SHARED) else f"version-{number}"
