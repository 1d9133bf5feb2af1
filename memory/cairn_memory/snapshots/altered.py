"""A recorded state with another text in one file: what a change that reaches the disk later, or by an editor, amounts to."""

import os
import secrets
from pathlib import Path

from cairn_memory.snapshots.repository import Repository
from cairn_memory.snapshots.states import States

_PLAIN = "100644"


def with_file(repository: Repository, session: str, commit: str, path: str, data: bytes) -> str:
    """The state `commit` with `data` in the file `path` (relative), kept as long as `session`; its commit.

    Blocking. Raises SnapshotError.
    """
    index = Path(repository.folder, f"altered-{secrets.token_hex(6)}")
    states = States(repository)
    with repository.lock:
        try:
            repository.run(("read-tree", states.tree(commit)), index=index)
            listed = repository.run(("ls-files", "--stage", "-z", "--", path), index=index)
            mode = listed[:6].decode() or _PLAIN
            entry = f"{mode} {states.store(data)} 0\t".encode() + os.fsencode(path) + b"\0"
            repository.run(("update-index", "-z", "--index-info"), index=index, feed=entry)
            tree = repository.run(("write-tree",), index=index).decode().strip()
        finally:
            index.unlink(missing_ok=True)
        message = states.meta(commit).to_json().encode()
        made = repository.run(("commit-tree", tree), feed=message).decode().strip()
        repository.keep(session, made)
    return made
