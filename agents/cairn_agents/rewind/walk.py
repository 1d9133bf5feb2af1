"""Takes an agent's changes out of the files of today, the newest first, and leaves alone what others did between and after.

What the agent did to one file in a row is one change. Files are followed through renames. A change that touches what
somebody else changed since is an overlap: then nothing is to be done at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn_agents.rewind.merging import Clash, merge
from cairn_agents.rewind.timeline import Span
from cairn_memory.snapshots import Change, Entry, States
from cairn_memory.snapshots.restoring import FileOp, same
from cairn_memory.snapshots.states import Pair, oid_of, parents


@dataclass(frozen=True, slots=True)
class Overlap:
    """A file where the agent's change cannot be taken out: why, and the places. `steps` are the agent's."""

    path: str
    why: str
    steps: tuple[int, ...]
    clashes: tuple[Clash, ...] = ()


@dataclass
class Planned:
    """What is to be done so that the spans are taken back. `kept` are files where later work of others stays."""

    ops: list[FileOp] = field(default_factory=list[FileOp])
    prune: list[str] = field(default_factory=list[str])
    kept: list[str] = field(default_factory=list[str])
    overlaps: list[Overlap] = field(default_factory=list[Overlap])
    left: list[str] = field(default_factory=list[str])


@dataclass
class _Chain:
    """What the agent did to one file in a row: `top` at `path` after it, `bottom` at `old` before it."""

    path: str
    top: Entry | None
    old: str
    bottom: Entry | None
    steps: list[int]
    place: str | None
    """Where it lies now; None: others deleted it."""


def plan(states: States, spans: Sequence[Span], now: str) -> Planned:
    """What takes back `spans`, which are in order, from the state `now` (a commit). Blocking. Raises SnapshotError."""
    return _Walk(states, now).back(spans)


class _Walk:
    def __init__(self, states: States, now: str) -> None:
        self._states = states
        self._now = now
        self._files = states.all(now)
        self._current: dict[str, Entry | None] = {}
        self._place: dict[str, str | None] = {}
        """What a file of the moment that the walk has come to is called now; None: others deleted it."""
        self._chains: dict[str, _Chain] = {}
        self._planned = Planned()
        self._kept: set[str] = set()
        self._born: dict[str, str] = {}
        """Files the agent made, each with the state before that."""
        self._contents: dict[str, bytes] = {}

    def back(self, spans: Sequence[Span]) -> Planned:
        for span, agent, others in reversed(list(self._deltas(spans))):
            self._others(others)
            own = [each for each in agent if not span.path or span.path in (each.path, each.old)]
            self._others([each for each in agent if each not in own])
            self._agent(span, own)
        for path in list(self._chains):
            self._flush(path)
        return self._result()

    def _deltas(self, spans: Sequence[Span]) -> list[tuple[Span, list[Change], list[Change]]]:
        """Each span with what the agent changed in it, and what others changed after it."""
        pairs: list[Pair] = []
        for index, span in enumerate(spans):
            following = spans[index + 1].before if index + 1 < len(spans) else self._now
            pairs += [Pair(span.before, span.after), Pair(span.after, following)]
        found = self._states.changes(pairs)
        return [(span, found[2 * index], found[2 * index + 1]) for index, span in enumerate(spans)]

    # --- one change of others, one of the agent -------------------------------------------

    def _others(self, changes: Sequence[Change]) -> None:
        places: dict[str, str | None] = {}
        come: list[str] = []
        for each in changes:
            for path in filter(None, (each.path, each.old)):
                self._flush(path)
            if each.old:
                places[each.old] = self._place.get(each.path, each.path)
                come.append(each.path)
            elif each.after is None:
                places[each.path] = None
            elif each.before is None:
                come.append(each.path)
        for path in come:
            self._place.pop(path, None)
        self._place.update(places)

    def _agent(self, span: Span, changes: Sequence[Change]) -> None:
        unrecorded = {**self._states.meta(span.before).left_out, **self._states.meta(span.after).left_out}
        for each in sorted(
            changes, key=lambda each: not each.old
        ):  # what a renamed file replaced comes after it
            if each.path in unrecorded:
                self._planned.left.append(f"{each.path}: {unrecorded[each.path]}")
                continue
            old = each.old or each.path
            place = self._place.get(each.path, each.path)
            if each.before is None or each.old:
                self._born[each.path] = span.before
                self._place.pop(each.path, None)
            chain = self._chains.pop(each.path, None)
            if chain is not None and chain.bottom == each.after and (not each.old or old not in self._chains):
                chain.old, chain.bottom = old, each.before
                chain.steps.append(span.step)
                self._chains[old] = chain
                continue
            if chain is not None:
                self._chains[each.path] = chain
                self._flush(each.path)
            self._flush(old)
            self._chains[old] = _Chain(each.path, each.after, old, each.before, [span.step], place)
            if each.old and any(other.path == each.path and not other.old for other in changes):
                self._flush(old)

    # --- a chain taken out of what is there now ---------------------------------------------

    def _flush(self, path: str) -> None:
        chain = self._chains.pop(path, None)
        if chain is None or (chain.path == chain.old and chain.top == chain.bottom):
            return
        if chain.top is None:
            self._come_back(chain)
        elif chain.bottom is None:
            self._go(chain)
        else:
            self._change_back(chain, chain.top, chain.bottom)

    def _come_back(self, chain: _Chain) -> None:
        """The agent deleted it."""
        now = self._at(chain.old)
        if now is None:
            self._current[chain.old] = chain.bottom
        elif not same(now, chain.bottom) and not (chain.bottom and chain.bottom.is_folder):
            self._overlap(chain, chain.old, "the agent deleted it, and something else stands there now")
        self._place.pop(chain.old, None)

    def _go(self, chain: _Chain) -> None:
        """The agent made it."""
        place = chain.place
        self._place.pop(chain.old, None)
        if place is None:
            return
        if place != chain.path:
            self._overlap(chain, place, f"the agent made it as {chain.path}, and it was renamed since")
        elif same(self._at(place), chain.top):
            self._current[place] = None
        elif not (chain.top and chain.top.is_folder):
            self._overlap(chain, place, "the agent made it, and it was changed since", chain.top, None)

    def _change_back(self, chain: _Chain, top: Entry, bottom: Entry) -> None:
        place = chain.place
        if place is None:
            self._place[chain.old] = None
            return
        merged = self._merged(chain, place, top, bottom)
        if merged is None:
            return
        if chain.path == chain.old or place != chain.path:
            self._current[place] = merged
            self._place[chain.old] = place
        elif self._at(chain.old) is not None:
            self._overlap(
                chain, chain.old, f"the agent renamed it to {chain.path}, and another file stands there now"
            )
        else:
            self._current[place], self._current[chain.old] = None, merged
            self._place.pop(chain.old, None)

    def _merged(self, chain: _Chain, place: str, top: Entry, bottom: Entry) -> Entry | None:
        now = self._at(place)
        if same(now, top):
            return bottom
        if now is None:
            self._overlap(chain, place, "it is not there any more")
            return None
        mode = _merged_mode(now.mode, top.mode, bottom.mode)
        whole = any(entry.is_link or entry.is_folder for entry in (now, top, bottom))
        if mode is None or (whole and top.oid != bottom.oid and now.oid not in (top.oid, bottom.oid)):
            self._overlap(chain, place, "what it is was changed by both")
            return None
        if whole:
            return Entry(mode, now.oid if top.oid == bottom.oid else bottom.oid)
        base, ours, theirs = (self._bytes(entry) for entry in (top, now, bottom))
        merged = merge(base, ours, theirs, self._states.compare)
        if merged.clashes:
            self._overlap(chain, place, "both changed the same lines", clashes=merged.clashes)
            return None
        self._kept.add(place)
        oid = oid_of(merged.data)
        self._contents[oid] = merged.data
        return Entry(mode, oid)

    # --- small things -------------------------------------------------------------------------

    def _at(self, path: str) -> Entry | None:
        if path in self._current:
            return self._current[path]
        return self._files.get(path)

    def _bytes(self, entry: Entry) -> bytes:
        if entry.oid not in self._contents:
            self._contents.update(self._states.contents([entry.oid]))
        return self._contents[entry.oid]

    def _overlap(
        self,
        chain: _Chain,
        path: str,
        why: str,
        base: Entry | None = None,
        theirs: Entry | None = None,
        clashes: tuple[Clash, ...] = (),
    ) -> None:
        if (
            base is not None
            and not base.is_link
            and theirs is None
            and (now := self._at(path))
            and not now.is_link
        ):
            clashes = merge(self._bytes(base), self._bytes(now), b"", self._states.compare).clashes
        steps = tuple(sorted({step for step in chain.steps if step}))
        self._planned.overlaps.append(Overlap(path, why, steps, clashes))

    def _result(self) -> Planned:
        planned = self._planned
        for path, entry in sorted(self._current.items()):
            before = self._files.get(path)
            if not same(before, entry):
                planned.ops.append(FileOp(path, before, entry))
        for entry in {op.after for op in planned.ops if op.after}:
            if entry.oid in self._contents:
                self._states.store(self._contents[entry.oid])
        planned.kept = sorted(self._kept)
        planned.prune = self._new_folders([op.path for op in planned.ops if op.after is None])
        planned.left = list(dict.fromkeys(planned.left))
        return planned

    def _new_folders(self, going: Sequence[str]) -> list[str]:
        """The folders of files that go which were not there before the agent made those files."""
        wanted: dict[str, set[str]] = {}
        for path in going:
            if path in self._born:
                wanted.setdefault(self._born[path], set()).update(parents(path))
        found = [folders - self._states.folders(commit, folders) for commit, folders in wanted.items()]
        return sorted(set[str]().union(*found))


def _merged_mode(now: str, top: str, bottom: str) -> str | None:
    """The mode with the agent's change of it taken out; None when both changed it."""
    if top == bottom:
        return now
    return bottom if now in (top, bottom) else None
