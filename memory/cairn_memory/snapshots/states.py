"""Recorded states read again: what is in them, how two of them differ, and the bytes of their files."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from cairn_memory.snapshots.renames import Gone, Other, moved_over
from cairn_memory.snapshots.repository import Repository, SnapshotError

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FOLDER_MODE = "040000"
RENAMES = ("-M60%", "-l2000")
_ARGUMENTS = 200
_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_PAIR = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40})\n")


class Entry(NamedTuple):
    """What stands at a path: git's mode (file, executable file, symlink, an empty folder) and the object's name."""

    mode: str
    oid: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER_MODE

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"


ABSENT: Entry | None = None
"""What stands at a path where nothing is."""
EMPTY_FOLDER = Entry(FOLDER_MODE, "")


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs between two states. With `old` it was named so before."""

    path: str
    before: Entry | None
    after: Entry | None
    old: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """What a state says beside its files: folders with nothing in them, and paths that are not in it, each with the reason."""

    empty: frozenset[str] = frozenset()
    left_out: dict[str, str] = field(default_factory=dict[str, str])

    def to_json(self) -> str:
        return json.dumps({"empty": sorted(self.empty), "left_out": dict(sorted(self.left_out.items()))})

    @classmethod
    def from_json(cls, text: str) -> "Meta":
        """What `to_json` wrote; nothing for anything else."""
        try:
            found: Any = json.loads(text)
            empty, left_out = cast("list[str]", found["empty"]), cast("dict[str, str]", found["left_out"])
            return cls(frozenset(map(str, empty)), {str(path): str(why) for path, why in left_out.items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


_Trees = tuple[str, str]


class Pair(NamedTuple):
    """Two states, each as its commit."""

    before: str
    after: str


class Hunk(NamedTuple):
    """Lines `start` to `end` of the one text are `first` to `last` of the other, counted from 0."""

    start: int
    end: int
    first: int
    last: int


class States:
    """Reads from the repository. Blocking: call it off the event loop. Every method raises SnapshotError."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._trees: dict[str, tuple[str, Meta]] = {}
        self._known: set[str] = set()

    def meta(self, commit: str) -> Meta:
        """What the state says beside its files."""
        return self._look(commit)[1]

    def tree(self, commit: str) -> str:
        return self._look(commit)[0]

    def all(self, commit: str) -> dict[str, Entry]:
        """Every file of a state, and its empty folders."""
        listed = self._repository.run(("ls-tree", "-r", "-z", "--full-tree", self.tree(commit)))
        entries: dict[str, Entry] = {}
        for line in listed.split(b"\0"):
            head, tab, path = line.partition(b"\t")
            if tab:
                mode, _, oid = head.decode().split(" ")
                entries[os.fsdecode(path)] = Entry(mode, oid)
        return {**entries, **dict.fromkeys(self.meta(commit).empty, EMPTY_FOLDER)}

    def changes(self, pairs: Sequence[Pair]) -> list[list[Change]]:
        """For each pair what differs, renames found by likeness; one call of git for all."""
        self._look_all({commit for pair in pairs for commit in pair})
        wanted = [(self.tree(pair.before), self.tree(pair.after)) for pair in pairs]
        found = self._compared([trees for trees in dict.fromkeys(wanted) if trees[0] != trees[1]])
        return [
            [*found.get(trees, []), *_folders(self.meta(pair.before), self.meta(pair.after), found.get(trees, []))]
            for pair, trees in zip(pairs, wanted, strict=True)
        ]  # fmt: skip

    def _compared(self, pairs: Sequence[_Trees]) -> dict[_Trees, list[Change]]:
        """What differs between trees, renames found."""
        if not pairs:
            return {}
        feed = "".join(f"{before} {after}\n" for before, after in pairs).encode()
        flags = ("--stdin", "-r", "--raw", "-z", "--no-abbrev", "--no-ext-diff")
        found = _parsed(self._repository.run(("diff-tree", *flags, *RENAMES), feed=feed))
        return {trees: self._with_moved(changes) for trees, changes in found.items()}

    def _with_moved(self, changes: Sequence[Change]) -> list[Change]:
        """A file that was moved over another one is told as that: the other one gone, then this one under its name."""
        gone = [
            Gone(each.path, each.before.oid)
            for each in changes
            if each.before and not each.after and _is_file(each.before)
        ]
        others = [
            Other(each.path, each.before.oid, each.after.oid)
            for each in changes
            if each.before and each.after and not each.old and each.before.oid != each.after.oid
            if _is_file(each.before) and _is_file(each.after)
        ]
        moved = moved_over(gone, others, self.contents) if gone and others else {}
        was = {each.path: each.before for each in changes}
        made: list[Change] = []
        for each in changes:
            if each.path in moved:
                made += [
                    Change(each.path, each.before, ABSENT),
                    Change(each.path, was[moved[each.path]], each.after, moved[each.path]),
                ]
            elif each.path not in moved.values():
                made.append(each)
        return made

    def contents(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of these objects."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid]
        if not wanted:
            return {}
        data = self._repository.run(
            ("cat-file", "--batch"), feed="".join(f"{each}\n" for each in wanted).encode()
        )
        found: dict[str, bytes] = {}
        at = 0
        for oid in wanted:
            end = data.index(b"\n", at)
            head = data[at:end].split(b" ")
            if len(head) != 3:
                raise SnapshotError(f"the object {oid[:12]} is not in the record of states any more")
            size = int(head[2])
            found[oid] = data[end + 1 : end + 1 + size]
            at = end + 2 + size
        return found

    def store(self, data: bytes) -> str:
        """Keeps these bytes as an object; its name."""
        return (
            self._repository.run(("hash-object", "-w", "--no-filters", "--stdin"), feed=data).decode().strip()
        )

    def folders(self, commit: str, names: Iterable[str]) -> set[str]:
        """Those of `names` that are folders in this state."""
        wanted = sorted(names)
        empty = self.meta(commit).empty
        found = {
            name for name in wanted if name in empty or any(each.startswith(f"{name}/") for each in empty)
        }
        for at in range(0, len(wanted), _ARGUMENTS):
            asked = [os.fsencode(name) for name in wanted[at : at + _ARGUMENTS]]
            flags = ("-d", "-z", "--name-only", "--full-tree", self.tree(commit), "--")
            listed = self._repository.run(("ls-tree", *flags, *asked))
            found |= {os.fsdecode(name) for name in listed.split(b"\0") if name}
        return found

    def compare(self, before: bytes, after: bytes) -> list[Hunk]:
        """How the second text differs from the first, in order, without lines around."""
        names = [self._stored(before), self._stored(after)]
        flags = (
            "-U0",
            "--no-color",
            "--text",
            "--no-ext-diff",
            "--no-textconv",
            "--histogram",
            "--no-indent-heuristic",
        )
        said = self._repository.run(("diff", *flags, *names))
        return [_hunk(found) for line in said.split(b"\n") if (found := _HEADER.match(line))]

    def unified(self, before: bytes, after: bytes) -> str:
        """The hunks of a unified diff, each with three lines around."""
        flags = ("-U3", "--no-color", "--text", "--no-ext-diff", "--no-textconv", "--histogram")
        said = self._repository.run(("diff", *flags, self._stored(before), self._stored(after)))
        at = said.find(b"\n@@ ")
        return said[at + 1 :].decode("utf-8", "replace") if at >= 0 else ""

    def _stored(self, data: bytes) -> str:
        oid = oid_of(data)
        if oid not in self._known:
            self.store(data)
            self._known.add(oid)
        return oid

    def _look(self, commit: str) -> tuple[str, Meta]:
        if commit not in self._trees:
            self._look_all({commit})
        return self._trees[commit]

    def _look_all(self, commits: set[str]) -> None:
        missing = [commit for commit in commits if commit not in self._trees]
        for commit, data in self.contents(missing).items():
            head, _, message = data.partition(b"\n\n")
            first = head.split(b"\n", 1)[0].split(b" ")
            if first[0] != b"tree":
                raise SnapshotError(f"{commit[:12]} is no recorded state")
            self._trees[commit] = first[1].decode(), Meta.from_json(message.decode("utf-8", "replace"))


def _hunk(found: re.Match[bytes]) -> Hunk:
    start, length, first, count = (
        int(found[1]),
        int(found[2] if found[2] is not None else 1),
        int(found[3]),
        int(found[4] if found[4] is not None else 1),
    )
    start -= 1 if length else 0  # an empty range is named by the line before it
    first -= 1 if count else 0
    return Hunk(start, start + length, first, first + count)


def oid_of(data: bytes) -> str:
    """The name git gives these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _parsed(output: bytes) -> dict[tuple[str, str], list[Change]]:
    """The answer of `diff-tree --stdin --raw -z`: a line for each pair, then its records."""
    tokens = iter(output.split(b"\0"))
    found: dict[tuple[str, str], list[Change]] = {}
    now: list[Change] = []
    for token in tokens:
        while head := _PAIR.match(token):
            now = found.setdefault((head[1].decode(), head[2].decode()), [])
            token = token[head.end() :]
        if not token.startswith(b":"):
            continue
        old_mode, mode, old_oid, oid, status = token[1:].decode().split(" ")
        path = os.fsdecode(next(tokens))
        old = ""
        if status[0] in "RC":
            old, path = path, os.fsdecode(next(tokens))
        before = Entry(old_mode, old_oid) if old_mode != "000000" else ABSENT
        now.append(Change(path, before, Entry(mode, oid) if mode != "000000" else ABSENT, old))
    return found


def _is_file(entry: Entry) -> bool:
    return not entry.is_link and not entry.is_folder


def _folders(before: Meta, after: Meta, files: Sequence[Change]) -> list[Change]:
    """Empty folders that came or went; one that holds something now, or did, is told by its files."""
    filled = {folder for each in files if each.after for folder in parents(each.path)}
    filled |= {folder for path in after.empty for folder in parents(path)}
    emptied = {folder for each in files if each.before for folder in parents(each.old or each.path)}
    emptied |= {folder for path in before.empty for folder in parents(path)}
    gone = [Change(path, EMPTY_FOLDER, ABSENT) for path in sorted(before.empty - after.empty - filled)]
    come = [Change(path, ABSENT, EMPTY_FOLDER) for path in sorted(after.empty - before.empty - emptied)]
    return gone + come


def parents(path: str) -> list[str]:
    """The folders that a path lies in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]
