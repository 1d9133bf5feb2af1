"""Puts a session's equipment together from the configuration and what the client chose."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cairn_agents.config import LoadedConfig, load_config
from cairn_agents.config.load import BUILT_IN
from cairn_agents.credentials import OPENAI, Given, Used, key_for
from cairn_agents.equipment import Equipment, Show
from cairn_agents.gate.approvals import Approvals, Unattended
from cairn_agents.gate.permission import Gate
from cairn_agents.guards.budget import BudgetGuard
from cairn_agents.guards.repeat import RepeatGuard
from cairn_agents.guards.reply import EmptyReplyGuard, FilteredReplyGuard, TextCallGuard, TruncatedReplyGuard
from cairn_agents.info import RunInfo
from cairn_agents.instructions import Instructions
from cairn_agents.model.client import ModelClient
from cairn_agents.model.discover import Found, describe, discover
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

    async def endpoint(
        self, loaded: LoadedConfig, chosen: RunSettings, before: RunInfo | None = None
    ) -> Endpoint:
        """Where the model is asked: what the client chose, else as `before`, else the settings, else on this machine.

        Raises RunError when there is none.
        """
        settings, prices = loaded.config.model, self.prices()
        base_url = chosen.base_url or (before.base_url if before else "") or settings.base_url
        model = chosen.model or (before.model if before else "") or settings.name
        window = chosen.window or _set_window(loaded) or prices.window(model) or 0
        if not model and not base_url:
            local, model = await _local_model()
            base_url, window = local.base_url, window or local.window
        elif not model:
            raise RunError(
                f"no model is chosen for {base_url}: set CAIRN_MODEL, --model, or model.name in config.toml"
            )
        key = key_for(
            base_url or OPENAI,
            Given(chosen.api_key, chosen.base_url or "") if chosen.api_key else None,
            Used(before.base_url, before.key) if before else None,
            loaded,
            os.environ,
            self._log.masker,
        )
        if not base_url and not key:
            raise RunError(
                f"no endpoint is known for the model {model}: set OPENAI_BASE_URL, --base-url or model.base_url in "
                "config.toml (or OPENAI_API_KEY to use OpenAI's)"
            )
        return replace(
            settings.endpoint(key),
            base_url=base_url or OPENAI,
            model=model,
            window=window or settings.window,
            send_reasoning=settings.send_reasoning or prices.send_reasoning(model),
        )

    def equip(
        self,
        fold: SessionFold,
        loaded: LoadedConfig,
        endpoint: Endpoint,
        attended: Callable[[], bool],
        show: Show,
    ) -> Equipment:
        """Everything the session of `fold` works with, in its work tree."""
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
                mask=self._log.masker.mask,
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


def _set_window(loaded: LoadedConfig) -> int:
    """The window that somebody set, 0 when nobody did."""
    is_set = loaded.origins.get("model.window", BUILT_IN) != BUILT_IN
    return loaded.config.model.window if is_set else 0


async def _local_model() -> tuple[Found, str]:
    """The first server on this machine that has a model, and that model. Raises RunError."""
    found = await discover()
    for server in found:
        if server.models:
            return server, server.models[0]
    raise RunError(
        f"no model is configured ({describe(found)}): set OPENAI_BASE_URL and CAIRN_MODEL, or edit config.toml"
    )
