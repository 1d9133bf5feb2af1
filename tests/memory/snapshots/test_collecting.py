"""Recorded states go by age, by size, and with their session; what others need stays."""

import time
from pathlib import Path

import pytest

from cairn_memory.snapshots import Repository, SnapshotError, States, WorkTree
from cairn_memory.snapshots.collecting import Limits, collect, forget, remembers, size_of


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    root = tmp_path / "work"
    root.mkdir()
    return WorkTree(Repository(tmp_path / "snapshots.git"), root)


def taken(tree: WorkTree, session: str, text: str) -> tuple[str, str]:
    """A state, and the name of the object with `text`."""
    (tree.root / "a.txt").write_text(text)
    commit = tree.take(session).commit
    return commit, States(tree.repository).all(commit)["a.txt"].oid


def there(tree: WorkTree, oid: str) -> bool:
    try:
        tree.repository.run(("cat-file", "-e", oid))
    except SnapshotError:
        return False
    return True


def test_with_a_session_its_states_go_and_no_bytes_of_them_stay(tree: WorkTree) -> None:
    gone, secret = taken(tree, "going", "only this session saw it\n")
    kept, other = taken(tree, "staying", "everybody knows\n")
    assert remembers(tree.repository.folder, "going")
    forget(tree.repository.folder, "going")
    assert not remembers(tree.repository.folder, "going")
    assert not there(tree, gone) and not there(tree, secret)
    assert there(tree, kept) and there(tree, other)
    forget(tree.repository.folder, "going")
    assert taken(tree, "later", "it goes on\n")[0]


def test_old_states_go_and_new_ones_stay(tree: WorkTree) -> None:
    old, _ = taken(tree, "s", "one\n")
    in_a_month = time.time() + 40 * 86_400
    assert collect(tree.repository, Limits(keep_days=30)) == 0
    assert there(tree, old)
    assert collect(tree.repository, Limits(keep_days=30), now=in_a_month) == 1
    assert not remembers(tree.repository.folder, "s")


def test_what_is_too_much_goes_the_oldest_first(tree: WorkTree) -> None:
    import random

    random.seed(1)
    commits = [taken(tree, "s", random.randbytes(700_000).hex())[0] for _ in range(6)]
    assert size_of(tree.repository.folder) > 3_000_000
    collect(tree.repository, Limits(keep_mb=2))
    assert size_of(tree.repository.folder) < 2_500_000
    kept = {commit for each in tree.repository.kept("s").values() for commit in each}
    assert kept and kept < set(commits)
