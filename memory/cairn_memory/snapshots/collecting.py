"""Lets go of recorded states: those of a session that is deleted, the old ones, and what is too much."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cairn_memory.snapshots.git import program
from cairn_memory.snapshots.repository import Repository, SnapshotError, owner_of, reference

_DAY = 86_400
_LOOSE = 2_000
"""Objects in files of their own from which on they are put together."""
_ROUNDS = 8
_YOUNG = "1.hour.ago"
"""An object that nothing needs may be one that a state is just being made of."""


class Limits(NamedTuple):
    """How much is kept; 0 for no limit."""

    keep_days: int = 0
    keep_mb: int = 0


def collect(repository: Repository, limits: Limits, now: float | None = None) -> int:
    """Applies `limits`, oldest states first; how many went. Blocking. Raises SnapshotError.

    `now` is in Unix seconds. The newest state of each session stays as long as it is not too old.
    """
    now = time.time() if now is None else now
    with repository.lock:
        repository.open()
        gone = 0
        if limits.keep_days:
            old = [each for each in _oldest_first(repository) if each[0] < now - limits.keep_days * _DAY]
            gone += repository.drop((owner, commit) for _, owner, commit in old)
        if gone or _loose(repository.folder) > _LOOSE:
            _pack(repository, _YOUNG)
        for _ in range(_ROUNDS if limits.keep_mb else 0):
            excess = size_of(repository.folder) - limits.keep_mb * 1_000_000
            states = list(_oldest_first(repository))
            if excess <= 0 or len(states) <= 1:
                break
            share = max(len(states) // 4, 1)
            gone += repository.drop((owner, commit) for _, owner, commit in states[:share])
            _pack(repository, "now")
    return gone


def forget(folder: Path, session: str) -> None:
    """Takes every state of `session` out of the repository at `folder`, and the bytes that only they held.

    Done again it does no harm. Raises SnapshotError.
    """
    repository = Repository(folder)
    if not repository.exists:
        return
    if not program():
        raise SnapshotError(
            "git was not found, so the recorded states of the session could not be removed; install git"
        )
    with repository.lock:
        repository.open()
        owner = owner_of(session)
        names = [(owner, commit) for commit in repository.kept(session).get(owner, {})]
        repository.drop(names)
        if names:
            _pack(repository, "now")


def remembers(folder: Path, session: str) -> bool:
    """Whether any state of `session` is kept at `folder`. Raises SnapshotError."""
    repository = Repository(folder)
    if not repository.exists or not program():
        return (folder / reference(session)).exists()
    return bool(repository.kept(session))


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(size for _, size in _files(folder))


def _pack(repository: Repository, expire: str) -> None:
    """Puts objects together; those that nothing needs are not among them. The indexes' objects stay."""
    indexes = [path for path in repository.folder.glob("index-*") if path.suffix != ".lock"]
    try:
        for index in indexes:
            if tree := _tree_of(repository, index):
                repository.run(("update-ref", f"refs/cairn-indexes/{index.name}", tree))
        repository.run(("repack", "-a", "-d", "-q", "--no-write-bitmap-index"))
        repository.run(("prune", f"--expire={expire}"))
        repository.run(("pack-refs", "--all", "--prune"))
    finally:
        for index in indexes:
            repository.run(("update-ref", "-d", f"refs/cairn-indexes/{index.name}"))


def _tree_of(repository: Repository, index: Path) -> str:
    """What the index holds as a tree; "" for one that is damaged, which goes and is made anew."""
    try:
        return repository.run(("write-tree",), index=index).decode().strip()
    except SnapshotError:
        index.unlink(missing_ok=True)
        return ""


def _oldest_first(repository: Repository) -> list[tuple[int, str, str]]:
    """Each state as the second it was made in, its session's part of the name, its commit."""
    found = repository.kept()
    return sorted(
        (time, owner, commit) for owner, commits in found.items() for commit, time in commits.items()
    )


def _loose(folder: Path) -> int:
    return sum(path.parent.name not in ("pack", "info") for path, _ in _files(folder / "objects"))


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    ahead = [folder]
    while ahead:
        try:
            with os.scandir(ahead.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(Path(entry.path))
                    else:
                        yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # gone meanwhile
