"""Puts a session's equipment together from the configuration and what the client chose."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from cairn_agents.config import LoadedConfig, load_config
from cairn_agents.config.load import BUILT_IN
from cairn_agents.credentials import OPENAI, Given, Used, key_for
from cairn_agents.editors import NO_EDITORS, Editors
from cairn_agents.equipment import Equipment, Show
from cairn_agents.gate.approvals import Approvals, Unattended
from cairn_agents.gate.contract import ContractError, ContractFile, agreed
from cairn_agents.gate.permission import Gate
from cairn_agents.gate.standing import Standing
from cairn_agents.guards.budget import BudgetGuard
from cairn_agents.guards.contract import ContractGuard
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
from cairn_agents.rewind.recorder import Recorder
from cairn_agents.rewind.store import Store
from cairn_agents.room import longest_output
from cairn_agents.sandbox.base import Sandbox
from cairn_agents.sandbox.sandboxes import Sandboxes
from cairn_agents.tools.base import Scope
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import Budget, ContractSet
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
    max_tokens: int | None = None
    max_cost: float | None = None
    max_seconds: float | None = None
    unattended: Literal["wait", "deny"] | None = None
    deny_after: float | None = None
    approve_all: bool = False
    contract: ContractFile | None = None
    """What the run may do unattended; an empty text takes away the contract that the session has."""

    def over(self, loaded: LoadedConfig) -> LoadedConfig:
        """The settings with the limits and the approvals that were chosen. `max_steps` goes above a contract's, too: `budget_from`."""
        config = loaded.config
        budget = {"max_tokens": self.max_tokens, "max_cost": self.max_cost, "max_seconds": self.max_seconds}
        approvals = {"unattended": self.unattended, "deny_after": self.deny_after}
        chosen = {
            "budget": config.budget.model_copy(update=_chosen(budget)),
            "approvals": config.approvals.model_copy(update=_chosen(approvals)),
        }
        return replace(loaded, config=config.model_copy(update=chosen))


def _chosen(settings: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in settings.items() if value is not None}


class Outfitter:
    """What all sessions of a workspace share, and how one is equipped."""

    def __init__(
        self,
        workspace: Workspace,
        user: UserFolders,
        log: EventLog,
        editors: Callable[[], Editors] = lambda: NO_EDITORS,
    ) -> None:
        self._workspace = workspace
        self._user = user
        self._log = log
        self.blobs = BlobStore(workspace.blobs)
        self.processes = Processes(log)
        self._editors = editors
        self.memory = Memory(workspace, user, log, self.blobs)
        self.memory.enabled = lambda: self.config().config.memory.enabled
        self.standing = Standing(user.permissions(workspace), workspace.home)
        self.sandboxes = Sandboxes(workspace, user)
        self.snapshots = Store(workspace, lambda: self.config().config.snapshots, self.sandboxes.passing)
        self._clients: dict[Endpoint, ModelClient] = {}

    def config(self) -> LoadedConfig:
        """The settings as the files are now: an edit holds from the next run on."""
        trust = self.standing.trust()
        trusted = trust.digest if trust else ""
        loaded = load_config(self._user.config_file, self._workspace.config, os.environ, trusted)
        problem = self.standing.problem()
        return replace(loaded, problems=[*loaded.problems, problem]) if problem else loaded

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
        editors = self._editors()
        toolbox = _toolbox(remembers=remembers, looking=editors.looking)
        root = root or Path(fold.root)
        withheld = frozenset((config.model.api_key_env,))
        proposes = fold.mode == "propose"
        return Equipment(
            log=self._log,
            blobs=self.blobs,
            scope=Scope(
                session=fold.session,
                root=root,
                folder=self._workspace.session(fold.session),
                blobs=self.blobs,
                seen=fold.seen,
                withheld=withheld,
                output=longest_output(endpoint.window),
                show=lambda text: show("output", text),
                mask=self._log.masker.mask,
                tasks=self.memory.tasks,
                evidence=Evidence(self._log),
                memory=self.memory if remembers else None,
                remember=config.memory.remember,
                sandbox=self.sandboxes.of(fold.session, root, config.sandbox, withheld),
                proposal=self._workspace.proposal(fold.session).resolve() if proposes else None,
                said=lambda: fold.last_text,
                editors=editors,
                stop=partial(self.processes.stop, fold.session),
            ),
            toolbox=toolbox,
            gate=Gate(
                loaded.rules, own=self._workspace.session(fold.session), remember=config.memory.remember
            ),
            approvals=Approvals(
                Unattended(config.approvals.unattended, config.approvals.deny_after), attended
            ),
            step_guards=(
                BudgetGuard(),
                ContractGuard(),
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
            snapshots=Recorder(fold.session, None)
            if proposes
            else self.snapshots.recorder(fold.session, root, lambda text: show("output", text)),
        )

    def sandbox(self, private: Path) -> Sandbox:
        """A sandbox as commands have it, for a program of the host's own, which closes it. `private` is its home."""
        config = self.config().config
        withheld = (config.model.api_key_env,)
        return self.sandboxes.make(self._workspace.root, private, config.sandbox, withheld)

    def client(self, endpoint: Endpoint) -> ModelClient:
        """One connection pool for each endpoint, however many sessions ask it."""
        try:
            return self._clients[endpoint]
        except KeyError:
            return self._clients.setdefault(endpoint, ModelClient(endpoint))

    async def close(self) -> None:
        """Ends background commands and lets go of the connections."""
        await self.processes.close()
        self.sandboxes.close()
        for client in self._clients.values():
            await client.close()


def _toolbox(*, remembers: bool, looking: bool) -> Toolbox:
    """The tools that there is something for."""
    without = (() if remembers else ("memory", "history"), () if looking else ("diagnostics",))
    return Toolbox(without=[name for names in without for name in names])


def budget_from(
    loaded: LoadedConfig,
    chosen: RunSettings,
    fold: SessionFold,
    now: int,
    contract: ContractSet | None = None,
) -> Budget:
    """The budget for this time: as much again on top of what the session has used already. A contract's limits go first."""
    configured = loaded.config.budget.budget()
    agreed = contract.budget if contract else Budget()
    configured = configured.model_copy(update={name: limit for name, limit in agreed if limit})
    steps = configured.max_steps if chosen.max_steps is None else chosen.max_steps
    return Budget(
        max_steps=steps and fold.steps + steps,
        max_tokens=configured.max_tokens and fold.totals.total + configured.max_tokens,
        max_cost=configured.max_cost and fold.cost + configured.max_cost,
        max_seconds=configured.max_seconds and fold.seconds_worked(now) + configured.max_seconds,
    )


def contract_from(chosen: RunSettings, goal: str) -> ContractSet | None:
    """The contract that a client gave for this run. Raises RunError."""
    given = chosen.contract
    if given is None:
        return None
    if given.text.strip() and chosen.approve_all:
        raise RunError("--yes and a contract contradict each other: leave one of them out")
    try:
        return agreed(given, goal, "the user")
    except ContractError as error:
        raise RunError(str(error)) from error


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
