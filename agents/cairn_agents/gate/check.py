"""What the gate would say of a call in this workspace, without a host and without running anything."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cairn_agents.config.load import load_config
from cairn_agents.gate.permission import Gate
from cairn_agents.gate.standing import Standing
from cairn_agents.modes import ModeName
from cairn_agents.tools.base import Arguments, Demand, Kind, Plan
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import SessionFold

KINDS: Mapping[str, Kind] = {
    "read": "read", "grep": "read", "glob": "read", "history": "read", "write": "write", "edit": "write", "bash": "run",
    "note": "note", "task": "note", "memory": "note",
}  # fmt: skip
"""The tools there are, and the kind of effect of each."""


class Checker:
    """Judges as a new session in the workspace would be judged: the user's rules and answers, the project's rules."""

    def __init__(self, gate: Gate, fold: SessionFold, root: Path, problems: tuple[str, ...] = ()) -> None:
        self._gate = gate
        self._fold = fold
        self._root = root
        self.problems = problems
        """What is wrong with the settings, a line each."""

    @classmethod
    def of(cls, workspace: Workspace, user: UserFolders, mode: ModeName | None = None) -> "Checker":
        standing = Standing(user.permissions(workspace), workspace.home)
        trust = standing.trust()
        loaded = load_config(user.config_file, workspace.config, os.environ, trust.digest if trust else "")
        fold = SessionFold(
            "check",
            root=str(workspace.root),
            mode=mode or loaded.config.mode,
            grants={grant.grant for grant in standing.grants()},
        )
        gate = Gate(loaded.rules, own=workspace.session("check"), remember=loaded.config.memory.remember)
        return cls(gate, fold, workspace.root, tuple(loaded.problems))

    def __call__(
        self, command: str, tool: str = "bash", path: str = "", demands: Sequence[str] = ()
    ) -> dict[str, object]:
        """The decision on a shell `command`, or on a file tool's `path`, as plain data.

        Raises ValueError, in one line, for a tool or a demand there is not.
        """
        kind = KINDS.get(tool)
        if kind is None:
            raise ValueError(f"there is no tool {tool!r}; there are {', '.join(KINDS)}")
        paths = (_resolved(self._root, path),) if path else ()
        plan = Plan(
            "0.0",
            Arguments(),
            f"{tool} {path or command}",
            paths=paths,
            command=command if kind == "run" else "",
            demands=tuple(_demand(name) for name in demands),
        )
        decision = self._gate.judge(tool, kind, plan, self._fold)
        opinions = self._gate.opinions(self._gate.call(tool, kind, plan, self._fold))
        subject = {"command": command} if kind == "run" else {"tool": tool, "path": path}
        return {
            **subject,
            "decision": decision.action,
            "reason": decision.reason,
            "rule": decision.rule,
            "risk": decision.risk,
            "grant": decision.grant,
            "parts": [
                {"part": o.part, "decision": o.action, "reason": o.reason, "rule": o.rule, "risk": o.risk}
                for o in opinions
            ],
        }


def _demand(name: str) -> Demand:
    if name == "network":
        return "network"
    if name == "unsandboxed":
        return "unsandboxed"
    raise ValueError(f"there is no demand {name!r}; there are network and unsandboxed")


def _resolved(root: Path, path: str) -> Path:
    try:
        return Path(os.path.realpath(root / Path(path).expanduser()))
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path!r} is no path: {error}") from error
