"""Deletes a session, the project's memory, or everything, for good, and proves that no copy is left.

One transaction takes the events out and says which files go with them, so a kill leaves
all of it or none: what is committed is carried out at the next start. Copies that a
salvage put aside and the host's own log go with every deletion, since they may quote
anything; the search index goes, and is built again from what stays. Not reached: backups,
git's history of a MEMORY.md that was committed, and what the disk keeps of removed files.
"""

import asyncio
import contextlib
import re
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from cairn_memory.errors import StoreError, explain
from cairn_memory.leftovers import digests_in, remove
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.proof import Proof, Samples, seek
from cairn_memory.scopes import Everything, OneSession, ProjectMemory, Scope
from cairn_memory.snapshots.collecting import remembers
from cairn_memory.snapshots.repository import FOLDER
from cairn_memory.taking import Taking, all_events

_SESSION = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
_SAMPLED_FILES = 12
_SAMPLED_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a deletion took, and the proof that it is gone."""

    events: int
    blobs: int
    files: int
    proof: Proof


async def erase(
    log: EventLog,
    workspace: Workspace,
    scope: Scope,
    *,
    running: Collection[str] = (),
    user_files: Sequence[Path] = (),
    index: AbstractAsyncContextManager[object] | None = None,
) -> Erasure:
    """Deletes what `scope` takes, and looks afterwards whether any of it is left.

    `running` are the sessions at work now: none of them may be touched. `user_files` go, too
    (the prompt's history, with `Everything`), before all else. The search index is closed
    while `index` is entered. Whoever holds a session of this in memory lets go of it first.
    Raises StoreError: then either nothing was deleted, or the message says what is unfinished.
    """
    _check(scope, workspace, running)
    taking = Taking(scope, workspace, bool(running))
    samples = await _samples(log, workspace, scope, user_files)
    async with index or contextlib.nullcontext():
        await asyncio.to_thread(_remove_user_files, user_files)
        done = await log.rewrite(taking)
        await log.finish(workspace.local)
        proof = await asyncio.to_thread(seek, samples.chosen(), [workspace.local, *user_files])
        proof = await asyncio.to_thread(_with_states, proof, workspace.local / FOLDER, scope.sessions)
    return Erasure(done.erased, taking.blobs, taking.files, proof)


def _with_states(proof: Proof, folder: Path, sessions: Sequence[str]) -> Proof:
    """States are packed, so no text of them would be found: it is asked whether any of these sessions has one."""
    left = [session for session in sessions if remembers(folder, session)]
    return replace(proof, hits=(*proof.hits, str(folder))) if left else proof


def _check(scope: Scope, workspace: Workspace, running: Collection[str]) -> None:
    if isinstance(scope, OneSession):
        if not _SESSION.fullmatch(scope.session):
            raise StoreError(f"{scope.session[:40]!r} is no session; `cairn sessions` lists them")
        running = [session for session in running if session == scope.session]
    if running and not isinstance(scope, ProjectMemory):
        names = ", ".join(sorted(running)[:5])
        raise StoreError(f"session {names} is at work: interrupt it first; nothing was deleted")


async def _samples(log: EventLog, workspace: Workspace, scope: Scope, user_files: Sequence[Path]) -> Samples:
    """Texts of all that is about to go, and of nothing that stays. Raises StoreError when nothing goes."""
    samples = Samples(common=(str(workspace.home), str(workspace.root)))
    going: set[str] = set()
    staying: set[str] = set()
    async for event in all_events(log):
        (going if scope.takes(event) else staying).update(digests_in(event.text))
        if scope.takes(event):
            samples.add_json(event.kind, event.text)
    files = [workspace.local / name for name in scope.files(workspace.local)]
    files += [
        workspace.blobs / digest[:2] / digest[2:] for digest in sorted(going - staying)[:_SAMPLED_FILES]
    ]
    await asyncio.to_thread(_sample_files, [*files, *user_files], samples)
    if not isinstance(scope, Everything):
        async for event in all_events(log):
            if not scope.takes(event):
                samples.forget_those_in(event.text)
    return samples


def _sample_files(paths: Sequence[Path], samples: Samples) -> None:
    for root in paths:
        files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
        for path in (*files[:_SAMPLED_FILES], *files[_SAMPLED_FILES:][-_SAMPLED_FILES:]):
            with contextlib.suppress(OSError), path.open("rb") as file:
                samples.add(f"file {path.name}", file.read(_SAMPLED_BYTES).decode("utf-8", "replace"))


def _remove_user_files(paths: Sequence[Path]) -> None:
    for path in paths:
        try:
            remove(path)
        except OSError as error:
            raise explain(error, f"{path} could not be removed; nothing else was deleted") from error
