"""The unattended contract, shown before a run begins with it: what is answered for the user, and when it stops."""

import sys
from typing import Any

from cairn_server.terminal.choices import Choices, read_contract
from cairn_server.terminal.connection import Connection
from cairn_server.terminal.exits import USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line


def agree(connection: Connection, choices: Choices, prompt: str | None) -> str:
    """Has the host check the contract and says on stderr what it means. What there is to do: `prompt`, or its goal.

    Raises CommandFailed when something in it is wrong, or nobody says what there is to do.
    """
    assert choices.contract is not None
    if choices.contract == "none":
        raise CommandFailed("--contract none is for resume: a new run has no contract to take away", USAGE)
    found: dict[str, Any] = connection.request("cairn/gate/contract", read_contract(choices.contract))
    goal = (prompt or "").strip() or found["goal"]
    if not goal.strip():
        raise CommandFailed(f"{choices.contract}: goal: missing; add it, or say what there is to do", USAGE)
    for line in (f"contract {choices.contract}", *(f"  {each}" for each in found["lines"])):
        print(one_line(line) if not line.startswith("  ") else f"  {one_line(line.strip())}", file=sys.stderr)
    return goal
