"""The keys there are, read from the settings' classes: `model`, `model.name`, `rules.action`, ..."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from cairn_agents.config.settings import Config, RuleSettings

Table = Mapping[str, Any]
"""A parsed TOML table."""


@cache
def tables() -> dict[str, type[BaseModel]]:
    """Every table by its dotted name; the file itself is ""."""
    found: dict[str, type[BaseModel]] = {"": Config, "rules": RuleSettings}
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found[name] = field.annotation
    return found


def keys_in(table: str) -> list[str]:
    """The dotted keys directly in `table`; none when there is no such table."""
    model = tables().get(table)
    return [f"{table}.{name}".removeprefix(".") for name in model.model_fields] if model else []


def settings() -> Iterator[str]:
    """Every key that holds a value of its own, in order; `rules` is one of them, its parts are not."""
    for table in ("", *(name for name in tables() if name not in ("", "rules"))):
        yield from (key for key in keys_in(table) if key == "rules" or key not in tables())


_ABSENT = object()


def present(key: str, table: Table) -> bool:
    return _lookup(key, table) is not _ABSENT


def value(key: str, table: Table) -> Any:
    """The value at a dotted key; None when it is absent."""
    found = _lookup(key, table)
    return None if found is _ABSENT else found


def put(key: str, table: dict[str, Any], new: object) -> None:
    """Sets the value at a dotted key, making the table it stands in."""
    section, _, leaf = key.rpartition(".")
    target: dict[str, Any] = table.setdefault(section, {}) if section else table
    target[leaf] = new


def _lookup(key: str, table: Table) -> Any:
    found: Any = table
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _ABSENT
        found = cast(Table, found)[part]
    return found


def without(table: Table, location: tuple[int | str, ...]) -> dict[str, Any]:
    """A copy of `table` without what lies at `location`, as pydantic names it; a list loses its whole entry."""
    head, rest = str(location[0]), location[1:]
    copy = dict(table)
    inner = copy.get(head)
    if rest and isinstance(inner, Mapping):
        copy[head] = without(cast(Table, inner), rest)
    elif rest and isinstance(inner, list) and isinstance(rest[0], int):
        copy[head] = [entry for number, entry in enumerate(cast(list[Any], inner)) if number != rest[0]]
    else:
        copy.pop(head, None)
    return copy
