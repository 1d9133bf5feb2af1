"""Puts a session's equipment together from the configuration and what the client chose."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cairn_agents.config import LoadedConfig, load_config
from cairn_agents.equipment import Equipment, Show
from cairn_agents.gate.approvals import Approvals, Unattended
from cairn_agents.gate.permission import Gate
from cairn_agents.guards.budget import BudgetGuard
from cairn_agents.guards.repeat import RepeatGuard
from cairn_agents.guards.reply import EmptyReplyGuard, FilteredReplyGuard, TextCallGuard, TruncatedReplyGuard
from cairn_agents.instructions import Instructions
from cairn_agents.model.client import ModelClient
from cairn_agents.model.discover import discover
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.prices import Prices
from cairn_agents.model.retry import RetryPolicy
from cairn_agents.modes import MODES, ModeName
from cairn_agents.processes import Processes
from cairn_agents.prompts import prompt
from cairn_agents.tools.base import Scope
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import Budget
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import SessionFold

OPENAI = "https://api.openai.com/v1"


class RunError(Exception):
    """The caller is told: one line with what was asked, what was found, what to do."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a client chose for a run; None leaves it to the configuration (or to the session so far)."""

    model: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    window: int | None = None
    max_steps: int | None = None
    approve_all: bool = False


class Outfitter:
    """What all sessions of a workspace share, and how one is equipped."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog) -> None:
        self._workspace = workspace
        self._user = user
        self._log = log
        self.blobs = BlobStore(workspace.blobs)
        self.processes = Processes(log)
        self._clients: dict[Endpoint, ModelClient] = {}

    def config(self) -> LoadedConfig:
        """The settings as the files are now: an edit holds from the next run on."""
        return load_config(self._user.config_file, self._workspace.config, os.environ)

    def prices(self) -> Prices:
        return Prices.load(self._user.prices_file)

    async def endpoint(self, loaded: LoadedConfig, chosen: RunSettings) -> Endpoint:
        """Where the model is asked: what the client chose, else the settings, else a server on this machine.

        Raises RunError when there is none.
        """
        settings = loaded.config.model
        base_url = chosen.base_url or settings.base_url
        model = chosen.model or settings.name
        key = chosen.api_key if chosen.api_key is not None else loaded.api_key(os.environ)
        if not model and not base_url:
            base_url, model = await _local_model()
        elif not model:
            raise RunError(
                f"no model is chosen for {base_url}: set CAIRN_MODEL, --model, or model.name in config.toml"
            )
        elif not base_url and not key:
            raise RunError(
                f"no endpoint is known for the model {model}: set OPENAI_BASE_URL, --base-url or model.base_url in "
                "config.toml (or OPENAI_API_KEY to use OpenAI's)"
            )
        prices = self.prices()
        window = chosen.window or (
            settings.window
            if loaded.origins.get("model.window", "built-in") != "built-in"
            else prices.window(model) or settings.window
        )
        return replace(settings.endpoint(key), base_url=base_url or OPENAI, model=model, window=window)

    def equip(
        self,
        fold: SessionFold,
        loaded: LoadedConfig,
        endpoint: Endpoint,
        attended: Callable[[], bool],
        show: Show,
    ) -> Equipment:
        """Everything the session of `fold` works with, in its work tree."""
        if endpoint.api_key:
            self._log.masker.learn(endpoint.api_key)
        config = loaded.config
        toolbox = Toolbox()
        root = Path(fold.root)
        return Equipment(
            log=self._log,
            blobs=self.blobs,
            scope=Scope(
                session=fold.session,
                root=root,
                folder=self._workspace.session(fold.session),
                blobs=self.blobs,
                seen=fold.seen,
                withheld=frozenset((config.model.api_key_env,)),
                show=lambda text: show("output", text),
            ),
            toolbox=toolbox,
            gate=Gate(loaded.rules),
            approvals=Approvals(
                Unattended(config.approvals.unattended, config.approvals.deny_after), attended
            ),
            step_guards=(
                BudgetGuard(),
                RepeatGuard(config.guards.repeat_nudge, config.guards.repeat_stop),
            ),
            reply_guards=(
                FilteredReplyGuard(),
                EmptyReplyGuard(),
                TruncatedReplyGuard(),
                TextCallGuard(toolbox.names),
            ),
            endpoint=endpoint,
            client=self.client(endpoint),
            prices=self.prices(),
            retry=RetryPolicy(attempts=config.retry.attempts, longest_wait=config.retry.longest_wait),
            instructions=Instructions(root, self._user.config),
            processes=self.processes,
            show=show,
        )

    def client(self, endpoint: Endpoint) -> ModelClient:
        """One connection pool for each endpoint, however many sessions ask it."""
        try:
            return self._clients[endpoint]
        except KeyError:
            return self._clients.setdefault(endpoint, ModelClient(endpoint))

    async def close(self) -> None:
        """Ends background commands and lets go of the connections."""
        await self.processes.close()
        for client in self._clients.values():
            await client.close()


def budget_from(loaded: LoadedConfig, chosen: RunSettings, fold: SessionFold, now: int) -> Budget:
    """The budget for this time: as much again on top of what the session has used already."""
    configured = loaded.config.budget.budget()
    steps = configured.max_steps if chosen.max_steps is None else chosen.max_steps
    return Budget(
        max_steps=steps and fold.steps + steps,
        max_tokens=configured.max_tokens and fold.totals.total + configured.max_tokens,
        max_cost=configured.max_cost and fold.cost + configured.max_cost,
        max_seconds=configured.max_seconds and fold.seconds_worked(now) + configured.max_seconds,
    )


def system_prompt(equipment: Equipment, mode: ModeName) -> tuple[str, tuple[str, ...]]:
    """The system prompt of a new window, and the files whose text went in."""
    found = equipment.instructions.for_root()
    root = equipment.scope.root
    environment = prompt("environment").format(
        root=root,
        platform=sys.platform,
        date=time.strftime("%Y-%m-%d"),
        git="It is a git work tree." if (root / ".git").exists() else "It is not under git.",
    )
    parts = [prompt("system"), prompt(mode), environment, *(item.text for item in found)]
    return "\n\n".join(parts), tuple(str(item.path) for item in found)


def tool_schemas(equipment: Equipment, mode: ModeName) -> list[dict[str, object]]:
    """The tools this mode has: what it may not do it is not offered."""
    return equipment.toolbox.schemas(MODES[mode].kinds)


async def _local_model() -> tuple[str, str]:
    found = await discover()
    for server in found:
        if server.models:
            return server.base_url, server.models[0]
    looked = (
        "Ollama, LM Studio, llama.cpp and vLLM were looked for on this machine and none with a model answers"
    )
    raise RunError(
        f"no model is configured; {looked}: set OPENAI_BASE_URL and CAIRN_MODEL, or edit config.toml"
    )


def environment_secrets(environment: Mapping[str, str]) -> list[str]:
    """Values of variables whose names say that they are secrets."""
    words = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
    return [
        value
        for name, value in environment.items()
        if any(w in name.upper() for w in words) and len(value) >= 8
    ]
