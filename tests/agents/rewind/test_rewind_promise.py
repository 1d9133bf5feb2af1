"""Whatever an agent, its shell and the user did to the same files: after a rewind every edit of the user stands and none
of the agent's does, or it refused and nothing was changed.

Each line that somebody writes is one of a kind, so that it can be told whose it is wherever it ends up.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cairn_agents.rewind.timeline import Span
from cairn_agents.rewind.walk import plan
from cairn_memory.snapshots import Repository, States, WorkTree
from cairn_memory.snapshots.restoring import Restore, Restorer

NAMES = ("a.txt", "src/b.txt", "src/deep/c.txt")
names = st.sampled_from(NAMES)
edits = st.tuples(names, st.integers(0, 20), st.integers(0, 2), st.integers(0, 2))
"""A file, the line where it is changed, how many lines are put there, and how many it takes the place of."""
Edit = tuple[str, int, int, int]


class Rewinding(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="rewinding-"))
        self.root = self.folder / "work"
        self.root.mkdir()
        repository = Repository(self.folder / "snapshots.git")
        self.tree = WorkTree(repository, self.root)
        self.states = States(repository)
        self.restorer = Restorer(self.states, self.folder / "rewind.json")
        self.spans: list[Span] = []
        self.count = 0
        self.written: set[str] = set()
        """Lines that were there at the beginning, or that the user wrote."""
        self.removed: set[str] = set()
        """Those that the user took out."""
        self.files_deleted = False

    @initialize(lengths=st.lists(st.integers(8, 20), min_size=len(NAMES), max_size=len(NAMES)))
    def begin(self, lengths: list[int]) -> None:
        for name, length in zip(NAMES, lengths, strict=True):
            self.put(name, begun := [f"begin {name} {line}" for line in range(length)])
            self.written.update(begun)

    def teardown(self) -> None:
        if self.spans:
            self.rewind()
        shutil.rmtree(self.folder)

    # --- whoever changes something ------------------------------------------------------------

    @rule(step=edits, later=st.lists(edits, min_size=1, max_size=3))
    def agent_edits_then_user(self, step: Edit, later: list[Edit]) -> None:
        before = self.take()
        self.change("agent", *step)
        self.span(before, step[0])
        self.user_edits(later)

    @rule(
        step=st.lists(edits, min_size=1, max_size=2),
        gone=st.none() | names,
        renamed=st.none() | st.tuples(names, names),
        later=st.lists(edits, max_size=3),
    )
    def agent_runs_a_command_then_user(
        self, step: list[Edit], gone: str | None, renamed: tuple[str, str] | None, later: list[Edit]
    ) -> None:
        before = self.take()
        for edit in step:
            self.change("agent", *edit)
        if gone:
            (self.root / gone).unlink(missing_ok=True)
        if renamed:
            self.rename(*renamed)
        self.span(before)
        self.user_edits(later)

    @rule(name=names)
    def user_deletes(self, name: str) -> None:
        if (self.root / name).exists():
            self.removed.update((self.root / name).read_text().splitlines())
            (self.root / name).unlink()
            self.files_deleted = True

    @rule(name=names, other=names)
    def user_renames(self, name: str, other: str) -> None:
        self.rename(name, other)

    def user_edits(self, edits: list[Edit]) -> None:
        for edit in edits:
            self.change("user", *edit)

    # --- what must hold -------------------------------------------------------------------------

    def rewind(self) -> None:
        today = self.files()
        now = self.take()
        planned = plan(self.states, self.spans, now)
        restore = Restore(self.root, tuple(planned.ops), tuple(planned.prune))
        obstacles = self.restorer.obstacles(restore)
        if planned.overlaps or obstacles:
            assert self.files() == today
            event("refused")
            return
        self.restorer.carry_out(restore)
        self.restorer.forget()
        after = self.files()
        assert [line for line in lines(after) if line.startswith("agent")] == []
        assert owned(today, "user") - owned(after, "user") == set(), "a line of the user is lost"
        stand = set(lines(after))
        assert stand & self.removed == set(), "what the user took out came back"
        if not self.files_deleted:
            assert stand == self.written - self.removed, "what the agent took out did not come back"
        event("taken back")
        left = self.take()
        back = plan(self.states, [Span(1, 0, "", "rewind", now, left)], left)
        assert back.overlaps == []
        self.restorer.carry_out(Restore(self.root, tuple(back.ops), tuple(back.prune)))
        self.restorer.forget()
        assert self.files() == today, "it was put back"

    @invariant()
    def nothing_is_left_beside(self) -> None:
        assert not list(self.root.rglob("*.tmp"))

    # --- how it is done -------------------------------------------------------------------------

    def take(self) -> str:
        return self.tree.take("s").commit

    def span(self, before: str, path: str = "") -> None:
        number = len(self.spans) + 1
        self.spans.append(Span(number, number, f"c{number}", "call", before, self.take(), path))

    def change(self, who: str, name: str, at: int, length: int, replaced: int) -> None:
        path = self.root / name
        had = path.read_text().splitlines() if path.is_file() else []
        at = min(at, len(had))
        new = [self.fresh(who) for _ in range(length)]
        if who == "user":
            self.written.update(new)
            self.removed.update(had[at : at + replaced])
        if new or replaced:
            self.put(name, [*had[:at], *new, *had[at + replaced :]])

    def fresh(self, who: str) -> str:
        self.count += 1
        return f"{who} {self.count}"

    def put(self, name: str, content: list[str]) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in content))

    def rename(self, name: str, other: str) -> None:
        if (self.root / name).is_file() and not (self.root / other).exists():
            (self.root / other).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).rename(self.root / other)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


def lines(files: dict[str, bytes]) -> list[str]:
    return [line for data in files.values() for line in data.decode().splitlines()]


def owned(files: dict[str, bytes], who: str) -> set[str]:
    return {line for line in lines(files) if line.startswith(who)}


def searched(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
        derandomize=examples < 100,
        phases=(
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ),  # what it finds is short, and shrinking it takes minutes
    )


class LongRewinding(Rewinding):
    pass


Rewinding.TestCase.settings = searched(80, 6)
LongRewinding.TestCase.settings = searched(300, 9)
TestRewinding = Rewinding.TestCase
TestLongRewinding = pytest.mark.chaos(pytest.mark.timeout(1_500)(LongRewinding.TestCase))
