"""What a project's file may set. Whoever wrote the repository wrote it, so it may only narrow.

It may choose a model of the user's provider, lower budgets, ask for plan mode, and
make calls asked about or denied. Where requests and the key go, what runs without
asking, and how the host behaves is the user's alone.
"""

from typing import Any

from cairn_agents.config import keys
from cairn_agents.config.layer import Layer
from cairn_agents.config.settings import Config

FREE = frozenset({"model.name", "model.window", "model.max_output", "model.send_reasoning"})
"""What a project may set to anything."""


def narrowed(layer: Layer, base: Config, user_file: str) -> Layer:
    """The part of a project's `layer` that may hold over `base`, and a line for each part that may not."""
    table: dict[str, Any] = {}
    problems = list(layer.problems)
    for key in keys.settings():
        if not keys.present(key, layer.table):
            continue
        value = keys.value(key, layer.table)
        if key == "rules":
            value, refused = _without_allow(value)
            problems += [f"{layer.origin}: {line}; move it to {user_file}" for line in refused]
        elif refusal := _refusal(key, value, base):
            problems.append(f"{layer.origin}: {key}: {refusal.format(user_file=user_file)}")
            continue
        keys.put(key, table, value)
    return Layer(layer.origin, table, tuple(problems))


def _refusal(key: str, value: Any, base: Config) -> str:
    """Why the project may not set this, and what to do; "" when it may."""
    held = keys.value(key, base.model_dump())
    if key in FREE or value == held:
        return ""
    if key == "mode":
        return "" if value == "plan" else "a project may only ask for plan; start the run with --mode build"
    if key.startswith("budget."):
        if value and (not held or value < held):
            return ""
        return f"a project may only lower it, from {held or 'no limit'}; raise it in {{user_file}}"
    return "a project may not set this; move it to {user_file}"


def _without_allow(rules: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    refused = [
        f"rules[{number}]: a project may not allow, only ask or deny"
        for number, rule in enumerate(rules, 1)
        if rule["action"] == "allow"
    ]
    return [rule for rule in rules if rule["action"] != "allow"], refused
