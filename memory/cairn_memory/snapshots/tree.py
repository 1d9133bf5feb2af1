"""One work tree, its states recorded one after another: only what changed since the last is read."""

import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cairn_memory.errors import explain
from cairn_memory.snapshots import git
from cairn_memory.snapshots.listing import Listing, has_files, why_not
from cairn_memory.snapshots.repository import Repository, SnapshotError
from cairn_memory.snapshots.states import EMPTY_TREE, Meta

LARGEST = 10_000_000
"""Bytes of a file that is recorded."""
MANY = 200
"""New files from which on their bytes go into one pack, not each into a file of its own."""
NAMED = 100
"""Paths left out that are named in the log."""
LEFT_OUT = 2_000
"""Paths left out that a state remembers."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A recorded state. `changed` counts the paths that are other than in the one before; `left_out` says what is not in it, and why."""

    commit: str
    tree: str
    changed: int
    ms: int
    left_out: tuple[str, ...] = ()


@dataclass
class _Found:
    """What is other than the index has it."""

    add: list[str] = field(default_factory=list[str])
    remove: list[str] = field(default_factory=list[str])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    folders: list[str] = field(default_factory=list[str])

    def take(self, root: Path, paths: Iterable[str], largest: int, *, known: bool) -> None:
        """Sorts `paths` by whether they are recorded; with `known` they are in the index."""
        for path in paths:
            why = why_not(root, path, largest)
            if why == "":
                self.add.append(path)
                continue
            if why:
                self.left_out[path] = why
            if known:
                self.remove.append(path)


