"""Takes an archive into a workspace, whole or not at all; what is here already is not taken twice."""

import asyncio
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from cairn_memory.archive.format import MEMORY_NAME, check, read_events
from cairn_memory.archive.renumber import Renumbering, root_in, root_of
from cairn_memory.blobs import BlobStore
from cairn_memory.errors import explain
from cairn_memory.events import (
    ApprovalAnswered,
    ContractSet,
    Event,
    FileVersioned,
    LogRewritten,
    ModelReplied,
    PermissionGranted,
    PermissionRevoked,
    StateChanged,
    ToolFinished,
    ToolStarted,
)
from cairn_memory.files import write_atomically
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.taking import all_events
from cairn_memory.versions import NO_SESSIONS

_NOTHING_ALLOWED = PermissionRevoked(tool="*", pattern="*", by="archive").model_dump_json()
"""Closes a session in which something is allowed still: what was allowed elsewhere is not allowed here."""

_NOT_TAKEN = ("host.started", LogRewritten.kind)
"""What is of the workspace it was written in, and of no session."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What an import did. `sessions` gives each one's name there and here; `present` were here already.

    `left` are memory files of the archive that were left out, since this workspace has its own.
    """

    sessions: dict[str, str] = field(default_factory=dict[str, str])
    present: tuple[str, ...] = ()
    events: int = 0
    files: int = 0
    left: tuple[str, ...] = ()


async def restore(log: EventLog, workspace: Workspace, source: Path) -> Restored:
    """Checks the archive at `source`, then takes it in with new event numbers, masked by the masker of today.

    A session whose name is taken by another gets a longer one. All of them come to rest, work in
    this workspace's root, and have no standing approvals. Raises ArchiveRefused, StoreError; then
    nothing was taken.
    """
    manifest = await asyncio.to_thread(check, source)
    here = _Here()
    async for event in all_events(log):
        here.see(event)
    plan = await asyncio.to_thread(_plan, source, here, workspace)
    last = log.last_seq
    bringing = _Bringing(source, plan, log, workspace)
    if plan.taken:
        await log.adopt(bringing.events)
    files, left = await asyncio.to_thread(bringing.files, [member.name for member in manifest.members])
    return Restored(plan.names, tuple(sorted(plan.present)), log.last_seq - last, files, left)


class _Here:
    """What the workspace has already: how each session goes, step by step, and whose files have versions."""

    def __init__(self) -> None:
        self.sessions: dict[str, list[bytes]] = {}
        self.numbers: dict[str, list[int]] = {}
        """Of a session's events."""
        self.loose: dict[tuple[str, int], int] = {}
        self.versions: dict[str, list[int]] = {}
        """The times of a file's versions."""
        self.roots: set[int] = set()
        """Of tasks."""

    def see(self, event: Event) -> None:
        if event.session not in NO_SESSIONS:
            course = self.sessions.setdefault(event.session, [])
            digest = blake2b(course[-1] if course else b"", digest_size=8)
            digest.update(f"{event.agent}\0{event.kind}\0{event.time}".encode())
            course.append(digest.digest())
            self.numbers.setdefault(event.session, []).append(event.seq)
        else:
            self.loose[event.kind, event.time] = event.seq
        if (name := _file(event)) and not name.startswith("sessions/"):
            self.versions.setdefault(name, []).append(event.time)
        self.roots.add(root_of(event))

    def has(self, session: str, course: list[bytes]) -> bool:
        """Whether `session` went just so, and perhaps on from there."""
        mine = self.sessions.get(session, [])
        return len(mine) >= len(course) and mine[len(course) - 1] == course[-1]


