"""The tools there are, as the model is told of them, and calls matched to them."""

from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, cast

from pydantic import ValidationError

from cairn_agents.tools.base import Arguments, Kind, Tool, ToolError
from cairn_agents.tools.bash import Bash
from cairn_agents.tools.diagnostics import Diagnostics
from cairn_agents.tools.edit import Edit
from cairn_agents.tools.glob import Glob
from cairn_agents.tools.grep import Grep
from cairn_agents.tools.history import History
from cairn_agents.tools.memory import Memory
from cairn_agents.tools.note import Note
from cairn_agents.tools.read import Read
from cairn_agents.tools.task import Task
from cairn_agents.tools.write import Write

_SCHEMA_KEYS = ("type", "default", "items", "enum")


class Toolbox:
    """All tools, in a fixed order: the order is part of the bytes that a provider caches.

    Those named in `without` are not offered; one that is called all the same says why it does nothing.
    """

    def __init__(self, without: Collection[str] = ()) -> None:
        self._without = frozenset(without)
        tools = (
            *(Read(), Write(), Edit(), Bash(), Grep(), Glob(), Note(), Task(), Memory(), History()),
            Diagnostics(),
        )
        self._tools = {tool.name: cast(Tool[Arguments], tool) for tool in tools}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def tool(self, name: str) -> Tool[Arguments]:
        """Raises ToolError for a name that no tool has."""
        try:
            return self._tools[name]
        except KeyError:
            near = get_close_matches(name, self._tools, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            called = (
                f"tool {name!r}" if len(name) <= 80 else f"such tool, its name has {len(name):,} characters"
            )
            raise ToolError(f"there is no {called}{hint}; there are {', '.join(self._tools)}") from None

    def kind(self, name: str) -> Kind | None:
        """The kind of effect, None for an unknown tool."""
        tool = self._tools.get(name)
        return tool.kind if tool else None

    def schemas(self, kinds: Collection[Kind]) -> list[dict[str, object]]:
        """The tools whose effect is of one of `kinds`, as the model's API takes them."""
        offered = (tool for name, tool in self._tools.items() if name not in self._without)
        return [_schema(tool) for tool in offered if tool.kind in kinds]

    def parse(self, name: str, arguments: dict[str, object]) -> Arguments:
        """The arguments, checked. Raises ToolError that names each one that is wrong.

        An optional argument that is null counts as not given: many models fill in all of them.
        """
        tool = self.tool(name)
        optional = {key for key, field in tool.Args.model_fields.items() if not field.is_required()}
        given = {key: value for key, value in arguments.items() if value is not None or key not in optional}
        try:
            return tool.Args.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(_wrong(detail) for detail in error.errors(include_url=False)[:6])
            takes = ", ".join(tool.Args.model_fields)
            raise ToolError(f"the call of {name} was not run: {wrong}. It takes: {takes}") from error


def _wrong(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"]) or "arguments"
    if detail["type"] == "missing":
        return f"{name} is missing"
    if detail["type"] == "extra_forbidden":
        return f"{name} is unknown"
    found = str(detail["input"])  # quoted whole or not at all: half a secret would not be known for one
    return (
        f"{name}: {detail['msg']}, found {repr(found) if len(found) <= 80 else f'{len(found):,} characters'}"
    )


@cache
def description(name: str) -> str:
    """What the model is told of a tool: the Markdown file beside its code."""
    return files("cairn_agents.tools").joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


def _schema(tool: Tool[Arguments]) -> dict[str, object]:
    full = tool.Args.model_json_schema()
    properties = {
        name: {key: field[key] for key in _SCHEMA_KEYS if key in field}
        for name, field in full["properties"].items()
    }
    parameters = {
        "type": "object",
        "properties": properties,
        "required": full.get("required", []),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": tool.name, "description": description(tool.name), "parameters": parameters},
    }
