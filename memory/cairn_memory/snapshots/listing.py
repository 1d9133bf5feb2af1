"""What lies in a work tree and is not in the index: new files, nested repositories, folders with nothing in them."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from cairn_memory.snapshots import git
from cairn_memory.snapshots.repository import Repository, SnapshotError

EMPTIES = 2_000
"""Empty folders that are remembered of one state."""
LOOKED_INTO = 20_000
"""Entries of untracked folders that are looked at for files."""
_ARGUMENTS = 200
NESTED = 200
"""Nested repositories that are looked for new files at one time."""

PRIVATE = ".cairn/local"
_CAIRN = ("local", ".gitignore", "MEMORY.md")
OURS = (
    "--exclude=/.cairn/local/",
    "--exclude=/.cairn/MEMORY.md",
    "--exclude=/.cairn/.MEMORY.md.*.tmp",
)
"""What Cairn keeps has ways of its own to be taken back."""


class Listing:
    """Asks git what of the work tree at `root` is not in `index`, by the user's own rules of what is ignored."""

    def __init__(self, repository: Repository, root: Path, index: Path) -> None:
        self._repository = repository
        self._root = root
        self._index = index
        self._excludes: tuple[str, ...] | None = None
        self._their_index: tuple[int, int] | None = None
        self._their_path: Path | None = None

    def untracked(self) -> list[str]:
        """Files, and folders (with a slash at the end) of which nothing is in the index."""
        return self._others("--directory")

    def files(self) -> list[str]:
        """Every file, those of nested repositories too."""
        found: list[str] = []
        nested = list[str]()
        for path in self._others():
            (nested if path.endswith("/") else found).append(path)
        done = 0
        while nested and done < NESTED:
            prefix = nested.pop()
            done += 1
            for path in self._of_nested(prefix):
                (nested if path.endswith("/") else found).append(prefix + path)
        return found

    def ignored(self) -> list[str]:
        """What the rules leave out, the topmost folder of each."""
        return self._others("--ignored", "--directory")

    def kept_though_ignored(self) -> list[str]:
        """Files that the user's git tracks although a rule would leave them out; [] when its index is as at the last call."""
        index = self._theirs()
        try:
            status = index.stat() if index else None
        except OSError:
            status = None
        now = (status.st_mtime_ns, status.st_size) if status else None
        if now is None or now == self._their_index:
            return []
        self._their_index = now
        return _names(git.lines(("ls-files", "-c", "-i", "-z", "--exclude-standard"), folder=self._root))

    def indexed(self, paths: Iterable[str]) -> set[str]:
        """Those of `paths` that are in the index."""
        wanted = [os.fsencode(path) for path in paths]
        found: set[str] = set()
        for at in range(0, len(wanted) if self._index.exists() else 0, _ARGUMENTS):
            found.update(_names(self._git("ls-files", "-z", "--", *wanted[at : at + _ARGUMENTS])))
        return found

    def empty_folders(self, folders: Iterable[str]) -> frozenset[str]:
        """The innermost of `folders`, without those that are ignored; no more than EMPTIES."""
        found: set[str] = set()
        level = [folder.rstrip("/") for folder in folders if folder.endswith("/")]
        left = LOOKED_INTO
        while level and len(found) < EMPTIES and left > 0:
            left -= len(level)
            ignored = self._ignored_of(level)
            inner: list[str] = []
            for folder in level:
                if folder in ignored or folder == PRIVATE:
                    continue
                inside = [
                    each.name for each in _entries(self._root / folder) if each.is_dir(follow_symlinks=False)
                ]
                if ".git" in inside:
                    continue
                if not inside:
                    found.add(folder)
                inner += [f"{folder}/{name}" for name in inside]
            level = inner
        return frozenset(found)

    def _ignored_of(self, folders: Sequence[str]) -> set[str]:
        """Those of `folders` that a rule leaves out."""
        feed = b"".join(os.fsencode(folder) + b"\0" for folder in folders)
        try:
            said = self._repository.run(
                ("check-ignore", "-z", "--stdin", "--no-index"), tree=self._root, index=self._index, feed=feed
            )
        except SnapshotError:  # how it says that none is
            return set()
        return set(_names(said))

    def _others(self, *flags: str) -> list[str]:
        return _names(self._git("ls-files", "-o", "-z", *self._rules(), *flags))

    def _of_nested(self, prefix: str) -> list[str]:
        """The files of a nested repository: by its own rules, whatever is known of it already."""
        folder = self._root / prefix
        rules = ["--exclude-standard", *_exclude_files(folder)]
        nothing = self._repository.folder / "no-index"
        return _names(self._repository.run(("ls-files", "-o", "-z", *rules), tree=folder, index=nothing))

    def _rules(self) -> tuple[str, ...]:
        if self._excludes is None:
            self._excludes = ("--exclude-standard", *OURS, *_exclude_files(self._root))
        return self._excludes

    def _theirs(self) -> Path | None:
        """Where the user's index lies; asked again until there is one."""
        if self._their_path is None:
            said = git.lines(("rev-parse", "--git-path", "index"), folder=self._root).decode(
                "utf-8", "replace"
            )
            self._their_path = self._root / said.strip() if said.strip() else None
        return self._their_path

    def _git(self, *arguments: str | bytes) -> bytes:
        return self._repository.run(arguments, tree=self._root, index=self._index)


def _exclude_files(folder: Path) -> list[str]:
    """The user's rules that lie outside of the work tree: of this repository, and of all."""
    said = (
        git.lines(("rev-parse", "--git-path", "info/exclude"), folder=folder)
        .decode("utf-8", "replace")
        .strip()
    )
    everywhere = git.lines(("config", "--type=path", "--get", "core.excludesFile"), folder=folder)
    found = [folder / said] if said else []
    found.append(Path(os.fsdecode(everywhere).strip()) if everywhere.strip() else _standard_excludes())
    return [f"--exclude-from={path}" for path in found if path.is_file()]


def _standard_excludes() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "git" / "ignore"


def has_files(root: Path, folders: Sequence[str]) -> bool:
    """Whether anything but folders lies in `folders`; True also when there is too much to look at."""
    left = LOOKED_INTO
    ahead = [root / folder for folder in folders]
    while ahead:
        folder = ahead.pop()
        for entry in _entries(folder):
            if folder == root / ".cairn" and (entry.name in _CAIRN or entry.name.startswith(".MEMORY.md.")):
                continue
            left -= 1
            if left < 0 or not entry.is_dir(follow_symlinks=False) or entry.name == ".git":
                return True
            ahead.append(Path(entry.path))
    return False


def why_not(root: Path, path: str, largest: int) -> str | None:
    """Why a file is not recorded; "" when it is, None when it is not there (any more)."""
    full = root / path
    try:
        status = full.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if stat.S_ISLNK(status.st_mode):
        return ""
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return "it is no ordinary file"
    if status.st_size > largest:
        return f"it has {status.st_size / 1_000_000:.1f} MB, more than {largest / 1_000_000:g}"
    return "" if os.access(full, os.R_OK) else "it may not be read"


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]
