"""A contract made of a few answers, for clients that ask one thing after the other: the same file that a person would write."""

import json
from collections.abc import Collection
from typing import Literal, get_args

FAILURES = 10
"""So many calls in a row may fail."""

InAdvance = Literal["write", "run", "network", "outside", "secret", "memory"]
"""What may be allowed in advance. What destroys, or is protected, may not; what only reads is seldom asked about."""


CLASSES: dict[InAdvance, str] = {
    "write": "Change files of the workspace",
    "run": "Run commands",
    "network": "Reach the network",
    "outside": "Reach outside of the workspace or the sandbox",
    "secret": "Touch secrets",
    "memory": "Change what is remembered",
}
"""Each as it is offered to a person."""
USUAL: tuple[InAdvance, ...] = ("write", "run")
OTHERWISE: dict[Literal["ask", "deny"], str] = {"deny": "Deny it, and go on", "ask": "Wait for me"}
HOURS, USD = 8, 0


def draft(
    goal: str, allowed: Collection[InAdvance], otherwise: Literal["ask", "deny"], seconds: float, usd: float
) -> str:
    """The TOML text: `allowed` classes are answered with yes, the others `otherwise`. 0 `usd` leaves that limit to the settings."""
    answers = [f'{risk} = "{"allow" if risk in allowed else otherwise}"' for risk in get_args(InAdvance)]
    return "\n".join(
        (
            f"goal = {_string(goal)}",
            f"[stop]\nfailures = {FAILURES}",
            f"[budget]\nseconds = {seconds:.1f}\nusd = {usd:.2f}",
            "[answers]",
            *answers,
            "",
        )
    )


def _string(text: str) -> str:
    """As TOML has strings: JSON's, but for DEL, which it wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