class WorkTree:
    """Records the states of the folder `root`. Blocking; one take at a time, by the repository's lock.

    Not for what Cairn itself keeps (`.cairn/local`, MEMORY.md), nor for anything in a `.git`. Ignored files are left
    out unless the user's git tracks them or they are named in `also`.
    """

    def __init__(
        self,
        repository: Repository,
        root: Path,
        largest: Callable[[], int] = lambda: LARGEST,
        passing: Callable[[], Collection[Path]] = tuple,
    ) -> None:
        """`largest` is in bytes; `passing` names empty folders that stand there for a moment and are nobody's."""
        self.root = root
        self.repository = repository
        self._largest = largest
        self._passing = passing
        self._passed: set[Path] = set()
        self._index = repository.index_of(root)
        self._listing = Listing(repository, root, self._index)
        self._last: tuple[str, Meta, str] | None = None
        self._forced: set[str] = set()
        """Paths that are in the index although they may be ignored."""

    def take(self, session: str, also: Sequence[str] = ()) -> Snapshot:
        """The state as it is now, kept as long as `session`. `also` are paths (relative) that are recorded though ignored.

        Raises SnapshotError. After a kill at any instant there is a whole state or none.
        """
        begun = time.monotonic()
        with self.repository.lock:
            self.repository.open()
            self._passed = set(self._passing())  # before and after the look: some go while it lasts
            first = not self._index.exists()
            try:
                taken = self._take(session, also, first)
            except SnapshotError:
                if first or not self._index.exists():
                    raise
                self._index.unlink(missing_ok=True)  # what a power cut left of it, say: it can be made again
                self._forced.clear()
                taken = self._take(session, also, first=True)
            except OSError as error:
                raise SnapshotError(
                    str(explain(error, f"the state of {self.root} could not be recorded"))
                ) from error
        commit, tree, changed, left_out = taken
        return Snapshot(commit, tree, changed, round((time.monotonic() - begun) * 1_000), left_out)

    def covers(self, path: str) -> bool:
        """Whether the newest state knows this path (relative). Raises SnapshotError."""
        return path in self._listing.indexed([path])

    def ignored(self) -> list[str]:
        """What is left out by the user's own rules. Raises SnapshotError."""
        self.repository.open()
        return self._listing.ignored()

    def _take(self, session: str, also: Sequence[str], first: bool) -> tuple[str, str, int, tuple[str, ...]]:
        for name in (f"{self._index.name}.lock", "no-index.lock"):
            (self.repository.folder / name).unlink(missing_ok=True)
        with ThreadPoolExecutor(3) as together:
            known = together.submit(self._changed)
            theirs = together.submit(self._listing.kept_though_ignored)
            new = together.submit(self._new)
            found = _Found()
            found.take(self.root, known.result(), self._largest(), known=True)
            files, found.folders = new.result()
            forced = {*theirs.result(), *(path for path in also if path not in self._forced)}
        self._forced.difference_update(found.remove)
        self._forced.update(path for path in forced if (self.root / path).exists())
        forced -= self._listing.indexed(forced)
        found.take(self.root, {*files, *forced}, self._largest(), known=False)
        changed = len(found.add) + len(found.remove)
        self._update(found)
        tree, meta = self._tree(found, bool(changed), bool(files or found.remove))
        commit = self._commit(session, tree, meta)
        shown = [f"{path}: {why}" for path, why in sorted(found.left_out.items())[:NAMED]]
        if first:
            shown += [f"{path}: ignored" for path in self._listing.ignored()[:NAMED]]
        return commit, tree, changed, tuple(shown)

    def _changed(self) -> list[str]:
        """Files that are in the index and are not, or may not be, as it has them."""
        if not self._index.exists():
            return []
        said = self._git("diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=all")
        return [os.fsdecode(path) for path in said.split(b"\0")[1::2]]

    def _new(self) -> tuple[list[str], list[str]]:
        """Files that are not in the index, and the folders of which nothing is."""
        if not self._index.exists():
            return self._listing.files(), []
        listed = self._listing.untracked()
        folders = [path for path in listed if path.endswith("/")]
        if not has_files(self.root, folders):
            return [path for path in listed if not path.endswith("/")], folders
        return self._listing.files(), folders

    def _update(self, found: _Found) -> None:
        """Brings the index up to date; the bytes of new files are objects before it names them."""
        if len(found.add) > MANY:
            self._pack(found.add)
        if found.remove:
            self._git("update-index", "--force-remove", "-z", "--stdin", feed=_listed(found.remove))
        if found.add:
            flags = ("--add", "--replace", "--remove", "-z", "--stdin")
            self._git("update-index", *flags, feed=_listed(found.add))

    def _tree(self, found: _Found, anew: bool, moved: bool) -> tuple[str, Meta]:
        """The tree of the index, `anew` where it changed, and what lies beside it, looked at again when files `moved`."""
        if not self._index.exists():
            tree = self._git("mktree", feed=b"").decode().strip()
            folders = self._listing.untracked()
        elif anew and not moved and self._last is not None:
            tree, folders = self._git("write-tree").decode().strip(), found.folders
        elif anew or moved or self._last is None:
            with ThreadPoolExecutor(1) as beside:
                listed = beside.submit(self._listing.untracked)
                tree = self._git("write-tree").decode().strip()
                folders = listed.result()
        else:
            tree, folders = self._last[0], found.folders
        left_out = dict(sorted(found.left_out.items())[:LEFT_OUT])
        passed = {path for path in (*self._passed, *self._passing()) if path.is_relative_to(self.root)}
        gone = {path.relative_to(self.root).as_posix() for path in passed}
        return tree or EMPTY_TREE, Meta(self._listing.empty_folders(folders) - gone, left_out)

    def _commit(self, session: str, tree: str, meta: Meta) -> str:
        """The state's commit: that of the one before when nothing changed."""
        if self._last and self._last[:2] == (tree, meta) and self._is_there(self._last[2]):
            commit = self._last[2]
        else:
            commit = self.repository.run(("commit-tree", tree), feed=meta.to_json().encode()).decode().strip()
        self.repository.keep(session, commit)
        self._last = (tree, meta, commit)
        return commit

    def _is_there(self, commit: str) -> bool:
        """A collection may have taken it away meanwhile."""
        try:
            self.repository.run(("cat-file", "-e", commit))
        except SnapshotError:
            return False
        return True

    def _pack(self, paths: Sequence[str]) -> None:
        """Makes objects of many files at once. A file that changes meanwhile becomes another object later."""
        program = git.program()
        if program is None:
            raise SnapshotError(git.NO_GIT)
        flags = (
            "-c",
            "core.bigFileThreshold=1",
            "-c",
            "pack.compression=1",
            "fast-import",
            "--quiet",
            "--done",
        )
        environment = git.environment({"GIT_DIR": str(self.repository.folder)})
        with subprocess.Popen(
            [program, *flags], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        ) as process:  # fmt: skip
            assert process.stdin is not None
            try:
                for path in paths:
                    self._feed(process.stdin.write, self.root / path)
                process.stdin.write(b"done\n")
                process.stdin.close()
                process.wait(git.SECONDS)
            except (OSError, subprocess.TimeoutExpired) as error:
                git.end(process)
                raise SnapshotError(f"the files of {self.root} could not be recorded: {error}") from error

    def _feed(self, write: Callable[[bytes], object], path: Path) -> None:
        if path.is_symlink():
            return
        with suppress(FileNotFoundError, PermissionError, IsADirectoryError):
            data = path.read_bytes()
            write(b"blob\ndata %d\n" % len(data))
            write(data)
            write(b"\n")

    def _git(self, *arguments: str, feed: bytes | None = None) -> bytes:
        return self.repository.run(arguments, tree=self.root, index=self._index, feed=feed)


def _listed(paths: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
