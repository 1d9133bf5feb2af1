"""The agents without the host: a workspace, its log, and `Runs` against a scripted model over real HTTP."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from deadlines import deadline
from scripted_provider import Choose, Script, ScriptedProvider

from cairn_agents.runs import RunInfo, Runs, RunSettings
from cairn_memory.events import Event, Payload
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log


@dataclass
class Harness:
    """One workspace with everything that works in it."""

    root: Path
    log: EventLog
    runs: Runs
    provider: ScriptedProvider
    streamed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def start(
        self, prompt: str = "Do it.", *, mode: Literal["build", "plan", "propose"] = "build", **settings: Any
    ) -> str:
        """Starts a run and returns its session at once."""
        session, _ = await self.runs.start(prompt, self.root, mode, self.settings(**settings))
        return session

    async def run(self, prompt: str = "Do it.", **settings: Any) -> RunInfo:
        """Starts a run and waits until it rests."""
        return await self.rest(await self.start(prompt, **settings))

    async def resume(self, session: str, prompt: str | None = None, **settings: Any) -> RunInfo:
        await self.runs.resume(session, prompt, self.settings(**settings))
        return await self.rest(session)

    def settings(self, **chosen: Any) -> RunSettings:
        standard: dict[str, Any] = {"model": "scripted", "base_url": self.provider.url, "approve_all": True}
        return RunSettings(**{**standard, **chosen})

    async def rest(self, session: str) -> RunInfo:
        """Waits until the session rests."""
        async with deadline(30):
            return await self.runs.rested(session)

    async def until(self, session: str, *states: str) -> None:
        """Waits until the log says that the session is in one of `states`."""
        since = 0
        async with deadline(30):
            while self.runs.info(session).state not in states:
                await self.log.wait(since)
                since = self.log.last_seq

    async def payloads(self, *kinds: str) -> Sequence[Payload]:
        return [event.payload for event in await self.events(*kinds)]

    async def events(self, *kinds: str) -> list[Event]:
        return await self.log.read(kinds=kinds, limit=5_000)

    def conversation(self, request: int = -1) -> list[dict[str, Any]]:
        """The messages of a request, without the system prompt."""
        return self.provider.requests[request].json["messages"][1:]


@asynccontextmanager
async def harness(
    folder: Path, turns: Sequence[Script] | Choose, *, config: str = "", **provider: Any
) -> AsyncGenerator[Harness]:
    """A harness in `folder`/work, with `config` as the user's config.toml."""
    root = folder / "work"
    root.mkdir(parents=True, exist_ok=True)
    user = folder / "user"
    user.mkdir(exist_ok=True)
    (user / "config.toml").write_text(config, encoding="utf-8")
    workspace = Workspace.of(root)
    workspace.create()
    log, _ = await open_log(workspace.local, SecretMasker(()))
    async with ScriptedProvider(turns, **provider) as model:
        streamed: list[tuple[str, str]] = []
        runs = Runs(
            workspace,
            UserFolders(user, user, user),
            log,
            lambda _s, _n, source, text: streamed.append((source, text)),
        )
        await runs.open()
        try:
            yield Harness(workspace.root, log, runs, model, streamed)
        finally:
            await runs.close()
            await log.close()
