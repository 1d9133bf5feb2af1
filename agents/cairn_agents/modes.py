"""Modes: what a primary agent may do at all, whatever the rules say."""

from dataclasses import dataclass
from typing import Literal

from cairn_agents.tools.base import Kind

ModeName = Literal["build", "plan", "propose"]


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode allows kinds of effects; its prompt is `prompts/<name>.md`.

    What `propose` writes is kept as a proposal (`tools/proposed`): no file changes before a person says so.
    `offered` are the kinds of the tools that the model is told of: some of them the gate lets do only a little.
    """

    name: ModeName
    kinds: frozenset[Kind]
    offered: frozenset[Kind]

    def allows(self, kind: Kind) -> bool:
        """Whether all calls of this kind have a place in the mode; else the gate looks at each."""
        return kind in self.kinds


_ALL = frozenset[Kind](("read", "write", "run", "note"))

MODES: dict[ModeName, Mode] = {
    "build": Mode("build", _ALL, _ALL),
    "plan": Mode("plan", frozenset[Kind](("read", "note")), _ALL),
    "propose": Mode("propose", frozenset[Kind](("read", "write", "note")), _ALL),
}
