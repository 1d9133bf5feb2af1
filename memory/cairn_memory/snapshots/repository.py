"""The repository of our own: made, opened, its settings, and which snapshots of which session it keeps."""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from cairn_memory.errors import explain
from cairn_memory.snapshots import git
from cairn_memory.snapshots.git import SnapshotError

__all__ = ["FOLDER", "Repository", "SnapshotError"]

FOLDER = "snapshots.git"
"""Its name in the private folder."""

ATTRIBUTES = b"* -text -eol -crlf -filter -ident -working-tree-encoding -export-subst -merge !diff\n"
"""No conversion whatever the work tree's own attributes say: what is kept are the bytes of the files."""

_CONFIG = {
    "core.bare": "false",
    "core.logAllRefUpdates": "false",
    "core.autocrlf": "false",
    "core.safecrlf": "false",
    "core.longpaths": "true",
    "core.precomposeUnicode": "false",
    "core.looseCompression": "1",
    "core.protectNTFS": "true" if os.name == "nt" else "false",
    "core.protectHFS": "false",
    "core.checkStat": "default",
    "core.trustctime": "true",
    "core.preloadIndex": "true",
    "core.splitIndex": "false",
    "index.version": "4",
    "pack.compression": "1",
    "gc.auto": "0",
}
_SAFE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.|$|lock$)){0,99}")
_NAMESPACE = "refs/cairn/"


class Repository:
    """One for each workspace, at `folder`. Whoever writes to it holds `lock`: takes and collections go one after another.

    Its methods block: call them off the event loop.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._ready = False

    @property
    def exists(self) -> bool:
        return (self.folder / "HEAD").is_file()

    def open(self) -> None:
        """Makes it where it is not there; clears away what a killed process left. Raises SnapshotError."""
        with self.lock:
            if self._ready and self.exists:
                return
            try:
                self._create()
                for lock in (*self.folder.glob("*.lock"), *self.folder.glob("refs/**/*.lock")):
                    lock.unlink(missing_ok=True)  # of a host that was killed: nobody else writes here
            except OSError as error:
                said = explain(error, "states of the work tree cannot be recorded")
                raise SnapshotError(str(said)) from error
            self._ready = True

    def run(
        self,
        arguments: Sequence[str | bytes],
        *,
        tree: Path | None = None,
        index: Path | None = None,
        feed: bytes | None = None,
    ) -> bytes:
        """What git says of this repository, with `tree` as its work tree. Raises SnapshotError."""
        variables = {"GIT_DIR": str(self.folder)}
        if tree is not None:
            variables["GIT_WORK_TREE"] = str(tree)
        if index is not None:
            variables["GIT_INDEX_FILE"] = str(index)
        return git.run(arguments, folder=tree or self.folder, variables=variables, feed=feed)

    def index_of(self, root: Path) -> Path:
        """The index of the work tree at `root`: what of it is unchanged is not read again."""
        return self.folder / f"index-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}"

    def keep(self, session: str, commit: str) -> None:
        """From now on `commit` stays as long as the session. Raises SnapshotError."""
        self.run(("update-ref", f"{reference(session)}/{commit}", commit))

    def kept(self, session: str | None = None) -> dict[str, dict[str, int]]:
        """The commits of each session (or of one), with the Unix second each was made in. Raises SnapshotError."""
        if not self.exists:
            return {}
        under = _NAMESPACE if session is None else f"{reference(session)}/"
        found = self.run(("for-each-ref", "--format=%(refname)%09%(committerdate:unix)", under))
        sessions: dict[str, dict[str, int]] = {}
        for line in found.decode().splitlines():
            name, _, time = line.partition("\t")
            owner, _, commit = name.removeprefix(_NAMESPACE).rpartition("/")
            sessions.setdefault(owner, {})[commit] = int(time or 0)
        return sessions

    def drop(self, names: Iterable[tuple[str, str]]) -> int:
        """Keeps these commits no more, each given as its session's part of the reference and itself; how many."""
        commands = [f"delete {_NAMESPACE}{owner}/{commit}\n" for owner, commit in names]
        if commands:
            self.run(("update-ref", "--stdin"), feed="".join(commands).encode())
        return len(commands)

    def _create(self) -> None:
        if not self.exists:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            git.run(
                ("init", "-q", "--bare", "--template=", str(self.folder)),
                folder=self.folder,
                variables={},
            )
        if os.name == "posix":
            self.folder.chmod(0o700)
        config = self.folder / "config"
        text = config.read_text(encoding="utf-8")
        if "[cairn]" not in text:
            written = [line for line in text.splitlines() if "bare" not in line]
            config.write_text("\n".join([*written, *_config_lines()]) + "\n", encoding="utf-8")
        info = self.folder / "info"
        info.mkdir(exist_ok=True)
        attributes = info / "attributes"
        with suppress(FileNotFoundError):
            if attributes.read_bytes() == ATTRIBUTES:
                return
        attributes.write_bytes(ATTRIBUTES)


def reference(session: str) -> str:
    """Below what name the commits of `session` are kept."""
    return f"{_NAMESPACE}{owner_of(session)}"


def owner_of(session: str) -> str:
    """A session's part of the names of its references."""
    if _SAFE.fullmatch(session):
        return session
    return f"other-{hashlib.sha256(session.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _config_lines() -> list[str]:
    lines = ["[cairn]", "\tversion = 1"]
    for key, value in _CONFIG.items():
        section, _, name = key.partition(".")
        lines += [f"[{section}]", f"\t{name} = {value}"]
    return lines
