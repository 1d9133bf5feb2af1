"""Shell commands, taken apart: what only reads runs unasked, everything else has a reason and a class of risk."""

from cairn_agents.gate.commands.analysis import Analysis, Part, analyse

__all__ = ["Analysis", "Part", "analyse"]
