"""All sessions of one workspace: what the host asks of the agents, in one object."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cairn_agents.calls import drop_calls
from cairn_agents.config import LoadedConfig
from cairn_agents.credentials import mark_of
from cairn_agents.guards.base import Rest
from cairn_agents.info import RunInfo, info_of, infos_from_log
from cairn_agents.loop import work
from cairn_agents.model.usage import estimate_tokens
from cairn_agents.modes import ModeName
from cairn_agents.outfit import Outfitter, RunError, RunSettings, budget_from, system_prompt, tool_schemas
from cairn_agents.session import Session, now_ms
from cairn_agents.window import Window, make_head
from cairn_memory.errors import StoreError
from cairn_memory.events import (
    ApprovalRequested,
    Event,
    SessionResumed,
    SessionStarted,
    State,
    StateChanged,
    UserMessage,
    WindowStarted,
)
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import SessionFold

__all__ = ["RunError", "RunInfo", "RunSettings", "Runs", "Stream", "StreamSource"]

logger = logging.getLogger(__name__)

StreamSource = Literal["text", "reasoning", "tool", "output"]
Stream = Callable[[str, int, StreamSource, str], None]
"""session, step, source, text: called as text arrives; must return at once."""

STOP_SECONDS = 15.0
"""How long an interrupted session may take to come to rest."""


@dataclass(slots=True)
class _Live:
    session: Session
    task: "asyncio.Task[None]"
    cause: str = "interrupted"


class Runs:
    """Starts, resumes, interrupts and lists sessions. One event loop, one instance a workspace."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog, stream: Stream) -> None:
        self.attended: Callable[[str], bool] = lambda session: False
        self._log = log
        self._stream = stream
        self._workspace = workspace
        self._outfitter = Outfitter(workspace, user, log)
        self._known: dict[str, RunInfo] = {}
        self._live: dict[str, _Live] = {}

    async def open(self) -> None:
        """Reads which sessions there are; those that were running when a host died become interrupted."""
        self._known = await infos_from_log(self._log)
        for info in list(self._known.values()):
            if info.state in ("running", "waiting"):
                change = StateChanged(state="interrupted", reason="the host stopped in mid-run", cause="host")
                (event,) = await self._log.append(info.session, change)
                self._known[info.session] = info.resting(change.state, change.reason, event.time)

    async def start(
        self, prompt: str, root: Path, mode: ModeName | None, settings: RunSettings
    ) -> tuple[str, int]:
        """A new session works on `prompt`. Returns its id and the event number before its first event.

        The user's words are durable when this returns; the run goes on by itself. Raises RunError.
        """
        loaded = self._outfitter.config()
        endpoint = await self._outfitter.endpoint(loaded, settings)
        name = f"{time.strftime('%y%m%d')}-{secrets.token_hex(3)}"
        fold = SessionFold(name, root=str(root))
        equipment = self._outfitter.equip(
            fold, loaded, endpoint, lambda: self.attended(name), self._show(name, fold)
        )
        session = Session(name, fold, Window(), equipment)
        since = self._log.last_seq
        chosen = mode or loaded.config.mode
        session.emit(
            SessionStarted(
                goal=prompt,
                root=str(root),
                mode=chosen,
                model=endpoint.model,
                base_url=endpoint.base_url,
                key=mark_of(endpoint.api_key, self._log.masker),
                window=endpoint.window,
                budget=budget_from(loaded, settings, fold, now_ms()),
                approve_all=settings.approve_all,
            ),
            StateChanged(state="running"),
            UserMessage(text=prompt),
        )
        await self._open_window(session, chosen)
        await session.commit()
        self._drive(session)
        return name, since

    async def resume(self, session: str | None, prompt: str | None, settings: RunSettings) -> tuple[str, int]:
        """A session at rest goes on; to a running one `prompt` is said. Raises RunError."""
        name = self.find(session) if session else self._newest_open()
        since = self._log.last_seq
        live = self._live.get(name)
        if live is not None and live.session.fold.state in ("running", "waiting"):
            if not prompt:
                return name, since
            live.session.emit(UserMessage(text=prompt))
            await live.session.commit()
            return name, since
        if live is not None:
            await asyncio.wait([live.task], timeout=STOP_SECONDS)
        await self._take_up(name, prompt, settings)
        return name, since

    async def interrupt(self, session: str, cause: str) -> bool:
        """Stops what the session does now and lets it rest as interrupted; False when it rested already."""
        live = self._live.get(session)
        if live is None or live.task.done():
            return False
        live.cause = cause
        live.task.cancel()
        await asyncio.wait([live.task], timeout=STOP_SECONDS)
        return True

    async def rested(self, session: str) -> RunInfo:
        """Waits until the session rests, however long it takes; how it then stands."""
        if live := self._live.get(session):
            await asyncio.wait([live.task])
        return self.info(session)

    def find(self, prefix: str) -> str:
        """The one session whose id begins with `prefix`. Raises RunError when there is none or several."""
        if prefix in self._known or prefix in self._live:
            return prefix
        found = sorted(name for name in {*self._known, *self._live} if name.startswith(prefix))
        if len(found) == 1:
            return found[0]
        if not found:
            raise RunError(f"no session {prefix!r} in {self._workspace.root}; `cairn sessions` lists them")
        raise RunError(f"{prefix!r} could be {', '.join(found[:5])}; give more of the id")

    def list(self) -> list[RunInfo]:
        """All sessions, newest first."""
        infos = {**self._known, **{name: info_of(live.session) for name, live in self._live.items()}}
        return sorted(infos.values(), key=lambda info: (info.started, info.session), reverse=True)

    def info(self, session: str) -> RunInfo:
        """Raises RunError for an unknown id."""
        name = self.find(session)
        live = self._live.get(name)
        return info_of(live.session) if live else self._known[name]

    def running(self) -> "list[RunInfo]":
        """Sessions that work now or wait for a person in mid-step."""
        return [info_of(live.session) for live in self._live.values()]

    def background(self) -> tuple[str, ...]:
        """Background commands that go on, each as session/id; they end with the host."""
        return self._outfitter.processes.running

    def approvals(self) -> "list[tuple[str, ApprovalRequested]]":
        """What waits for a person, as session and question, oldest first."""
        return [
            (name, request)
            for name, live in self._live.items()
            for request in live.session.fold.approvals.values()
        ]

    async def answer(
        self, approval: str, decision: Literal["allow", "session", "deny"], words: str, by: str
    ) -> bool:
        """Answers an approval; False when it was answered before. Raises RunError for an unknown id."""
        name, _, call = approval.rpartition(":")
        if not call or name not in {*self._known, *self._live}:
            raise RunError(f"no approval {approval!r}; `cairn status` shows what waits")
        live = self._live.get(name)
        return live is not None and live.session.equipment.approvals.answer(approval, decision, words, by)

    async def replay_file(self, session: str) -> str:
        """The session as the text of a file that `cairn replay` plays."""
        from cairn_agents import recording  # needed seldom, and a host should start quickly

        return recording.from_events(await self._events(self.find(session)))

    def config(self) -> LoadedConfig:
        """The settings in force, where each comes from, and what is wrong with them. No keys are in it."""
        return self._outfitter.config()

    async def close(self, cause: str = "host") -> None:
        """Interrupts what runs, saying why; ends background commands, lets go of the model connections."""
        await asyncio.gather(*(self.interrupt(name, cause) for name in list(self._live)))
        await self._outfitter.close()

    def _newest_open(self) -> str:
        for info in self.list():
            if info.state != "done":
                return info.session
        raise RunError(f"no session in {self._workspace.root} is left to resume; `cairn sessions` lists them")

    async def _take_up(self, name: str, prompt: str | None, settings: RunSettings) -> None:
        known = self._known[name]
        loaded = self._outfitter.config()
        endpoint = await self._outfitter.endpoint(loaded, settings, known)
        fold, window = SessionFold(name), Window()
        for event in await self._events(name):
            fold.apply(event.payload, event.time)
            if isinstance(event.payload, WindowStarted):
                head = await asyncio.to_thread(self._outfitter.blobs.get, event.payload.head)
                window.open(head, endpoint)
            window.apply(event.payload)
        if fold.turn == "rest" and not prompt:
            raise RunError(
                f"session {name} is done; give it new words with `cairn resume {name} --prompt TEXT`"
            )
        equipment = self._outfitter.equip(
            fold, loaded, endpoint, lambda: self.attended(name), self._show(name, fold)
        )
        session = Session(name, fold, window, equipment)
        if prompt:
            await drop_calls(session)
        session.emit(
            SessionResumed(
                model=endpoint.model,
                base_url=endpoint.base_url,
                key=mark_of(endpoint.api_key, self._log.masker),
                window=endpoint.window,
                budget=budget_from(loaded, settings, fold, now_ms()),
                approve_all=settings.approve_all,
            ),
            StateChanged(state="running"),
        )
        if not fold.windows:  # killed before the first window was made
            await self._open_window(session, fold.mode)
        if prompt:
            session.emit(UserMessage(text=prompt))
        await session.commit()
        self._drive(session)

    async def _open_window(self, session: Session, mode: ModeName) -> None:
        equipment = session.equipment
        system, sources = system_prompt(equipment, mode)
        head = make_head(tool_schemas(equipment, mode), self._log.masker.mask(system))
        session.window.open(head, equipment.endpoint)
        ref = await asyncio.to_thread(equipment.blobs.put, head)
        session.emit(
            WindowStarted(
                number=session.fold.windows + 1,
                head=ref,
                tokens=estimate_tokens(len(head)),
                sources=sources,
                send_reasoning=equipment.endpoint.send_reasoning,
            )
        )

    def _drive(self, session: Session) -> None:
        task = asyncio.create_task(self._run(session), name=f"session {session.id}")
        self._live[session.id] = _Live(session, task)

    async def _run(self, session: Session) -> None:
        """Works until the session rests, and says in the log why it does."""
        state: State = "failed"
        try:
            try:
                await work(session)
            except Rest as rest:
                state, reason, cause = rest.state, rest.reason, rest.cause
            except asyncio.CancelledError:
                cause = self._live[session.id].cause
                state, reason = "interrupted", f"interrupted ({cause})"
            except StoreError:
                raise
            except Exception as error:
                logger.exception("session %s failed", session.id)
                reason, cause = f"Cairn failed: {error!r}; see the host's log", "internal"
            session.emit(StateChanged(state=state, reason=reason, cause=cause))
            await session.commit()
        except StoreError as error:
            logger.error("session %s: %s", session.id, error)
            session.fold.apply(StateChanged(state="failed", reason=str(error), cause="store"), now_ms())
            self._stream(session.id, session.fold.steps, "output", f"\n{error}\n")
        finally:
            self._known[session.id] = info_of(session)
            del self._live[session.id]

    async def _events(self, name: str) -> "list[Event]":
        events: list[Event] = []
        since = 0
        while page := await self._log.read(since, session=name, limit=2_000):
            events += page
            since = page[-1].seq
        return events

    def _show(self, name: str, fold: SessionFold) -> Callable[[str, str], None]:
        def show(source: str, text: str) -> None:
            self._stream(name, fold.steps + (0 if source == "output" else 1), source, text)  # pyright: ignore[reportArgumentType]

        return show
