"""The judge of what a command wants beyond the sandbox: the network, or no sandbox at all."""

from cairn_agents.gate.rules import NETWORK, UNSANDBOXED
from cairn_agents.tools.base import Demand
from cairn_memory.events import Risk

SUFFIXES: dict[Demand, str] = {"network": NETWORK, "unsandboxed": UNSANDBOXED}
RISKS: dict[Demand, Risk] = {"network": "network", "unsandboxed": "outside"}
REASONS: dict[Demand, str] = {
    "network": "it asks for the network",
    "unsandboxed": "it asks to run outside the sandbox, with all that you may do",
}


def strongest(demands: tuple[Demand, ...]) -> Demand | None:
    """The demand that includes the others; None when there is none."""
    return "unsandboxed" if "unsandboxed" in demands else "network" if "network" in demands else None