@dataclass
class _Plan:
    """Which events are taken (by their old numbers), and what their sessions are called here."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    present: set[str] = field(default_factory=set[str])
    taken: list[int] = field(default_factory=list[int])
    owned: set[str] = field(default_factory=set[str])
    """Memory files that this workspace has its own of, as the archive calls them."""
    missing: set[str] = field(default_factory=set[str])
    """Memory files whose versions came with an import that was cut off before it wrote them."""
    at_home: dict[str, str] = field(default_factory=dict[str, str])
    """What the sessions that were here already are called here."""
    known: dict[int, int] = field(default_factory=dict[int, int])
    """Events that were here already: their old numbers, and those they have here."""
    roots: set[int] = field(default_factory=set[int])
    """Of tasks that come."""
    tasks: dict[int, int] = field(default_factory=dict[int, int])
    """Roots of tasks whose numbers are taken here by others, and their new numbers."""
    open_ended: dict[str, int] = field(default_factory=dict[str, int])
    """Sessions that are not at rest where the archive ends, and when that was."""


def _plan(source: Path, here: _Here, workspace: Workspace) -> _Plan:
    plan, there = _Plan(), _Here()
    with zipfile.ZipFile(source) as archive:
        for event in read_events(archive):
            there.see(event)
            if event.session not in NO_SESSIONS:
                _follow(plan.open_ended, event)
        for session, course in there.sessions.items():
            longer = f"{session[:80]}-{course[-1].hex()[:8]}"
            if here.has(session, course) or here.has(longer, course):
                plan.present.add(session)
                plan.at_home[session] = session if here.has(session, course) else longer
            else:
                plan.names[session] = longer if session in here.sessions else session
        comes = (event for event in read_events(archive) if _is_taken(event, plan, here))
        plan.roots = {root_of(event) for event in comes} - {0}
        _number_tasks(plan, here, there)
        _sort_files(plan, here, there, workspace)
        plan.taken = [event.seq for event in read_events(archive) if _is_taken(event, plan, here)]
    for session, home in plan.at_home.items():
        plan.known |= zip(there.numbers[session], here.numbers[home], strict=False)
    plan.known |= {seq: here.loose[key] for key, seq in there.loose.items() if key in here.loose}
    return plan


def _sort_files(plan: _Plan, here: _Here, there: _Here, workspace: Workspace) -> None:
    """Which memory files are this workspace's own, and which an earlier import of this archive failed to write."""
    memory = "project/MEMORY.md"
    has_memory = (workspace.folder / "MEMORY.md").exists()
    for name, times in here.versions.items():
        theirs = there.versions.get(name, [])
        cut_off = theirs and times[: len(theirs)] == theirs and not _path(workspace, name).exists()
        if root_in(name) not in plan.tasks:
            (plan.missing if cut_off else plan.owned).add(name)
    plan.owned |= {memory} if has_memory else set()


def _number_tasks(plan: _Plan, here: _Here, there: _Here) -> None:
    """Gives the tasks that come, and whose numbers are taken here, free ones."""
    free = max(here.roots | there.roots, default=0)
    for number, root in enumerate(sorted(plan.roots & here.roots), start=free + 1):
        plan.tasks[root] = number


def _follow(open_ended: dict[str, int], event: Event) -> None:
    payload = event.payload if event.kind == StateChanged.kind else None
    if isinstance(payload, StateChanged) and payload.state not in ("running", "waiting"):
        open_ended.pop(event.session, None)
    elif (
        isinstance(payload, StateChanged)
        or event.kind in ("session.started", "session.resumed", "message.user")
        or event.session in open_ended
    ):
        open_ended[event.session] = event.time


def _is_taken(event: Event, plan: _Plan, here: _Here) -> bool:
    loose = event.session in NO_SESSIONS
    if not loose and event.session not in plan.names:
        return False
    if name := _file(event):
        session = name.split("/")[1] if name.startswith("sessions/") and name.count("/") == 2 else ""
        if session:
            return session in plan.names
        return name not in plan.owned | plan.missing and not name.startswith("user/")
    return not loose or (event.kind not in _NOT_TAKEN and (event.kind, event.time) not in here.loose)


