"""What one judge of the gate says of one part of a call, and the call as all judges see it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cairn_agents.gate.commands import Analysis, analyse
from cairn_agents.tools.base import Arguments, Kind, Plan
from cairn_memory.events import Action, Finding, Risk
from cairn_memory.sessions import SessionFold

STRICTNESS: dict[Action, int] = {"allow": 0, "ask": 1, "deny": 2}


@dataclass(frozen=True, slots=True)
class Opinion:
    """`part` is what it is about: a command of a pipeline, a path, the mode.

    `subjects` are what a grant must match to turn an "ask" into "allow"; none: no grant can. A grant with
    wildcards does so only where `general`, and never for what is destructive, protected or secret.
    """

    part: str
    action: Action
    reason: str = ""
    rule: str = ""
    risk: Risk = "read"
    subjects: tuple[str, ...] = ()
    general: bool = False

    @property
    def finding(self) -> Finding:
        return Finding(part=self.part, action=self.action, reason=self.reason, rule=self.rule)


@dataclass(frozen=True)
class Call:
    """A planned call. What takes work to find out is found out once, and only when a judge asks."""

    tool: str
    kind: Kind
    plan: Plan[Arguments]
    fold: SessionFold
    own: Path | None = None
    """The session's private folder."""
    path: str | None = field(default=None, repr=False)

    @cached_property
    def root(self) -> str:
        """The work tree with every link followed, as the paths of plans are."""
        return os.path.realpath(self.fold.root or ".")

    @cached_property
    def analysis(self) -> Analysis:
        return analyse(self.plan.command, self.root, self.path)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The paths as rules see them: relative to the work tree with `/`, absolute outside of it."""
        return tuple(self.shown(path) for path in self.plan.paths)

    def shown(self, path: Path) -> str:
        for root in (self.fold.root, self.root):
            try:
                return path.relative_to(root).as_posix()
            except ValueError:
                continue
        return path.as_posix()

    def is_own(self, path: Path, *names: str) -> bool:
        """Whether `path` lies in the session's private folder; with `names`, whether it is one of those files in it."""
        if self.own is None:
            return False
        if names:
            return any(path == self.own / name for name in names)
        return path.is_relative_to(self.own)


class Judge(Protocol):
    """One wrapper of the gate. It has no effect and asks nobody."""

    def __call__(self, call: Call) -> Iterable[Opinion]: ...


def is_outside(place: str) -> bool:
    """Whether a path, as `Call.places` has it, lies outside the work tree."""
    return place.startswith("/") or place[1:3] == ":/"
