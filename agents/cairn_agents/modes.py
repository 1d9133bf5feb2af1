"""Modes: what a primary agent may do at all, whatever the rules say."""

from dataclasses import dataclass
from typing import Literal

from cairn_agents.tools.base import Kind

ModeName = Literal["build", "plan"]


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode allows kinds of effects; its prompt is `prompts/<name>.md`."""

    name: ModeName
    kinds: frozenset[Kind]

    def allows(self, kind: Kind) -> bool:
        return kind in self.kinds


MODES: dict[ModeName, Mode] = {
    "build": Mode("build", frozenset[Kind](("read", "write", "run", "note"))),
    "plan": Mode("plan", frozenset[Kind](("read", "note"))),
}
