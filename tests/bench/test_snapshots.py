"""What recording the state of a work tree of 50,000 files costs: the first time, unchanged, with one file changed.

Run on a quiet machine: `pytest -s -m bench tests/bench/test_snapshots.py`.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cairn_memory.snapshots import Repository, WorkTree

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

FILES = 50_000
ROUNDS = 15


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> WorkTree:
    folder = tmp_path_factory.mktemp("large")
    for number in range(FILES):
        path = folder / "work" / f"d{number // 1_000}" / f"s{number // 100 % 10}" / f"f{number}.py"
        if number % 100 == 0:
            path.parent.mkdir(parents=True)
        path.write_text(f"def f{number}():\n    return {number}\n" * 20)
    return WorkTree(Repository(folder / "snapshots.git"), folder / "work")


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1_000


def test_a_state_of_fifty_thousand_files_costs_less_than_300_ms(tree: WorkTree) -> None:
    first = milliseconds(lambda: tree.take("s"))
    same = [milliseconds(lambda: tree.take("s")) for _ in range(ROUNDS)]
    changed: list[float] = []
    for number in range(ROUNDS):
        file: Path = tree.root / "d1/s1" / f"f{1_100 + number}.py"
        file.write_text(f"# changed {number}\n")
        changed.append(milliseconds(lambda: tree.take("s")))
    print(
        f"\n{FILES:,} files: first {first:,.0f} ms; unchanged {statistics.median(same):.0f} ms "
        f"(worst {max(same):.0f}); one changed {statistics.median(changed):.0f} ms (worst {max(changed):.0f})"
    )
    assert statistics.median(changed) < 300
