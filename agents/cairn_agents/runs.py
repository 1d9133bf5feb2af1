"""All sessions of one workspace: what the host asks of the agents, in one object."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cairn_agents.all_checkpoints import AllCheckpoints
from cairn_agents.calls import drop_calls
from cairn_agents.config import LoadedConfig
from cairn_agents.credentials import mark_of
from cairn_agents.editors import NO_EDITORS, Editors
from cairn_agents.finding import find, newest_open
from cairn_agents.gate.answering import AnswerRefused, Heard, give, too_late
from cairn_agents.gate.approvals import Choice
from cairn_agents.gate.rights import Rights
from cairn_agents.guards.base import Rest
from cairn_agents.info import RunInfo, info_of, infos_from_log
from cairn_agents.loop import work
from cairn_agents.mentions import said
from cairn_agents.modes import ModeName
from cairn_agents.opening import open_window
from cairn_agents.outfit import Outfitter, RunError, RunSettings, budget_from, contract_from
from cairn_agents.proposals.proposals import Proposals
from cairn_agents.proposals.telling import tell_answers, told
from cairn_agents.reading import events_of, read_again
from cairn_agents.rebuild import checkpoint_now
from cairn_agents.session import Session, now_ms
from cairn_agents.window import Window
from cairn_agents.worktree import look_at_rest, look_at_start, record_at_rest, root_now, tell_drift
from cairn_memory.errors import StoreError
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    ContractSet,
    Event,
    ProposalAnswered,
    SessionResumed,
    SessionStarted,
    State,
    StateChanged,
)
from cairn_memory.imports.message import Imported, ImportRefused
from cairn_memory.log import EventLog
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.sessions import KILLED, SessionFold

if TYPE_CHECKING:
    from cairn_agents.keeping import Keeping
    from cairn_agents.rewind.fork import Fork
    from cairn_agents.rewind.rewinds import Rewinds

__all__ = ["RunError", "RunInfo", "RunSettings", "Runs", "Stream", "StreamSource"]

logger = logging.getLogger(__name__)

StreamSource = Literal["text", "reasoning", "tool", "output"]
Stream = Callable[[str, int, StreamSource, str], None]
"""session, step, source, text: called as text arrives; must return at once."""

STOP_SECONDS = 15.0
"""How long an interrupted session may take to come to rest."""

CHECKPOINT_SECONDS = 20.0
"""How long whoever asks for a checkpoint waits for its writer."""

COMMAND = "command"
"""Why there is a checkpoint or a window that a person asked for."""


@dataclass(slots=True)
class _Live:
    session: Session
    task: "asyncio.Task[None]"
    cause: str = "interrupted"


class Runs:
    """Starts, resumes, interrupts and lists sessions. One event loop, one instance a workspace."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog, stream: Stream) -> None:
        self.attended: Callable[[str], bool] = lambda session: False
        self.editors: Editors = NO_EDITORS
        self._log = log
        self._stream = stream
        self._workspace = workspace
        self._outfitter = Outfitter(workspace, user, log, lambda: self.editors)
        self._known: dict[str, RunInfo] = {}
        self._live: dict[str, _Live] = {}
        self._importing = asyncio.Lock()
        self._taking_up = asyncio.Lock()
        self._rebuilds: set[str] = set()
        """Sessions at rest whose window somebody wants rebuilt; forgotten with this process."""
        self.memory = self._outfitter.memory
        self.sandbox = self._outfitter.sandbox
        self.rights = Rights(
            workspace, user, log, lambda: [live.session for live in self._live.values()], self.config
        )
        self._checkpoints = AllCheckpoints(self.memory)
        self._expiring: asyncio.Task[None] | None = None
        self.problems: list[str] = []
        """What was found when it was opened, for people: one line each."""

    async def open(self) -> None:
        """Reads which sessions there are; those that were running when a host died become interrupted."""
        await self.memory.open()
        self._known = await infos_from_log(self._log)
        if self._outfitter.snapshots.restorer.journal.exists():
            self.problems += await self.rewinds.finish()
        self.problems += await self.proposals.finish()
        for info in list(self._known.values()):
            if info.state in ("running", "waiting"):
                change = StateChanged(state="interrupted", reason=KILLED, cause="host")
                (event,) = await self._log.append(info.session, change)
                self._known[info.session] = info.resting(change.state, change.reason, event.time)
        kept = self.config().config.memory
        limited = bool(kept.keep_days or kept.keep_mb)
        self._expiring = asyncio.create_task(self._expire(limited), name="retention")

    async def _expire(self, limited: bool) -> None:
        """Lets go of what is old, once, beside everything else."""
        if limited:
            await self.keeping.expire_at_start()
        await self._outfitter.snapshots.collect()

    @cached_property
    def keeping(self) -> "Keeping":
        """What is kept, and how it goes."""
        from cairn_agents.keeping import Keeping  # needed seldom, and a host should start quickly

        return Keeping(self, self.memory, lambda: self.config().config.memory)

    @cached_property
    def rewinds(self) -> "Rewinds":
        """Work that is taken back, and put back."""
        from cairn_agents.rewind.rewinds import Rewinds  # needed seldom, and a host should start quickly

        return Rewinds(self, self.memory, self._outfitter.snapshots)

    @cached_property
    def proposals(self) -> Proposals:
        """What agents propose, and the answers to it."""
        states = self._outfitter.snapshots
        return Proposals(self._workspace, self, self._log, states, lambda: self.editors, self._tell_answer)

    async def _tell_answer(self, session: str, answered: ProposalAnswered) -> None:
        if live := self._live.get(session):
            live.session.emit(answered, told([answered]))
            await live.session.commit()
        else:
            await self._log.append(session, answered)

    @asynccontextmanager
    async def quiet(self, sessions: Collection[str] | None = None) -> AsyncGenerator[None]:
        """For a rewriting of the log: no session begins, is taken up or imported inside.

        What is held of `sessions` (None: of all) that rest is let go of, and read anew after it.
        """
        async with self._taking_up, self._importing:
            await self._checkpoints.let_go(sessions, self._live)
            await self._outfitter.snapshots.settled()
            try:
                yield
            finally:
                self._known = await infos_from_log(self._log)
                self._rebuilds &= self._known.keys()

    async def start(
        self,
        prompt: str,
        root: Path,
        mode: ModeName | None,
        settings: RunSettings,
        fork: "Fork | None" = None,
        enclosed: str = "",
    ) -> tuple[str, int]:
        """A new session works on `prompt`, which names what is `enclosed`. Returns its id and the event number before its first event.

        With `fork` it goes on from there, with that one's model. The user's words are durable when this returns; the run goes on by itself. Raises RunError.
        """
        loaded = settings.over(self._outfitter.config())
        endpoint = await self._outfitter.endpoint(loaded, settings, fork.source if fork else None)
        name = f"{time.strftime('%y%m%d')}-{secrets.token_hex(3)}"
        fold = SessionFold(name, root=str(root), mode=mode or loaded.config.mode)
        contract = contract_from(settings, prompt)
        equipment = self._outfitter.equip(
            fold, loaded, endpoint, lambda: self.attended(name), self._show(name, fold)
        )
        session = Session(name, fold, Window(), equipment, self._checkpoints.of(fold))
        session.checkpoints.record = equipment.snapshots.at_checkpoint
        async with self._taking_up:
            return await self._begin(session, prompt, enclosed, settings, loaded, contract, fork)

    async def _begin(
        self,
        session: Session,
        prompt: str,
        enclosed: str,
        settings: RunSettings,
        loaded: LoadedConfig,
        contract: ContractSet | None,
        fork: "Fork | None",
    ) -> tuple[str, int]:
        name, fold, endpoint = session.id, session.fold, session.equipment.endpoint
        since = self._log.last_seq
        session.emit(
            SessionStarted(
                goal=prompt,
                root=fold.root,
                mode=fold.mode,
                model=endpoint.model,
                base_url=endpoint.base_url,
                key=mark_of(endpoint.api_key, self._log.masker),
                window=endpoint.window,
                budget=budget_from(loaded, settings, fold, now_ms(), contract),
                approve_all=settings.approve_all,
            ),
            *(fork.events if fork else ()),
            StateChanged(state="running"),
            *await self.rights.beginning(fold, loaded, contract),
            *said(prompt, enclosed),
        )
        if fork:
            fork.prepare(session)
        else:
            await open_window(session, prompt, self.list())
        await session.commit()
        self._drive(session)
        return name, since

    async def resume(
        self, session: str | None, prompt: str | None, settings: RunSettings, enclosed: str = ""
    ) -> tuple[str, int]:
        """A session at rest goes on; to a running one `prompt` is said. Raises RunError."""
        async with self._taking_up:  # of two who resume a session at once the second finds it at work
            return await self._resume(
                self.find(session) if session else newest_open(self.list(), self._workspace.root),
                prompt,
                settings,
                enclosed,
            )

    async def _resume(
        self, name: str, prompt: str | None, settings: RunSettings, enclosed: str
    ) -> tuple[str, int]:
        since = self._log.last_seq
        live = self._live.get(name)
        if live is not None and live.session.fold.state in ("running", "waiting"):
            if not prompt:
                return name, since
            live.session.emit(*said(prompt, enclosed))
            await live.session.commit()
            return name, since
        if live is not None:
            await asyncio.wait([live.task], timeout=STOP_SECONDS)
        await self._take_up(name, prompt, settings, enclosed)
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
        return find(prefix, {**self._known, **self._live}, self._workspace.root)

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
            if live.session.equipment.approvals.is_open(request.id)
        ]

    async def answer(self, approval: str, decision: Choice, words: str, by: str, pattern: str = "") -> Heard:
        """Answers an approval; the first answer counts. Raises RunError for an unknown id, or a pattern that may not be."""
        name, _, call = approval.rpartition(":")
        if not call or name not in {*self._known, *self._live}:
            raise RunError(f"no approval {approval!r}; `cairn status` shows what waits")
        live = self._live.get(name)
        answer = ApprovalAnswered(id=approval, decision=decision, words=words, by=by, pattern=pattern)
        try:
            if live is not None and give(live.session, self._outfitter.standing, answer):
                return Heard(True)
        except AnswerRefused as error:
            raise RunError(str(error)) from error
        return await too_late(self._log, name, live.session if live else None, approval)

    def refusal(self, approval: str, pattern: str) -> str:
        """Why this pattern may not be allowed for good by an answer to an open question; "" when it may, or none is open."""
        live = self._live.get(approval.rpartition(":")[0])
        approvals = live.session.equipment.approvals if live else None
        return (
            approvals.refusal(approval, pattern, always=True)
            if approvals and approvals.is_open(approval)
            else ""
        )

    async def replay_file(self, session: str) -> str:
        """The session as the text of a file that `cairn replay` plays."""
        from cairn_agents import recording  # needed seldom, and a host should start quickly

        return recording.from_events(await events_of(self.find(session), self._log))

    async def import_session(self, path: Path) -> Imported:
        """A session out of another program's file; one that can be resumed. Raises RunError, StoreError."""
        from cairn_memory.imports.importer import (
            import_file,
        )  # needed seldom, and a host should start quickly

        async with self._importing:
            try:
                imported = await import_file(path, self._log, self._outfitter.blobs, self._workspace.root)
            except ImportRefused as error:
                raise RunError(str(error)) from error
            if not imported.already:
                infos = await infos_from_log(self._log)
                self._known[imported.session] = infos[imported.session]
            return imported

    async def checkpoint(self, session: str) -> Event | None:
        """Makes a checkpoint now; its event, or None when the writer still works on it after a while.

        Of a session at rest it is made by code alone, on top of the judgement there is. Raises RunError, StoreError.
        """
        name = self.find(session)
        before = await self.memory.newest_checkpoint(name)
        if live := self._live.get(name):
            checkpoint_now(live.session, COMMAND)
            await live.session.commit()
            await live.session.checkpoints.settle(CHECKPOINT_SECONDS)
            await live.session.checkpoints.shown()
        else:
            async with self._taking_up:
                self.find(name)  # it may have been deleted meanwhile
                await self._checkpoints.at_rest(name, before)
        made = await self.memory.newest_checkpoint(name)
        return None if made is None or (before is not None and made.seq == before.seq) else made

    def ask_rebuild(self, session: str) -> bool:
        """Has the session's window rebuilt before its next request; whether it works now. Raises RunError.

        One at rest is rebuilt when it is taken up again, as long as this host lives.
        """
        name = self.find(session)
        live = self._live.get(name)
        if live is None:
            self._rebuilds.add(name)
        else:
            live.session.rebuild_asked = True
        return live is not None

    def config(self) -> LoadedConfig:
        """The settings in force, where each comes from, and what is wrong with them. No keys are in it."""
        return self._outfitter.config()

    async def close(self, cause: str = "host") -> None:
        """Interrupts what runs, saying why; ends background commands, lets go of the model connections."""
        if self._expiring is not None:
            self._expiring.cancel()
        for each in ("keeping", "rewinds"):
            if each in self.__dict__:
                await getattr(self, each).close()
        await asyncio.gather(*(self.interrupt(name, cause) for name in list(self._live)))
        await self._checkpoints.close()
        await self._outfitter.close()
        await self.memory.close()

    async def _take_up(self, name: str, prompt: str | None, settings: RunSettings, enclosed: str) -> None:
        known = self._known[name]
        loaded = settings.over(self._outfitter.config())
        endpoint = await self._outfitter.endpoint(loaded, settings, known)
        events = await events_of(name, self._log)
        fold, window = await read_again(name, events, endpoint, self._outfitter.blobs)
        if fold.turn == "rest" and not prompt:
            raise RunError(
                f"session {name} is done; give it new words with `cairn resume {name} --prompt TEXT`"
            )
        contract = contract_from(settings, fold.goal) if settings.contract else fold.contract
        before, root = fold.root, await asyncio.to_thread(root_now, fold, self._workspace)
        equipment = self._outfitter.equip(
            fold, loaded, endpoint, lambda: self.attended(name), self._show(name, fold), root
        )
        session = Session(name, fold, window, equipment, self._checkpoints.of(fold))
        session.checkpoints.record = equipment.snapshots.at_checkpoint
        session.rebuild_asked = name in self._rebuilds
        if prompt:
            await drop_calls(session)
        session.emit(
            SessionResumed(
                model=endpoint.model,
                base_url=endpoint.base_url,
                key=mark_of(endpoint.api_key, self._log.masker),
                window=endpoint.window,
                budget=budget_from(loaded, settings, fold, now_ms(), contract),
                root=str(root),
                approve_all=settings.approve_all,
            ),
            StateChanged(state="running"),
            *await self.rights.beginning(fold, loaded, contract if settings.contract else None),
        )
        await tell_drift(session, before, events)
        tell_answers(session, events)
        if not fold.windows and not fold.steps and not fold.forked:  # killed before the first window was made
            await open_window(session, prompt or fold.goal, [])
        if prompt:
            session.emit(*said(prompt, enclosed))
        await session.commit()
        self._rebuilds.discard(name)
        self._drive(session)

    def _drive(self, session: Session) -> None:
        task = asyncio.create_task(self._run(session), name=f"session {session.id}")
        self._live[session.id] = _Live(session, task)

    async def _run(self, session: Session) -> None:
        """Works until the session rests, and says in the log why it does."""
        state: State = "failed"
        looking = asyncio.create_task(look_at_start(session))
        if session.fold.mode == "build":
            session.equipment.snapshots.expect()
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
            looking.cancel()
            await record_at_rest(session)
            session.emit(StateChanged(state=state, reason=reason, cause=cause))
            await session.commit()
            await look_at_rest(session)
        except StoreError as error:
            logger.error("session %s: %s", session.id, error)
            session.fold.apply(StateChanged(state="failed", reason=str(error), cause="store"), now_ms())
            self._stream(session.id, session.fold.steps, "output", f"\n{error}\n")
        finally:
            looking.cancel()
            self._known[session.id] = info_of(session)
            del self._live[session.id]
            if session.rebuild_asked:  # it made no request any more
                self._rebuilds.add(session.id)
            self._checkpoints.rests(session.checkpoints, self._live)

    def _show(self, name: str, fold: SessionFold) -> Callable[[str, str], None]:
        def show(source: str, text: str) -> None:
            self._stream(name, fold.steps + (0 if source == "output" else 1), source, text)  # pyright: ignore[reportArgumentType]

        return show
