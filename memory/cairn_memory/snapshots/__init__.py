"""States of a work tree, kept in a git repository of our own beside the user's, and files put back from them."""

from cairn_memory.snapshots.repository import Repository, SnapshotError
from cairn_memory.snapshots.states import ABSENT, Change, Entry, Meta, States
from cairn_memory.snapshots.tree import Snapshot, WorkTree

__all__ = [
    "ABSENT",
    "Change",
    "Entry",
    "Meta",
    "Repository",
    "Snapshot",
    "SnapshotError",
    "States",
    "WorkTree",
]
