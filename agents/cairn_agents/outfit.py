"""Puts a session's equipment together from the configuration and what the client chose."""

import os
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
from cairn_agents.guards.open_tasks import OpenTasksGuard
from cairn_agents.guards.repeat import RepeatGuard
from cairn_agents.guards.reply import EmptyReplyGuard, FilteredReplyGuard, TextCallGuard, TruncatedReplyGuard
from cairn_agents.info import RunInfo
from cairn_agents.instructions import Instructions
from cairn_agents.model.client import ModelClient
from cairn_agents.model.discover import Found, describe, discover
from cairn_agents.model.endpoint import Endpoint
from cairn_agents.model.prices import Prices
from cairn_agents.model.retry import RetryPolicy
from cairn_agents.processes import Processes
from cairn_agents.room import longest_output
from cairn_agents.tools.base import Scope
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import Budget
from cairn_memory.log import EventLog
from cairn_memory.memory import Memory
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import SessionFold
from cairn_memory.tasks import Evidence


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
        self.memory = Memory(workspace, user, log, self.blobs)
        self.memory.enabled = lambda: self.config().config.memory.enabled
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
        kept = before.window if before and before.model == model else 0
        window = chosen.window or _set_window(loaded) or kept or prices.window(model) or 0
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
        root: Path | None = None,
    ) -> Equipment:
        """Everything the session of `fold` works with, in its work tree: `root`, unless that is where it was."""
        config = loaded.config
        remembers = config.memory.enabled
        toolbox = Toolbox() if remembers else Toolbox(without=("memory", "history"))
        root = root or Path(fold.root)
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
                output=longest_output(endpoint.window),
                show=lambda text: show("output", text),
                mask=self._log.masker.mask,
                tasks=self.memory.tasks,
                evidence=Evidence(self._log),
                memory=self.memory if remembers else None,
                remember=config.memory.remember,
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
                OpenTasksGuard(self.memory.tasks, config.guards.open_tasks),
            ),
            endpoint=endpoint,
            client=self.client(endpoint),
            prices=self.prices(),
            retry=RetryPolicy(attempts=config.retry.attempts, longest_wait=config.retry.longest_wait),
            instructions=Instructions(root, self._user.config),
            processes=self.processes,
            room=config.window if remembers else config.window.model_copy(update={"inject": 0}),
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
