"""What changed in a work tree while a session rested: files it knew, the branch, the commit."""

import hashlib
import os
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from cairn_memory.bounds import LINES
from cairn_memory.events import WorkTreeSeen

FILES = 2_000
"""Files that are compared, those seen last."""
LARGEST = 20_000_000
ALTOGETHER = 200_000_000
"""Bytes that are read of one file, and of all; what is larger is taken to be as it was while it is there."""
NAMED = 40
"""Files that are named of each kind of change."""
COMMITS = 20
"""Commits that are named."""
SUBJECT = 200
"""Characters of a commit's line."""
GIT_SECONDS = 3.0
"""For all that git is asked at one look."""

_GONE, _UNREADABLE = "gone", "unreadable"
_DIGITS = 16
"""Of a hash, so that many files fit into one event."""


def look_at(root: Path, seen: Mapping[str, str], before: WorkTreeSeen | None = None) -> WorkTreeSeen:
    """How the work tree stands now. `seen` are SHA-256 by absolute path. Blocking, within seconds.

    What git does not tell, or not in time, is taken to be as `before`.
    """
    others = [_entry(root, path, found) for path, found in _others(seen).items()]
    until = time.monotonic() + GIT_SECONDS
    branch = _git(root, until, "symbolic-ref", "--quiet", "--short", "HEAD").strip()
    head = _git(root, until, "rev-parse", "--quiet", "--verify", "HEAD").strip()
    if not branch and not head:
        before = before or WorkTreeSeen()
        return before.model_copy(update={"others": tuple(others[:LINES]), "count": len(others)})
    entries = _git(root, until, "status", "--porcelain", "-z", "--untracked-files=normal").split("\0")
    dirty = [entry[3:] for entry in entries if len(entry) > 3 and entry[2] == " "]
    return WorkTreeSeen(
        branch=branch,
        head=head,
        dirty=tuple(dirty[:NAMED]),
        files=len(dirty),
        others=tuple(others),
        count=len(others),
    )


def drift(before: WorkTreeSeen | None, now: WorkTreeSeen) -> tuple[str, ...]:
    """One line for each thing that is other `now` than `before`; without a look before, than the session saw it."""
    known = set(before.others) if before else set[str]()
    kinds: dict[str, list[str]] = {"changed": [], "no longer there": [], "no longer readable": []}
    for entry in now.others:
        if entry not in known:
            found, _, path = entry.partition(" ")
            kinds[{_GONE: "no longer there", _UNREADABLE: "no longer readable"}.get(found, "changed")].append(
                path
            )
    lines = _of_git(before, now) if before and (before.branch or before.head) else []
    for what, paths in kinds.items():
        lines += [f"{what}: {path}" for path in paths[:NAMED]]
        if len(paths) > NAMED:
            lines.append(f"{what}: {len(paths) - NAMED} more files")
    if now.count > max(LINES, before.count if before else 0):
        lines.append(f"{now.count - LINES} more files are other than this session saw them")
    return tuple(lines)


def commits(root: Path, before: WorkTreeSeen | None, now: WorkTreeSeen | None) -> tuple[str, ...]:
    """The commits that came since, the newest first, each as its id and subject. Blocking, within seconds.

    Empty, too, when git does not tell.
    """
    if before is None or now is None or not before.head or not now.head or before.head == now.head:
        return ()
    until = time.monotonic() + GIT_SECONDS
    told = _git(
        root, until, "log", f"--max-count={COMMITS}", "--format=%h %s", f"{before.head}..{now.head}", "--"
    )
    return tuple(line[:SUBJECT] for line in told.splitlines())


def _of_git(before: WorkTreeSeen, now: WorkTreeSeen) -> list[str]:
    lines: list[str] = []
    if before.branch != now.branch:
        lines.append(f"branch: {before.branch or 'none'} -> {now.branch or 'none'}")
    if before.head != now.head:
        lines.append(f"commit: {before.head[:10] or 'none'} -> {now.head[:10] or 'none'}")
    return lines


def _others(seen: Mapping[str, str]) -> dict[str, str]:
    """What is other than it was seen: its digest now, or why there is none. The newest first."""
    left, others = ALTOGETHER, dict[str, str]()
    for path, digest in list(seen.items())[: -FILES - 1 : -1]:
        found, size = _digest(Path(path), min(LARGEST, left))
        left -= size
        if found and found != digest:
            others[path] = found if found in (_GONE, _UNREADABLE) else found[:_DIGITS]
    return others


def _digest(path: Path, most: int) -> tuple[str, int]:
    """SHA-256 of the file's bytes and how many they are; "" for more than `most`: nobody knows."""
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):  # a pipe in its place would never end
            return _UNREADABLE, 0
        if kind.st_size > most:
            return "", 0
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return _GONE, 0
    except (OSError, ValueError):
        return _UNREADABLE, 0
    return hashlib.sha256(data).hexdigest(), len(data)


def _entry(root: Path, path: str, found: str) -> str:
    """A file that is other, as the event has it: relative to the root, so that it holds when the folder moves."""
    try:
        return f"{found} {Path(path).relative_to(root).as_posix()}"
    except ValueError:
        return f"{found} {path}"


def _git(root: Path, until: float, *arguments: str) -> str:
    """What git says, "" when it is not there, fails or takes too long. It takes no lock and asks nobody."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ("git", "-c", "core.fsmonitor=false", *arguments),
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(until - time.monotonic(), 0.01),
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
