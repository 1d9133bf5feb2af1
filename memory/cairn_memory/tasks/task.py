"""One task, and how its number (T1.2) is read."""

import re
from dataclasses import dataclass

from cairn_memory.events import By, TaskState

FINISHED: tuple[TaskState, ...] = ("done", "abandoned")
"""States in which nothing is left to do."""

NO_NUMBER = 1_000_000
"""Stands for the last part of an id that is no number: it comes after all that are."""

NUMBER = re.compile(r"T[1-9][0-9]{0,5}(?:\.[1-9][0-9]{0,5})*")


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands. Times are Unix milliseconds; `evidence` are event numbers; `session` last worked on it."""

    id: str
    title: str
    state: TaskState = "open"
    needs: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()
    note: str = ""
    by: By = "agent"
    created: int = 0
    changed: int = 0
    session: str = ""

    @property
    def parent(self) -> str:
        return parent_of(self.id)

    @property
    def finished(self) -> bool:
        return self.state in FINISHED


def parent_of(number: str) -> str:
    """T1.2 is below T1; T1 is below nothing, ""."""
    return number.rpartition(".")[0]


def depth_of(number: str) -> int:
    """T1 is at depth 1, T1.2 at depth 2."""
    return number.count(".") + 1


def place_of(number: str) -> tuple[int, str]:
    """Where a task stands among its siblings: T1.10 comes after T1.9; what is no number comes last."""
    last = number.rpartition(".")[2].removeprefix("T")
    return (
        (int(last), number) if last.isascii() and last.isdecimal() and len(last) <= 6 else (NO_NUMBER, number)
    )


def number_in(text: str) -> str:
    """The number that somebody meant: `t1.2`, `#T1.2` and ` 1.2 ` are T1.2. What is none stays as it is."""
    meant = text.strip().strip("#.:`").upper()
    meant = meant if meant.startswith("T") else f"T{meant}"
    return meant if NUMBER.fullmatch(meant) else text.strip()
