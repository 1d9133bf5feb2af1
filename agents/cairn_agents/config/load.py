"""Lays the sources of settings over each other: built-in < user's file < project's file < environment."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn_agents.config import keys
from cairn_agents.config.layer import Layer, checked, read_layer, shown
from cairn_agents.config.settings import Config
from cairn_agents.config.trust import Beyond, Parted, parted, problems
from cairn_agents.gate.rules import Rule

BUILT_IN = "built-in"

VARIABLES = {"CAIRN_MODEL": "model.name", "OPENAI_BASE_URL": "model.base_url"}
"""Which setting a variable sets. An empty variable sets nothing."""

OPENAI_KEY = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """The project's own file: the SHA-256 of its content, whether the user trusts that, and what it wants beyond tightening."""

    digest: str
    trusted: bool
    beyond: tuple[Beyond, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The settings in force, and what is known about them.

    `problems` has one line for each thing that is wrong: to be shown, never to stop
    for. `origins` says for every key (`model.name`) where its value comes from: "built-in",
    a file or a variable. `files` are those that were read. `rules` go to the gate. `project` is None where there
    is no file of the project's.
    """

    config: Config
    problems: list[str] = field(default_factory=list[str])
    origins: dict[str, str] = field(default_factory=dict[str, str])
    files: list[Path] = field(default_factory=list[Path])
    rules: tuple[Rule, ...] = ()
    project: ProjectFile | None = None

    def api_key(self, environment: Mapping[str, str]) -> str:
        """The key for `model.base_url`, "" when there is none.

        A key goes only where it was meant to go: to the address in OPENAI_BASE_URL
        the one in OPENAI_API_KEY, to the address in a file the one that file names.
        """
        from_variable = self.origins["model.base_url"] in VARIABLES
        return environment.get(OPENAI_KEY if from_variable else self.config.model.api_key_env, "")


def load_config(
    user_file: Path, project_file: Path, environment: Mapping[str, str], trusted: str = ""
) -> LoadedConfig:
    """Reads the settings. Raises nothing: what is wrong becomes a problem, and the default holds there.

    `trusted` is the SHA-256 of the content of the project's file that the user trusts, "" for none.
    """
    layers: list[Layer] = []
    files: list[Path] = []
    project: ProjectFile | None = None
    rules: list[Rule] = []
    user = read_layer(user_file)
    if user is not None:
        layers.append(user)
        files.append(user_file)
        rules += _rules(user)
    found = read_layer(project_file)
    if found is not None:
        base = Config.model_validate(user.table if user else {})
        parts = parted(found, base, shown(user_file))
        project = ProjectFile(found.digest, bool(trusted) and found.digest == trusted, parts.beyond)
        layers.append(_of_project(parts, project.trusted, shown(user_file)))
        files.append(project_file)
        rules = [
            *(_trusted_rules(parts) if project.trusted else ()),
            *rules,
            *_rules(parts.holds, narrows=True),
        ]
    layers += _from_environment(environment)
    table, origins = _laid_over(layers)
    lines = [line for layer in layers for line in layer.problems]
    return LoadedConfig(Config.model_validate(table), lines, origins, files, tuple(rules), project)


def _of_project(parts: Parted, trusted: bool, user_file: str) -> Layer:
    """What of the project's file holds: with trust what it adds, too."""
    table = copy.deepcopy(parts.holds.table)
    if trusted:
        for key in keys.settings():
            if keys.present(key, parts.with_trust):
                keys.put(key, table, keys.value(key, parts.with_trust))
        table["rules"] = [*parts.allow, *table.get("rules", [])]
    lines = (*parts.holds.problems, *problems(parts, user_file, trusted))
    return Layer(parts.holds.origin, table, lines, parts.holds.digest)


def _rules(layer: Layer, narrows: bool = False) -> list[Rule]:
    found = Config.model_validate(layer.table).rules
    return [Rule(rule.tool, rule.match, rule.action, layer.origin, narrows) for rule in found]


def _trusted_rules(parts: Parted) -> list[Rule]:
    """What a trusted project allows. It goes beneath the user's rules, so that any of theirs wins."""
    table = {"rules": list(parts.allow)}
    return _rules(Layer(f"{parts.holds.origin}, trusted", table))


def _from_environment(environment: Mapping[str, str]) -> list[Layer]:
    layers: list[Layer] = []
    for variable, key in VARIABLES.items():
        if value := environment.get(variable, "").strip():
            table: dict[str, Any] = {}
            keys.put(key, table, value)
            layers.append(checked(variable, table))
    return layers


def _laid_over(layers: list[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """All layers in one table, the later ones on top; rules are kept of all, in order."""
    table: dict[str, Any] = {}
    origins = dict.fromkeys(keys.settings(), BUILT_IN)
    for layer in layers:
        for key in keys.settings():
            if not keys.present(key, layer.table):
                continue
            new = keys.value(key, layer.table)
            if key == "rules" and "rules" in table:
                keys.put(key, table, [*table["rules"], *new])
                origins[key] += f", {layer.origin}"
                continue
            if key == "languages" and key in table:
                new = {**table[key], **new}
            keys.put(key, table, new)
            origins[key] = layer.origin
    return table, origins
