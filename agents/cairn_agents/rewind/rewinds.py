"""Takes the work of a session back, shows what it would take, and puts it back again. One at a time, each to its end."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from cairn_agents.info import RunInfo
from cairn_agents.outfit import RunError
from cairn_agents.prompts import prompt
from cairn_agents.rewind.conversation import checkpoint_at, highest_checkpoint, tasks_back
from cairn_agents.rewind.difference import FILES, LARGEST, Changed, differences
from cairn_agents.rewind.merging import is_binary
from cairn_agents.rewind.outcome import Outcome, files_of
from cairn_agents.rewind.recorder import printable
from cairn_agents.rewind.store import Store
from cairn_agents.rewind.target import Target, find
from cairn_agents.rewind.timeline import Span, Timeline, read_timeline
from cairn_agents.rewind.walk import Overlap, Planned, plan
from cairn_agents.worktree import root_now
from cairn_memory.errors import StoreError
from cairn_memory.events import Event, HostMessage, ModelReplied, Payload, SessionRewound, StateChanged
from cairn_memory.memory import Memory
from cairn_memory.sessions import SessionFold
from cairn_memory.snapshots import Change, Snapshot
from cairn_memory.snapshots.collecting import size_of
from cairn_memory.snapshots.restoring import Restore, paths_of
from cairn_memory.snapshots.states import EMPTY_FOLDER, Pair

logger = logging.getLogger(__name__)

NAMED = 40
"""Files that the agent is told of."""
CAUSE = "rewind"


class Sessions(Protocol):
    """What must be known of the sessions."""

    def find(self, prefix: str) -> str: ...

    def info(self, session: str) -> RunInfo: ...

    def running(self) -> "Sequence[RunInfo]": ...

    async def checkpoint(self, session: str) -> Event | None: ...

    def quiet(self, sessions: Collection[str] | None = None) -> AbstractAsyncContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be taken back: the session's work since `to`, in the files, in the conversation, or both."""

    session: str
    to: str
    files: bool = True
    conversation: bool = True
    by: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an agent changed, and how many files more; `unknown` says of which calls it cannot be told."""

    session: str
    words: str
    files: list[Changed]
    more: int
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class Compared:
    """The files below `root` that differ from a recorded state, and how many more; `words` say which state."""

    session: str
    words: str
    root: Path
    changes: list[Change]
    more: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The recorded states of a session that are kept; `bytes` is what those of all sessions take."""

    commits: set[str]
    bytes: int
    off: str


