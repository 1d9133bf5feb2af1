"""No sandbox: a command runs as the user, without the keys of models. The gate asks for more then."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cairn_agents.sandbox.base import Grant, Kind, Launch
from cairn_agents.tools.shell import environment


def unheld(command: Sequence[str], withheld: Collection[str]) -> Launch:
    """`command` as the user would start it."""
    return Launch(tuple(command), environment(os.environ, withheld))


@dataclass(frozen=True, slots=True)
class Unheld:
    """`note` says why there is no sandbox, for the person who is asked about each command."""

    note: str
    withheld: Collection[str] = ()
    kind: Kind = "none"

    async def launch(self, command: Sequence[str], grant: Grant) -> Launch:
        return unheld(command, self.withheld)

    async def tidy(self, launch: Launch) -> list[str]:
        return []

    async def settled(self) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing is held."""
