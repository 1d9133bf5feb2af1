"""What a project's file may set. Whoever wrote the repository wrote it, so it may only narrow, until the user trusts it.

It may choose a model of the user's provider, lower budgets, ask for plan mode, and
make calls asked about or denied. Once the user trusts exactly this content it may also allow calls
and raise budgets, beneath the user's own settings. Where requests and the key go, what is deleted, how the host
behaves and what the sandbox keeps out is the user's alone, trusted or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cairn_agents.config import keys
from cairn_agents.config.layer import Layer
from cairn_agents.config.settings import Config

FREE = frozenset({"model.name", "model.window", "model.max_output", "model.send_reasoning"})
"""What a project may set to anything."""

TRUSTED_TABLES = ("budget", "approvals", "retry", "guards", "window")
TRUSTED_KEYS = frozenset({"mode", "rules", "languages", "model.first_token_timeout", "model.stall_timeout"})
"""What a project whose content the user trusts may set besides. Anything new is the user's until it stands here."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """One thing that a project's file would set beyond tightening: `line` says it, `trustable` whether trust allows it."""

    key: str
    line: str
    trustable: bool


@dataclass(frozen=True, slots=True)
class Parted:
    """A project's layer in two: what holds as it is, and what holds only when the user trusts it."""

    holds: Layer
    beyond: tuple[Beyond, ...] = ()
    with_trust: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The settings that trust adds, as a table."""
    allow: tuple[Mapping[str, Any], ...] = ()
    """The rules that trust adds."""


def parted(layer: Layer, base: Config, user_file: str) -> Parted:
    """What of a project's `layer` may hold over `base`, what else it wants, and a line for each such thing."""
    table: dict[str, Any] = {}
    added: dict[str, Any] = {}
    beyond: list[Beyond] = []
    allow: list[Mapping[str, Any]] = []
    for key in keys.settings():
        if not keys.present(key, layer.table):
            continue
        value = keys.value(key, layer.table)
        if key == "rules":
            rules: list[Mapping[str, Any]] = value
            allow = [rule for rule in rules if rule["action"] == "allow"]
            beyond += [
                _allows(number, rule) for number, rule in enumerate(rules, 1) if rule["action"] == "allow"
            ]
            value = [rule for rule in rules if rule["action"] != "allow"]
        elif refusal := _refusal(key, value, base):
            trustable = is_trustable(key)
            beyond.append(Beyond(key, f"{key}: {refusal.format(user_file=user_file)}", trustable))
            if trustable:
                keys.put(key, added, value)
            continue
        keys.put(key, table, value)
    holds = Layer(layer.origin, table, layer.problems, layer.digest)
    return Parted(holds, tuple(beyond), added, tuple(allow))


def problems(parts: Parted, user_file: str, trusted: bool) -> list[str]:
    """A line for each thing of a project's file that does not hold."""
    return [
        f"{parts.holds.origin}: {each.line}{_way(each, user_file, trusted)}"
        for each in parts.beyond
        if not (trusted and each.trustable)
    ]


def is_trustable(key: str) -> bool:
    """Whether a trusted project may set this key."""
    return key in TRUSTED_KEYS or key.partition(".")[0] in TRUSTED_TABLES


def _allows(number: int, rule: Mapping[str, Any]) -> Beyond:
    shown = f"{rule['tool']} {rule.get('match', '*')}"
    return Beyond("rules", f"rules[{number}]: a project may not allow ({shown}), only ask or deny", True)


def _way(each: Beyond, user_file: str, trusted: bool) -> str:
    if each.key == "rules":
        return f"; move it to {user_file}, or see `cairn trust`"
    if trusted:
        return " (not even a trusted one)"
    return ""


def _escaped(text: str) -> str:
    """For a text that is formatted later."""
    return text.replace("{", "{{").replace("}", "}}")


def _refusal(key: str, value: Any, base: Config) -> str:
    """Why the project may not set this, and what to do; "" when it may."""
    held = keys.value(key, base.model_dump())
    if key in FREE or value == held:
        return ""
    if key == "mode":
        return (
            ""
            if value in ("plan", "propose")
            else "a project may only ask for plan or propose; start the run with --mode build"
        )
    if key == "languages":
        named = ", ".join(" ".join(each["command"]) for each in value.values())
        return f"a project may not name programs to start ({_escaped(named)}) until `cairn trust`; or name them in {{user_file}}"
    if key.startswith("budget."):
        if value and (not held or value < held):
            return ""
        return f"a project may only lower it, from {held or 'no limit'}; raise it in {{user_file}}"
    if key.startswith("sandbox."):
        narrows = value is True if key == "sandbox.enabled" else set(value) <= set(held)
        return "" if narrows else "a project may only take from it; add it in {user_file}"
    return "a project may not set this; move it to {user_file}"
