"""`Runs` without a model: a session does what its prompt says, at once, and is logged like a real one.

python tests/fake_runs.py --workspace DIR      a whole host around it
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, cast

from cairn_agents.config import Config, LoadedConfig
from cairn_agents.config.settings import ModelSettings, SnapshotSettings
from cairn_agents.editors import NO_EDITORS
from cairn_agents.gate.answering import Heard
from cairn_agents.gate.approvals import Choice
from cairn_agents.gate.rights import Rights
from cairn_agents.keeping import Keeping
from cairn_agents.proposals.proposals import Proposals
from cairn_agents.rewind.store import Store
from cairn_agents.runs import RunError, RunInfo, Runs, RunSettings, Stream
from cairn_memory.blobs import BlobStore
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Budget,
    CheckpointWritten,
    Event,
    NoteAdded,
    ProposalAnswered,
    SessionStarted,
    State,
    StateChanged,
    Usage,
    UserMessage,
)
from cairn_memory.imports.message import Imported
from cairn_memory.log import EventLog
from cairn_memory.memory import Memory
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_server.host import main


class PlainMasker:
    """Masks one made-up secret."""

    def mask(self, text: str) -> str:
        return text.replace("sk-secret", "[masked:test]")

    def learn(self, value: str) -> None:
        pass


class FakeRuns:
    """Prompts: `done`, `work` (until interrupted), `background` (a command outlives it), `ask`, `notes N SIZE`, `propose WORDS`, `stream N`, `break`."""

    def __init__(self, workspace: Workspace, user: UserFolders, log: EventLog, stream: Stream) -> None:
        self.attended: Callable[[str], bool] = lambda session: False
        self._log = log
        self._stream = stream
        self._sessions: dict[str, RunInfo] = {}
        self._approvals: dict[str, tuple[str, ApprovalRequested]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.memory = Memory(workspace, user, log, BlobStore(workspace.blobs))
        self.keeping = Keeping(self, self.memory, lambda: self.config().config.memory)
        self.rights = Rights(workspace, user, log, lambda: (), self.config)
        states = Store(workspace, lambda: SnapshotSettings(enabled=False))
        self.proposals = Proposals(workspace, self, log, states, lambda: NO_EDITORS, self._tell_answer)

    async def _tell_answer(self, session: str, answered: ProposalAnswered) -> None:
        await self._log.append(session, answered)

    async def open(self) -> None:
        await self.memory.open()
        for name, event in (await self._log.newest_of_each("session.started")).items():
            payload = cast(SessionStarted, event.payload)
            self._sessions[name] = _info(name, payload.goal, payload.root, "interrupted")

    async def start(
        self,
        prompt: str,
        root: Path,
        mode: Literal["build", "plan"] | None,
        settings: RunSettings,
        fork: None = None,
        enclosed: str = "",
    ) -> tuple[str, int]:
        if prompt == "break":
            raise ZeroDivisionError("as the prompt asked; sk-secret")
        if settings.model == "none":
            raise RunError("no model is\nconfigured")
        name = f"s{len(self._sessions) + 1:04}"
        since = self._log.last_seq
        self._sessions[name] = _info(name, prompt, str(root), "running")
        await self._log.append(
            name, SessionStarted(goal=prompt, root=str(root), mode=mode or "build"), UserMessage(text=prompt)
        )
        task = asyncio.create_task(self._work(name, prompt.split()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return name, since

    async def _work(self, name: str, words: list[str]) -> None:
        match words:
            case ["notes", count, size]:
                for number in range(int(count)):
                    await self._log.append(name, NoteAdded(text=f"{number} " + "x" * int(size)))
            case ["stream", count]:
                for number in range(int(count)):
                    self._stream(name, number + 1, "text", f"word{number} ")
                    self._stream(name, number + 1, "text", "and more")
                    await self._log.append(name, NoteAdded(text=str(number)))
            case ["ask"]:
                attended = "attended" if self.attended(name) else "unattended"
                request = ApprovalRequested(
                    id=f"{name}:c1", call="c1", name="bash", title="rm", reason=attended
                )
                self._approvals[request.id] = (name, request)
                await self._log.append(name, request)
                return
            case ["work"]:
                return
            case ["task", *title]:
                made = self.memory.tasks.create(" ".join(title))
                await self.memory.record(name, made, made.model_copy(update={"state": "in progress"}))
                return
            case ["propose", *claim]:
                await self.memory.proposals.propose(
                    " ".join(claim), "rule", reason="it seems so", session=name
                )
            case _:
                pass
        await self._rest(name, "done", "")

    async def _rest(self, name: str, state: State, reason: str) -> None:
        info = self._sessions[name]
        self._sessions[name] = _info(name, info.goal, info.root, state)
        await self._log.append(name, StateChanged(state=state, reason=reason))

    async def resume(
        self, session: str | None, prompt: str | None, settings: RunSettings, enclosed: str = ""
    ) -> tuple[str, int]:
        name = self.find(session or "s")
        since = self._log.last_seq
        await self._log.append(name, UserMessage(text=prompt or "go on"))
        return name, since

    async def interrupt(self, session: str, cause: str) -> bool:
        if self._sessions[session].state != "running":
            return False
        await self._rest(session, "interrupted", f"interrupted ({cause})")
        return True

    def find(self, prefix: str) -> str:
        found = [name for name in self._sessions if name.startswith(prefix)]
        if len(found) != 1:
            raise RunError(f"no session {prefix!r}")
        return found[0]

    def info(self, session: str) -> RunInfo:
        return self._sessions[session]

    def running(self) -> "list[RunInfo]":
        return [info for info in self._sessions.values() if info.state == "running"]

    @asynccontextmanager
    async def quiet(self, sessions: Collection[str] | None = None) -> AsyncGenerator[None]:
        yield

    def background(self) -> tuple[str, ...]:
        return tuple(f"{name}/1.0" for name, info in self._sessions.items() if info.goal == "background")

    def approvals(self) -> "list[tuple[str, ApprovalRequested]]":
        return list(self._approvals.values())

    async def answer(self, approval: str, decision: Choice, words: str, by: str, pattern: str = "") -> Heard:
        if approval not in self._approvals:
            raise RunError(f"no approval {approval!r}")
        name, request = self._approvals.pop(approval)
        answer = ApprovalAnswered(id=request.id, decision=decision, words=words, by=by, pattern=pattern)
        await self._log.append(name, answer)
        await self._rest(name, "done", "")
        return Heard(True)

    def refusal(self, approval: str, pattern: str) -> str:
        return ""

    async def checkpoint(self, session: str) -> Event | None:
        if self._sessions[session].state != "running":
            return None
        data = self.memory.blobs.put(Checkpoint(number=1, covers=1).to_json().encode())
        await self._log.append(session, CheckpointWritten(number=1, covers=1, data=data, dropped=("untrue",)))
        return await self.memory.newest_checkpoint(session)

    def ask_rebuild(self, session: str) -> bool:
        return self._sessions[session].state == "running"

    async def replay_file(self, session: str) -> str:
        return f"replay of {session}"

    async def import_session(self, path: Path) -> Imported:
        if path.name == "gone":
            raise RunError(f"{path} cannot be read")
        return Imported(path.name, 3, ("line 2: broken",))

    def config(self) -> LoadedConfig:
        return LoadedConfig(Config(model=ModelSettings(name="fake", base_url="http://127.0.0.1:9/v1")))

    async def close(self, cause: str = "host") -> None:
        for info in self.running():
            await self.interrupt(info.session, cause)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.memory.close()

    def list(self) -> "list[RunInfo]":
        return [*self._sessions.values()][::-1]


def _info(name: str, goal: str, root: str, state: State) -> RunInfo:
    return RunInfo(
        session=name,
        goal=goal,
        root=root,
        mode="build",
        model="fake",
        base_url="",
        state=state,
        reason="",
        steps=1,
        usage=Usage(),
        cost=0.0,
        window=1_000,
        fill=0,
        started=0,
        updated=0,
        budget=Budget(),
    )


def make(workspace: Workspace, user: UserFolders, log: EventLog, stream: Stream) -> Runs:
    return cast(Runs, FakeRuns(workspace, user, log, stream))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], make_runs=make, masker=PlainMasker()))