class Rewinds:
    """For one workspace, on the host's event loop."""

    def __init__(self, sessions: Sessions, memory: Memory, store: Store) -> None:
        self._sessions = sessions
        self._memory = memory
        self._store = store
        self._alone = asyncio.Lock()
        self._work: set[asyncio.Task[Outcome]] = set()

    async def preview(self, wish: Wish) -> Outcome:
        """What `apply` would do. No effect. Raises RunError, StoreError."""
        async with self._alone:
            session, target = await self._place(wish)
            if not wish.files:
                return await self._outcome(session, target, wish, Planned())
            spans, known = await self._spans(session, target.event)
            _, planned = await self._planned(session, spans, self._root(session))
            return await self._outcome(session, target, wish, planned, known)

    async def apply(self, wish: Wish) -> Outcome:
        """Takes the work back. With overlaps in the outcome nothing was changed at all. Raises RunError, StoreError."""
        return await self._to_the_end(self._apply(wish))

    async def undo(self, session: str, by: str = "") -> Outcome:
        """Puts back what the session's last rewind took. Raises RunError, StoreError."""
        return await self._to_the_end(self._undo(session, by))

    async def diff(self, session: str, place: str = "") -> Shown:
        """What the agent changed in a step or task, or since a checkpoint or an event; "" for all. Raises RunError, StoreError."""
        name = self._sessions.find(session)
        if why := self._store.why_not:
            raise RunError(why)
        target = await find(self._memory.log, name, place) if place else Target(0, "the whole session")
        spans, known = await self._spans(name, target.event)
        if target.end:
            spans = [span for span in spans if span.seq <= target.end]
        spans = [span for span in spans if place == "" or span.step or not target.end]
        files, more = await asyncio.to_thread(differences, self._store.states, spans)
        return Shown(name, target.words, files, more, known.unknown)

    async def compare(self, session: str, place: str) -> Compared:
        """How the files differ now from the state of a place, whoever changed them. Raises RunError, StoreError."""
        name = self._sessions.find(session)
        if why := self._store.why_not:
            raise RunError(why)
        target = await find(self._memory.log, name, place)
        _, known = await self._spans(name, 0)
        commit = known.state_at(target.event)
        if not commit:
            raise RunError(f"no state of session {name} is kept for {target.words}")
        store, root = self._store, self._root(name)

        def work() -> list[Change]:
            now = store.tree(root).take(name)
            (found,) = store.states.changes([Pair(commit, now.commit)])
            files = [each for each in found if not (each.before or each.after or EMPTY_FOLDER).is_folder]
            return sorted(files, key=lambda each: each.path)

        changes = await asyncio.to_thread(work)
        return Compared(name, target.words, root, changes[:FILES], max(len(changes) - FILES, 0))

    async def content(self, name: str) -> bytes | None:
        """What a file held in a recorded state; None for what is no text or too large. Raises StoreError."""
        found = await asyncio.to_thread(self._store.states.contents, [name])
        data = found[name]
        return None if len(data) > LARGEST or is_binary(data) else data

    async def standing(self, session: str) -> Standing:
        """Which states of a session are kept, and what all states take. Raises StoreError."""
        repository = self._store.repository
        kept = await asyncio.to_thread(repository.kept, session)
        commits = {commit for each in kept.values() for commit in each}
        return Standing(commits, await asyncio.to_thread(size_of, repository.folder), self._store.why_not)

    async def finish(self) -> list[str]:
        """Carries out what a kill interrupted; a line for each thing a person should know. Raises nothing."""
        restore = await asyncio.to_thread(self._store.restorer.pending)
        if restore is None:
            return []
        try:
            left = await asyncio.to_thread(self._store.restorer.finish, restore)
            await self._acknowledge(restore, left)
        except StoreError as error:
            return [str(error)]
        said = f"a rewind that a kill interrupted was finished: {len(restore.ops)} files"
        return [
            f"{said}; changed by others meanwhile, and left: {', '.join(map(printable, left[:5]))}"
            if left
            else said
        ]

    # --- the work -------------------------------------------------------------------------------

    async def _apply(self, wish: Wish) -> Outcome:
        session, target = await self._place(wish)
        self._refuse_at_work(session, wish.files)
        await self._sessions.checkpoint(session)
        async with self._sessions.quiet([session]):
            self._refuse_at_work(session, wish.files)
            rewound = SessionRewound(to=target.event, conversation=wish.conversation, by=wish.by)
            if not wish.files:
                outcome = await self._outcome(session, target, wish, Planned())
                return await self._say(replace(outcome, applied=True), rewound)
            spans, known = await self._spans(session, target.event)
            now, planned = await self._planned(session, spans, self._root(session))
            outcome = await self._outcome(session, target, wish, planned, known)
            if planned.overlaps:
                return outcome
            return await self._carry_out(outcome, planned, now, rewound)

    async def _undo(self, prefix: str, by: str) -> Outcome:
        session = self._sessions.find(prefix)
        last = await self._last_rewind(session)
        done = last.payload
        assert isinstance(done, SessionRewound)
        self._refuse_at_work(session, bool(done.files))
        if done.conversation and await self._went_on(session, last.seq):
            raise RunError(
                f"session {session} went on after it was taken back, so that is not put back; "
                f"`cairn rewind e{last.seq}` takes back what came since"
            )
        async with self._sessions.quiet([session]):
            self._refuse_at_work(session, bool(done.files))
            target = Target(last.seq, f"the rewind of e{last.seq}")
            wish = Wish(session, "", bool(done.files), done.conversation, by)
            rewound = SessionRewound(to=done.to, conversation=done.conversation, undoes=last.seq, by=by)
            if not done.files:
                outcome = await self._outcome(session, target, wish, Planned())
                return await self._say(replace(outcome, applied=True, undoes=last.seq), rewound)
            spans = [Span(last.seq, 0, "", "rewind", done.safety, done.result)]
            now, planned = await self._planned(session, spans, self._root(session))
            outcome = replace(await self._outcome(session, target, wish, planned), undoes=last.seq)
            if planned.overlaps:
                return outcome
            return await self._carry_out(outcome, planned, now, rewound)

    async def _carry_out(
        self, outcome: Outcome, planned: Planned, now: Snapshot, rewound: SessionRewound
    ) -> Outcome:
        """Changes the files, and says so in the log: the note of it goes when that is durable."""
        rewound = rewound.model_copy(
            update={
                "files": tuple(printable(path) for path in paths_of(planned.ops)),
                "kept": tuple(printable(path) for path in planned.kept),
                "safety": now.commit,
            }
        )
        note: dict[str, Any] = {
            "session": outcome.session,
            "since": self._memory.log.last_seq,
            "words": outcome.words,
            "rewound": rewound.model_dump(mode="json"),
        }
        restore = Restore(self._root(outcome.session), tuple(planned.ops), tuple(planned.prune), note)
        if not planned.ops:
            return await self._say(replace(outcome, applied=True), rewound)
        await asyncio.to_thread(self._store.restorer.carry_out, restore)
        seq = await self._acknowledge(restore, [])
        return replace(outcome, applied=True, event=seq)

    async def _acknowledge(self, restore: Restore, left: Sequence[str]) -> int:
        """What is done stands in the log, and its note goes. The event's number. Raises StoreError."""
        note = dict(restore.note)
        session = str(note.get("session", ""))
        since = int(note.get("since", 0))
        done = await self._memory.log.read(since, session=session, kinds=(SessionRewound.kind,), limit=1)
        if done:
            seq = done[0].seq
        else:
            result = await asyncio.to_thread(self._store.tree(restore.root).take, session)
            rewound = SessionRewound.model_validate(note["rewound"])
            rewound = rewound.model_copy(update={"result": result.commit})
            said = Outcome(session, rewound.to, str(note.get("words", "")), applied=True)
            seq = (await self._say(said, rewound)).event
        await asyncio.to_thread(self._store.restorer.forget)
        return seq

    async def _say(self, outcome: Outcome, rewound: SessionRewound) -> Outcome:
        """The events of a rewind, as one: with the conversation also where it goes on from."""
        memory, session = self._memory, outcome.session
        payloads: list[Payload] = [rewound]
        shown = None
        if rewound.conversation:
            newest = await highest_checkpoint(memory, session)
            end = rewound.undoes - 1 if rewound.undoes else rewound.to
            number = newest.number + 1 if newest else 1
            written, made = await checkpoint_at(memory, session, end, number)
            shown = made, memory.checkpoint(newest)
            reason = (
                f"put back what e{rewound.undoes} took"
                if rewound.undoes
                else f"taken back to {outcome.words}"
            )
            payloads += [
                written,
                *([] if rewound.undoes else await tasks_back(memory, session, end)),
                StateChanged(state="interrupted", reason=reason, cause=CAUSE),
            ]
        elif rewound.files:
            payloads.append(HostMessage(text=_told(rewound, outcome.words)))
        events = await memory.record(session, *payloads)
        if shown is not None:
            await memory.pages.show(session, *shown)
        return replace(outcome, event=events[0].seq)

    # --- looking --------------------------------------------------------------------------------

    async def _place(self, wish: Wish) -> tuple[str, Target]:
        session = self._sessions.find(wish.session)
        if wish.files and (why := self._store.why_not):
            raise RunError(why)
        return session, await find(self._memory.log, session, wish.to)

    async def _spans(self, session: str, since: int) -> tuple[list[Span], Timeline]:
        known = await read_timeline(self._memory.log, session)
        kept = await asyncio.to_thread(self._store.repository.kept, session)
        known.only({commit for each in kept.values() for commit in each})
        return known.since(since), known

    async def _planned(self, session: str, spans: Sequence[Span], root: Path) -> tuple[Snapshot, Planned]:
        """The state now, and what is to be done. What is in the way on the disk counts as an overlap."""
        store = self._store

        def work() -> tuple[Snapshot, Planned]:
            now = store.tree(root).take(session)
            planned = plan(store.states, spans, now.commit)
            obstacles = store.restorer.obstacles(Restore(root, tuple(planned.ops), tuple(planned.prune)))
            planned.overlaps += [Overlap(path, why, ()) for path, why in sorted(obstacles.items())]
            return now, planned

        return await asyncio.to_thread(work)

    async def _outcome(
        self, session: str, target: Target, wish: Wish, planned: Planned, known: Timeline | None = None
    ) -> Outcome:
        unknown = known.unknown if known else []
        later = [line for line in unknown if int(line[1:].split(" ", 1)[0]) > target.event]
        replies = await self._memory.log.read(
            target.event, session=session, kinds=(ModelReplied.kind,), limit=100_000
        )
        return Outcome(
            session,
            target.event,
            target.words,
            files=files_of(planned),
            kept=tuple(planned.kept),
            left=(*later, *planned.left),
            overlaps=tuple(planned.overlaps),
            conversation=wish.conversation,
            steps=len(replies),
        )

    async def _last_rewind(self, session: str) -> Event:
        found = await self._memory.log.read(session=session, kinds=(SessionRewound.kind,), limit=10_000)
        undone = {event.payload.undoes for event in found if isinstance(event.payload, SessionRewound)}
        for event in reversed(found):
            if (
                isinstance(event.payload, SessionRewound)
                and not event.payload.undoes
                and event.seq not in undone
            ):
                return event
        raise RunError(f"nothing of session {session} was taken back that could be put back")

    async def _went_on(self, session: str, seq: int) -> bool:
        return bool(await self._memory.log.read(seq, session=session, kinds=(ModelReplied.kind,), limit=1))

    def _root(self, session: str) -> Path:
        known = SessionFold(session, root=self._sessions.info(session).root)
        root = root_now(known, self._memory.workspace)
        if not root.is_dir():
            raise RunError(
                f"the work tree of session {session} is not at {root} any more; nothing was changed"
            )
        return root

    def _refuse_at_work(self, session: str, files: bool) -> None:
        """A session that works changes files meanwhile: its own, and with the files any in the same work tree."""
        root = self._sessions.info(session).root
        for each in self._sessions.running():
            if each.session == session or (files and each.root == root):
                raise RunError(
                    f"session {each.session} works now: interrupt it first (cairn stop {each.session}); "
                    "nothing was taken back"
                )

    async def _to_the_end(self, work: Any) -> Outcome:
        """Also when whoever asked goes away meanwhile."""

        async def alone() -> Outcome:
            async with self._alone:
                return await work

        task = asyncio.create_task(alone(), name="rewind")
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._work:
            await asyncio.wait(set(self._work))


def _told(rewound: SessionRewound, words: str) -> str:
    files = [f"- {path}" for path in rewound.files[:NAMED]]
    if len(rewound.files) > NAMED:
        files.append(f"- {len(rewound.files) - NAMED} more files")
    listed = "\n".join(files)
    if rewound.undoes:
        return prompt("put_back").format(files=listed)
    return prompt("rewound_files").format(since=words, files=listed)
