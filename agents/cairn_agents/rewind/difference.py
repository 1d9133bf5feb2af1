"""What an agent changed, file by file: its own changes, those in a row as one, without what others did between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cairn_agents.rewind.merging import is_binary
from cairn_agents.rewind.timeline import Span
from cairn_memory.bounds import cut
from cairn_memory.snapshots import Change, Entry, States
from cairn_memory.snapshots.states import Pair

FILES = 2_000
"""Files of one answer; the others are counted."""
SHOWN = 60_000
"""Characters of one file's hunks."""
LARGEST = 2_000_000
"""Bytes of a file that is compared."""
ALTOGETHER = 2_000_000
"""Characters of all hunks of one answer."""

How = Literal["added", "deleted", "changed", "renamed", "mode"]


@dataclass
class Changed:
    """A change of the agent to one file, in `steps`. `old` is what it was called before, `hunks` a unified diff without head.

    `added` and `removed` count lines; of a `binary` file there are no hunks.
    """

    path: str
    old: str
    before: Entry | None
    after: Entry | None
    steps: list[int] = field(default_factory=list[int])
    hunks: str = ""
    added: int = 0
    removed: int = 0
    binary: bool = False

    @property
    def how(self) -> How:
        if self.before is None:
            return "added"
        if self.after is None:
            return "deleted"
        if self.old != self.path:
            return "renamed"
        return "mode" if self.before.oid == self.after.oid else "changed"


def differences(states: States, spans: Sequence[Span]) -> tuple[list[Changed], int]:
    """What the spans changed, in the order of the paths, and how many files more. Blocking. Raises SnapshotError."""
    pairs = [Pair(span.before, span.after) for span in spans]
    found: list[Changed] = []
    newest: dict[str, Changed] = {}
    for span, changes in zip(spans, states.changes(pairs), strict=True):
        own = [each for each in changes if not span.path or span.path in (each.path, each.old)]
        for each in sorted(own, key=lambda each: each.path):
            _take(found, newest, span, each)
    kept = [each for each in found if each.before != each.after or each.old != each.path]
    kept.sort(key=lambda each: each.path)
    left = ALTOGETHER
    for each in kept[:FILES]:
        _fill(states, each, left)
        left -= len(each.hunks)
    return kept[:FILES], max(len(kept) - FILES, 0)


def _take(found: list[Changed], newest: dict[str, Changed], span: Span, change: Change) -> None:
    """Adds a change to the one before it of the same file, when nobody was between."""
    old = change.old or change.path
    earlier = newest.pop(old, None)
    if earlier is not None and earlier.after == change.before:
        earlier.path, earlier.after = change.path, change.after
        earlier.steps += [span.step] if span.step not in earlier.steps else []
        newest[change.path] = earlier
        return
    made = Changed(change.path, old, change.before, change.after, [span.step])
    found.append(made)
    newest[change.path] = made


def _fill(states: States, changed: Changed, room: int) -> None:
    entries = [each for each in (changed.before, changed.after) if each and not each.is_folder]
    contents = states.contents(each.oid for each in entries)
    before, after = (
        contents.get(each.oid, b"") if each and not each.is_folder else b""
        for each in (changed.before, changed.after)
    )
    if before == after:
        return
    changed.binary = is_binary(before) or is_binary(after) or max(len(before), len(after)) > LARGEST
    if changed.binary:
        return
    hunks = states.unified(before, after)
    changed.added = sum(1 for line in _lines(hunks) if line.startswith("+"))
    changed.removed = sum(1 for line in _lines(hunks) if line.startswith("-"))
    changed.hunks = cut(hunks, max(min(SHOWN, room), 200))


def _lines(hunks: str) -> Iterator[str]:
    return iter(hunks.split("\n"))
