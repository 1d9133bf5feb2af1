"""What all params and results share: names, their bounds, and how strictly they are read."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

VERSION = 1
"""Raised when a client of the version before could no longer work."""

Id = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(max_length=2_000)]
Words = Annotated[str, Field(max_length=1_000_000)]


class Wire(BaseModel):
    """Base of all params and results: unknown fields are an error the sender is told about."""

    # Built when first used: no host waits at its start for methods that nobody calls.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Nothing(Wire):
    """No params, or no result."""