class _Allowed:
    """In which sessions something is allowed still where they end: by a grant, a contract, or to a call about to run."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        """The time of each session's last event."""
        self._lasting: set[str] = set()
        self._pending: dict[str, set[str]] = {}

    @property
    def sessions(self) -> set[str]:
        return self._lasting | {session for session, calls in self._pending.items() if calls}

    def see(self, event: Event) -> None:
        self.last[event.session] = event.time
        pending = self._pending.setdefault(event.session, set())
        match event.payload:
            case PermissionGranted() | ContractSet():
                self._lasting.add(event.session)
            case ToolStarted(call=call) | ApprovalAnswered(id=call):
                pending.add(call)
            case ToolFinished(call=call):
                pending.discard(call)
            case ModelReplied():
                pending.clear()
            case _:
                pass


@dataclass
class _Bringing:
    """The plan carried out: events in the log's own transaction, then the memory files."""

    source: Path
    plan: _Plan
    log: EventLog
    workspace: Workspace

    def __post_init__(self) -> None:
        self._as_here = self._renumbering(self.plan.known)
        self._allowed = _Allowed()

    def events(self, first: int) -> Iterator[Event]:
        numbers = {old: new for new, old in enumerate(self.plan.taken, start=first)}
        self._as_here = self._renumbering(self.plan.known | numbers)
        with zipfile.ZipFile(self.source) as archive:
            blobs = set(archive.namelist())

            def fetch(digest: str) -> bytes | None:
                name = f"blobs/{digest}"
                return archive.read(name) if name in blobs else None

            self._as_here.fetch = fetch
            for event in read_events(archive):
                if event.seq in numbers:
                    self._allowed.see(event)
                    yield self._as_here.event(event)
        rest = StateChanged(state="interrupted", reason="imported from an archive").model_dump_json()
        ended = [old for old in self.plan.open_ended if old in self.plan.names]
        closing = [(old, StateChanged.kind, rest) for old in ended]
        allowed = [old for old in self.plan.names if old in self._allowed.sessions]
        closing += [(old, PermissionRevoked.kind, _NOTHING_ALLOWED) for old in allowed]
        for seq, (old, kind, text) in enumerate(closing, start=first + len(numbers)):
            yield Event(seq, self.plan.names[old], "main", kind, self._allowed.last.get(old, 0), text)

    def files(self, names: Iterable[str]) -> tuple[int, tuple[str, ...]]:
        """Writes the memory files that are not here yet: how many, and which of the archive's were left out."""
        written, left = 0, list[str]()
        with zipfile.ZipFile(self.source) as archive:
            for member in names:
                name = member.removeprefix("memory/")
                if member == name or not MEMORY_NAME.fullmatch(name):
                    continue
                target = _path(self.workspace, self._as_here.file(name))
                if not self._comes(name) or target.exists():
                    if not self._was_here(name):
                        left.append(name)
                    continue
                text = self._as_here.text(archive.read(member).decode("utf-8", "replace"))
                try:
                    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    write_atomically(target, text.encode())
                except OSError as error:
                    raise explain(
                        error, f"the events were taken in, but {target} could not be written"
                    ) from error
                written += 1
        return written, tuple(left)

    def _comes(self, name: str) -> bool:
        """Whether a memory file is wanted here, if there is none."""
        if name.startswith("tasks/"):
            return name in self.plan.missing or (
                root_in(name) in self.plan.roots and name not in self.plan.owned
            )
        return name not in self.plan.owned

    def _was_here(self, name: str) -> bool:
        """Whether an earlier import of this archive brought it, or its session."""
        return name in self.plan.missing or (
            name.startswith("sessions/") and name.split("/")[1] in self.plan.at_home
        )

    def _renumbering(self, numbers: dict[int, int]) -> Renumbering:
        names = self.plan.at_home | self.plan.names
        put, root = BlobStore(self.workspace.blobs).put, str(self.workspace.root)
        return Renumbering(numbers, names, self.log.masker, _no_blob, put, root, self.plan.tasks)


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.folder / "MEMORY.md" if name == "project/MEMORY.md" else workspace.local / name


def _no_blob(digest: str) -> bytes | None:
    return None


def _file(event: Event) -> str:
    payload = event.payload if event.kind == FileVersioned.kind else None
    return payload.file if isinstance(payload, FileVersioned) else ""
