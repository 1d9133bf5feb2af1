"""Several files of a work tree brought to another state at once: all of them or none, also when a kill comes between.

What is to be done is written down first. Then the new files are laid beside their places, then they take them.
A process that finds such a note when it starts carries it out to its end.
"""

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cairn_memory.errors import explain
from cairn_memory.files import sync_folder, write_atomically
from cairn_memory.snapshots.repository import SnapshotError
from cairn_memory.snapshots.states import EMPTY_FOLDER, Entry, States, oid_of, parents

JOURNAL = "rewind.json"
"""The note's name in the private folder."""
LARGEST = 200_000_000
"""Bytes of a file that is read to see what it is."""
_BATCH = 200
OTHER = Entry("", "")
"""Something stands there that no state can hold."""


@dataclass(frozen=True, slots=True)
class FileOp:
    """A path (relative) that is `before` now and is to be `after`; None: nothing is there."""

    path: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Restore:
    """What is to be done under `root`. `prune` are folders that go when they are empty then.

    `note` is what whoever asked needs to go on with after a kill.
    """

    root: Path
    ops: tuple[FileOp, ...]
    prune: tuple[str, ...] = ()
    note: Mapping[str, Any] = field(default_factory=dict[str, Any])
    token: str = field(default_factory=lambda: secrets.token_hex(6))

    def to_json(self) -> str:
        return json.dumps(
            {
                "root": str(self.root),
                "ops": [[op.path, op.before, op.after] for op in self.ops],
                "prune": list(self.prune),
                "note": dict(self.note),
                "token": self.token,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Restore":
        """What `to_json` wrote. Raises ValueError for anything else."""
        try:
            found: dict[str, Any] = json.loads(text)
            ops = tuple(
                FileOp(str(path), _entry(before), _entry(after)) for path, before, after in found["ops"]
            )
            prune = tuple(map(str, cast("list[str]", found["prune"])))
            return cls(Path(found["root"]), ops, prune, found["note"], str(found["token"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no note of a rewind: {error}") from error


def _entry(value: Sequence[str] | None) -> Entry | None:
    return None if value is None else Entry(str(value[0]), str(value[1]))


def observe(root: Path, path: str) -> Entry | None:
    """What stands at `path` now: OTHER for a folder with something in it, a device, or what cannot be read."""
    full = root / path
    try:
        status = full.lstat()
        if stat.S_ISLNK(status.st_mode):
            return Entry("120000", oid_of(os.fsencode(os.readlink(full))))
        if stat.S_ISDIR(status.st_mode):
            return OTHER if any(full.iterdir()) else EMPTY_FOLDER
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return OTHER
        mode = "100755" if status.st_mode & stat.S_IXUSR and os.name == "posix" else "100644"
        return Entry(mode, oid_of(full.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return OTHER


def same(one: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are the same where this system keeps no executable bits, too."""
    if one is None or other is None or os.name == "posix":
        return one == other
    return one.oid == other.oid and one.is_link == other.is_link and one.is_folder == other.is_folder


class Restorer:
    """Carries restores out in the work trees of one workspace; `journal` is where the note lies. Blocking."""

    def __init__(self, states: States, journal: Path) -> None:
        self._states = states
        self.journal = journal

    def obstacles(self, restore: Restore) -> dict[str, str]:
        """Why it cannot be done, by path: something there is other than it should be. No effect."""
        going = {op.path for op in restore.ops if op.before is not None and op.after is None}
        found: dict[str, str] = {}
        for op in restore.ops:
            if why := self._obstacle(restore.root, op, going):
                found[op.path] = why
        return found

    def carry_out(self, restore: Restore) -> None:
        """Does it. The note stays until `forget`: after a kill before that, `finish` goes on.

        Raises SnapshotError; then everything is as it was, or the message says that the next start finishes it.
        """
        try:
            write_atomically(self.journal, restore.to_json().encode(), mode=0o600)
        except OSError as error:
            raise _failed(error, "the rewind could not be noted down, so nothing was changed") from error
        try:
            staged = self._stage(restore, restore.ops)
        except (OSError, SnapshotError) as error:
            self._clear(restore)
            self.forget()
            raise _failed(error, "the files could not be written, so nothing was changed") from error
        try:
            self._land(restore, restore.ops, staged)
        except OSError as error:
            self._take_back(restore)
            raise _failed(
                error, "a file could not be put in its place, so all of them were put back"
            ) from error

    def pending(self) -> Restore | None:
        """What a kill interrupted; None when there is nothing, or a note that nobody can read."""
        try:
            return Restore.from_json(self.journal.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            with contextlib.suppress(OSError):
                os.replace(self.journal, self.journal.with_name(f"damaged-{self.journal.name}"))
            return None

    def finish(self, restore: Restore) -> list[str]:
        """Goes on with what a kill interrupted; the paths that somebody else changed meanwhile and that stay so.

        Raises SnapshotError; then the note stays for the next try.
        """
        self._clear(restore)
        left: list[str] = []
        todo: list[FileOp] = []
        going = {op.path for op in restore.ops if op.after is None}
        for op in restore.ops:
            if same(observe(restore.root, op.path), op.after):
                continue
            if self._obstacle(restore.root, op, going):
                left.append(op.path)
            else:
                todo.append(op)
        try:
            self._land(restore, todo, self._stage(restore, todo))
        except OSError as error:
            raise _failed(error, "a rewind that was interrupted could not be finished") from error
        return left

    def forget(self) -> None:
        """It is over: the note goes."""
        self.journal.unlink(missing_ok=True)
        sync_folder(self.journal.parent)

    def _obstacle(self, root: Path, op: FileOp, going: set[str]) -> str:
        for folder in parents(op.path):
            status = _status(root / folder)
            if status is None:
                break
            if not stat.S_ISDIR(status.st_mode) and folder not in going:
                return f"{folder} is no folder"
        now = observe(root, op.path)
        if same(now, op.before) or (
            op.after is not None and op.after.is_folder and _is_folder(root / op.path)
        ):
            return ""
        if op.before is not None and op.before.is_folder:
            return ""  # it holds something by now, and stays
        if op.before is None and _is_folder(root / op.path):
            return _in_the_way(root, op.path, going)
        return (
            "it is other than it was recorded just now"
            if op.before
            else "something that is not recorded is there"
        )

    def _stage(self, restore: Restore, ops: Sequence[FileOp]) -> dict[str, Path]:
        """Lays the new files beside their places."""
        writing = [op for op in ops if op.after is not None and not op.after.is_folder]
        staged: dict[str, Path] = {}
        for at in range(0, len(writing), _BATCH):
            batch = writing[at : at + _BATCH]
            contents = self._states.contents(op.after.oid for op in batch if op.after)
            for op in batch:
                assert op.after is not None
                staged[op.path] = target = _beside(restore, len(staged), op.path)
                target.unlink(missing_ok=True)
                _write(target, op.after, contents[op.after.oid], restore.root / op.path)
        return staged

    def _land(self, restore: Restore, ops: Sequence[FileOp], staged: Mapping[str, Path]) -> None:
        """First what goes, the innermost first, then what comes."""
        root = restore.root
        touched: set[Path] = set()
        for op in sorted(ops, key=lambda op: op.path, reverse=True):
            if op.after is None:
                _remove(root / op.path)
                touched.add((root / op.path).parent)
        for folder in sorted(restore.prune, key=lambda path: path.count("/"), reverse=True):
            _remove_if_empty(root / folder)
        for op in sorted(ops, key=lambda op: op.path):
            if op.after is None:
                continue
            target = root / op.path
            if op.after.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            _make_way(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged[op.path], target)
            touched.add(target.parent)
        for folder in sorted(touched):
            if folder.is_dir():
                sync_folder(folder)

    def _take_back(self, restore: Restore) -> None:
        """Puts back what was done already; what cannot be is left to the note and the next start."""
        undo = [
            FileOp(op.path, op.after, op.before)
            for op in restore.ops
            if op.after != op.before and same(observe(restore.root, op.path), op.after)
        ]
        back = Restore(restore.root, tuple(undo), (), {}, f"{restore.token}u")
        try:
            self._land(back, undo, self._stage(back, undo))
            self._clear(restore)
            self._clear(back)
            self.forget()
        except OSError as error:
            raise _failed(
                error,
                "a rewind failed half-way and could not be put back; the next start of Cairn finishes it",
            ) from error

    def _clear(self, restore: Restore) -> None:
        """Removes what was laid beside its place and never took it."""
        for folder in {_nearest(restore.root, op.path) for op in restore.ops}:
            for leftover in folder.glob(f".cairn-{restore.token}.*.tmp"):
                with contextlib.suppress(OSError):
                    leftover.unlink()


def _beside(restore: Restore, number: int, path: str) -> Path:
    return _nearest(restore.root, path) / f".cairn-{restore.token}.{number}.tmp"


def _nearest(root: Path, path: str) -> Path:
    """The innermost folder on the way to `path` that is there, and no link."""
    found = root
    for folder in parents(path):
        status = _status(root / folder)
        if status is None or not stat.S_ISDIR(status.st_mode):
            break
        found = root / folder
    return found


def _write(target: Path, entry: Entry, data: bytes, old: Path) -> None:
    if entry.is_link:
        os.symlink(os.fsdecode(data), target)
        return
    executable = entry.mode == "100755"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(target, flags, 0o777 if executable else 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        status = _status(old)
        if os.name == "posix" and status is not None and stat.S_ISREG(status.st_mode):
            os.fchmod(file.fileno(), _mode(stat.S_IMODE(status.st_mode), executable))
        os.fsync(file.fileno())


def _mode(old: int, executable: bool) -> int:
    """The bits of the file that was there, executable by whoever may read it, or by nobody."""
    plain = old & ~0o111
    return plain | (plain & 0o444) >> 2 if executable else plain


def _remove(path: Path) -> None:
    if _is_folder(path):
        _remove_if_empty(path)
    else:
        path.unlink(missing_ok=True)


def _remove_if_empty(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.rmdir()


def _make_way(target: Path) -> None:
    """A folder whose files all went makes room for the file that is to be there."""
    if not _is_folder(target):
        return
    for folder, _, _ in os.walk(target, topdown=False):
        _remove_if_empty(Path(folder))


def _in_the_way(root: Path, path: str, going: set[str]) -> str:
    """What lies in a folder that a file is to take the place of, and stays."""
    for folder, _, files in os.walk(root / path):
        for name in files:
            inside = (Path(folder) / name).relative_to(root).as_posix()
            if inside not in going:
                return f"{inside} lies in the folder of that name"
    return ""


def _is_folder(path: Path) -> bool:
    status = _status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _failed(error: Exception, what: str) -> SnapshotError:
    return SnapshotError(str(error) if isinstance(error, SnapshotError) else str(explain(error, what)))


def paths_of(ops: Iterable[FileOp]) -> list[str]:
    """What is changed, in order."""
    return sorted(op.path for op in ops)
