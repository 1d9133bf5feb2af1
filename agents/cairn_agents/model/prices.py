"""What a model costs and how much it holds: a table that ships with Cairn, under one the user may write."""

import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cairn_memory.events import Usage

_GLOB_BEGINS = re.compile(r"[*?\[]")


class PricesError(Exception):
    """The person reacts: their prices file cannot be used. One line with the file, the key and the fault."""


class Price(BaseModel):
    """US dollars per million tokens; `window` and `max_output` in tokens, 0 when not known.

    `send_reasoning` says that the model wants its own reasoning back with each request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    input: float = Field(default=0.0, ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    output: float = Field(default=0.0, ge=0)
    window: int = Field(default=0, ge=0)
    max_output: int = Field(default=0, ge=0)
    send_reasoning: bool = False

    def cost(self, usage: Usage) -> float:
        """Dollars for one reply. Cached tokens are part of the prompt and are counted once."""
        cached_price = self.input if self.cached_input is None else self.cached_input
        fresh = max(usage.prompt - usage.cached, 0)
        return (fresh * self.input + usage.cached * cached_price + usage.completion * self.output) / 1_000_000


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    models: dict[str, Price] = Field(default_factory=dict[str, Price])


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by glob over model names; the longest pattern that fits wins."""

    models: dict[str, Price]
    _found: dict[str, Price | None] = field(
        default_factory=dict[str, Price | None], compare=False, repr=False
    )

    @classmethod
    def load(cls, user_file: Path | None = None) -> "Prices":
        """The shipped table with the user's laid over it. Raises PricesError for a broken user file."""
        return cls({**_shipped(), **(_read(user_file) if user_file else {})})

    def cost(self, model: str, usage: Usage) -> float:
        """US dollars for one reply; 0 for a model that is not in the table."""
        price = self._find(model)
        return price.cost(usage) if price else 0.0

    def window(self, model: str) -> int | None:
        """Tokens the model's context holds, None when that is not known."""
        price = self._find(model)
        return price.window or None if price else None

    def max_output(self, model: str) -> int | None:
        """Tokens of one reply at most, None when that is not known."""
        price = self._find(model)
        return price.max_output or None if price else None

    def send_reasoning(self, model: str) -> bool:
        """Whether the model's own reasoning must go back to it (`reasoning_content`)."""
        price = self._find(model)
        return price.send_reasoning if price else False

    def _find(self, model: str) -> Price | None:
        if model not in self._found:
            self._found[model] = self._look_up(model.lower())
        return self._found[model]

    def _look_up(self, model: str) -> Price | None:
        """The entry for a name such as `gpt-5-mini`, or `openai/gpt-5-mini` at a gateway."""
        names = (model, model.rsplit("/", 1)[-1])
        fitting = [pattern for pattern in self.models if any(_fits(name, pattern.lower()) for name in names)]
        return self.models[max(fitting, key=len)] if fitting else None


def _fits(name: str, pattern: str) -> bool:
    """Whether the glob fits; its plain beginning is looked at first, since making a glob ready takes long."""
    return name.startswith(_GLOB_BEGINS.split(pattern, 1)[0]) and fnmatchcase(name, pattern)


@cache
def _shipped() -> dict[str, Price]:
    text = files("cairn_agents.model").joinpath("prices.toml").read_text(encoding="utf-8")
    return _Table.model_validate(tomllib.loads(text)).models


def _read(path: Path) -> dict[str, Price]:
    try:
        return _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).models
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PricesError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in wrong["loc"])
        raise PricesError(f"{path}: {key}: {wrong['msg']}, found {wrong['input']!r}") from error
