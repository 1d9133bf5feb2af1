"""`host.json`: where the host of a workspace listens, and the token that proves who may ask."""

import json
from pathlib import Path
from typing import NamedTuple  # not dataclasses: clients read this at every start, in a hurry


class HostFile(NamedTuple):
    """Readable by its owner only. `address` is "unix:/path" or "tcp:127.0.0.1:PORT"."""

    address: str
    pid: int
    token: str
    version: str

    def __repr__(self) -> str:
        """Without the token: this may end up in a log."""
        return f"HostFile(address={self.address!r}, pid={self.pid}, version={self.version!r})"

    @staticmethod
    def path(local: Path) -> Path:
        """Where it lies under the workspace's private folder."""
        return local / "host.json"

    @classmethod
    def read(cls, local: Path) -> "HostFile | None":
        """What a host left, which may have died since; None when there is nothing that can be read."""
        try:
            found = json.loads(cls.path(local).read_text(encoding="utf-8"))
            return cls(str(found["address"]), int(found["pid"]), str(found["token"]), str(found["version"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, local: Path) -> None:
        """Replaces the file whole; clients never read half of it."""
        from cairn_memory.files import write_atomically  # only hosts write

        write_atomically(self.path(local), json.dumps(self._asdict()).encode("utf-8"), mode=0o600)

    def remove(self, local: Path) -> None:
        """Removes the file, unless another host has written its own by now."""
        if self.read(local) == self:
            self.path(local).unlink(missing_ok=True)
