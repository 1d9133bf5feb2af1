"""What the command line says of a run, and what follows from it."""

import os
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

from cairn_server.terminal.exits import USAGE, CommandFailed
from cairn_server.terminal.screen import has_person, is_live


class Manner(NamedTuple):
    """How to follow. `answers`: a person is at the keys. `approve`: questions are answered with yes.

    `streams`: text is of use as it comes. `hints`: say at the end how to go on.
    """

    answers: bool
    approve: bool = False
    streams: bool = False
    hints: bool = True


CONTRACT = 100_000
"""Bytes of a contract's file; a longer one is none."""


def read_contract(name: str) -> dict[str, str]:
    """The wire's `ContractFile`. Raises CommandFailed when the file cannot be read."""
    if name == "none":
        return {"file": "none", "text": ""}
    try:
        with Path(name).open("rb") as file:
            data = file.read(CONTRACT + 1)
    except OSError as error:
        raise CommandFailed(
            f"{name}: cannot be read ({error.strerror}); give the contract's file", USAGE
        ) from error
    if len(data) > CONTRACT:
        raise CommandFailed(f"{name}: larger than {CONTRACT:,} bytes, so it is no contract", USAGE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandFailed(f"{name}: not UTF-8; save it as UTF-8", USAGE) from None
    if not text.strip():
        raise CommandFailed(f"{name}: empty; a contract has a goal, [stop], [budget] and [answers]", USAGE)
    return {"file": name, "text": text}


class Choices(NamedTuple):
    """None leaves a setting to the environment, then to the host."""

    model: str | None = None
    base_url: str | None = None
    window: int | None = None
    max_steps: int | None = None
    yes: bool = False
    json: bool = False
    reasoning: bool = False
    contract: str | None = None
    """The file of the unattended contract; "none" takes a session's contract away."""

    @classmethod
    def of(cls, options: Namespace) -> "Choices":
        """What of it the command line says."""
        given = vars(options)
        return cls(**{name: given[name] for name in cls._fields if given.get(name) is not None})

    @property
    def manner(self) -> Manner:
        return Manner(has_person() and not self.json, self.yes, is_live() and not self.json)

    def settings(self) -> dict[str, Any]:
        """The wire's `Settings`. The key goes to the host's memory and nowhere else."""
        chosen: dict[str, Any] = {
            "model": self.model or os.environ.get("CAIRN_MODEL") or None,
            "base_url": self.base_url or os.environ.get("OPENAI_BASE_URL") or None,
            "api_key": os.environ.get("OPENAI_API_KEY") or None,
            "window": self.window,
            "max_steps": self.max_steps,
            "approve_all": self.yes,
        }
        if self.contract is not None:
            chosen["contract"] = read_contract(self.contract)
        return {name: value for name, value in chosen.items() if value is not None}
