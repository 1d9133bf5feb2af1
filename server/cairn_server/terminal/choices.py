"""What the command line says of a run, and what follows from it."""

import os
from argparse import Namespace
from typing import Any, NamedTuple

from cairn_server.terminal.screen import has_person, is_live


class Manner(NamedTuple):
    """How to follow. `answers`: a person is at the keys. `approve`: questions are answered with yes.

    `streams`: text is of use as it comes. `hints`: say at the end how to go on.
    """

    answers: bool
    approve: bool = False
    streams: bool = False
    hints: bool = True


class Choices(NamedTuple):
    """None leaves a setting to the environment, then to the host."""

    model: str | None = None
    base_url: str | None = None
    window: int | None = None
    max_steps: int | None = None
    yes: bool = False
    json: bool = False
    reasoning: bool = False

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
        chosen = {
            "model": self.model or os.environ.get("CAIRN_MODEL") or None,
            "base_url": self.base_url or os.environ.get("OPENAI_BASE_URL") or None,
            "api_key": os.environ.get("OPENAI_API_KEY") or None,
            "window": self.window,
            "max_steps": self.max_steps,
            "approve_all": self.yes,
        }
        return {name: value for name, value in chosen.items() if value is not None}
