"""Pieces of work on a workspace that write much: what `killing.py` kills, and the workspace they begin with."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from cairn_memory.archive.export import export
from cairn_memory.archive.restore import restore
from cairn_memory.blobs import BlobStore
from cairn_memory.erase import erase
from cairn_memory.events import (
    CheckpointWritten,
    ClaimRemembered,
    FileVersioned,
    HostStarted,
    ModelReplied,
    SessionStarted,
    StateChanged,
    TaskChanged,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.log import EventLog
from cairn_memory.places import Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.redact.stored import redact_stored
from cairn_memory.retention import Policy, expire
from cairn_memory.scopes import OneSession
from cairn_memory.store import open_log

KEY = b"0123456789abcdef"
GOING, STAYING = "s-going", "s-staying"


def masker() -> SecretMasker:
    return SecretMasker(key=KEY)


@asynccontextmanager
async def at_work(folder: Path) -> AsyncGenerator[tuple[EventLog, Workspace]]:
    """The log of the workspace in `folder`, and that workspace; both are made when they are not there."""
    workspace = Workspace.of(folder)
    workspace.create()
    log, problems = await open_log(workspace.local, masker())
    assert problems == ()
    try:
        yield log, workspace
    finally:
        await log.close()


def words(session: str, what: str) -> str:
    """A text that stands nowhere else."""
    return f"{what} as {session} alone would put it, word for word"


async def converse(log: EventLog, blobs: BlobStore, session: str) -> None:
    """A short session: an order, a reply with a call, its result, a task, a checkpoint and its file."""
    whole = blobs.put(words(session, "the whole output of the tests").encode())
    shared = blobs.put(b"what both sessions saw, the same in each of them")
    point = blobs.put(words(session, "the checkpoint").encode())
    await log.append(session, SessionStarted(goal=words(session, "the goal"), root="/project"))
    (said,) = await log.append(session, UserMessage(text=words(session, "the order")))
    call = ToolCall(id="c1", name="bash", arguments=json.dumps({"command": words(session, "echo")}))
    await log.append(session, ModelReplied(step=1, text=words(session, "the reply"), calls=(call,)))
    await log.append(session, ToolFinished(step=1, call="c1", text=words(session, "out"), whole=whole))
    await log.append(session, ToolFinished(step=1, call="c2", text="shared", whole=shared))
    task = TaskChanged(task="T1", title=words(session, "the task"), evidence=(said.seq,))
    await log.append(
        session, task, CheckpointWritten(number=1, covers=said.seq, data=point, notes=(said.seq,))
    )
    file = f"sessions/{session}/checkpoint.md"
    await log.append("", FileVersioned(file=file, number=1, content=point, reason="checkpoint 1"))
    await log.append(session, StateChanged(state="done"))


async def fill(folder: Path) -> None:
    """Two sessions that take turns, a memory, and every file that a host leaves behind."""
    folder.mkdir(exist_ok=True)
    async with at_work(folder) as (log, workspace):
        blobs, local = BlobStore(workspace.blobs), workspace.local
        await log.append("", HostStarted(pid=1))
        for session in (GOING, STAYING, GOING):
            await converse(log, blobs, session)
            run = workspace.session(session) / "run.md"
            run.parent.mkdir(parents=True, exist_ok=True)
            run.write_text(words(session, "the run"))
        memory = "# Memory\n\n## Facts\n\n- the project's builds are made at night by a robot\n"
        (workspace.folder / "MEMORY.md").write_text(memory)
        content = blobs.put(memory.encode())
        claim = ClaimRemembered(claim="c1", text="builds are made at night by a robot", about="fact")
        await log.append(STAYING, claim)
        await log.append("", FileVersioned(file="project/MEMORY.md", number=1, content=content))
        (local / "index.db").write_text(words(GOING, "the order") + words(STAYING, "the order"))
        (local / "host.log").write_text(words(GOING, "the order") + " could not be carried out\n")
        aside = local / "damaged-20260101T000000Z"
        aside.mkdir()
        (aside / "cairn.db").write_text(words(GOING, "the reply"))


async def erase_a_session(folder: Path) -> None:
    async with at_work(folder) as (log, workspace):
        await erase(log, workspace, OneSession(GOING))


SECRET = "ghp_" + "A7b9C2d4E6f8G1h3J5k7" + "L9m2N4p6Q8r1S3t5"


class Blind(SecretMasker):
    """A masker that knows no secret: it writes what an earlier version would have let through."""

    def mask(self, text: str) -> str:
        return text


async def fill_with_secrets(folder: Path) -> None:
    """A workspace in which a secret stands in events, blobs, a version, a run document and the host's log."""
    await fill(folder)
    workspace = Workspace.of(folder)
    log, _ = await open_log(workspace.local, Blind())
    blobs = BlobStore(workspace.blobs)
    said = f"push with token {SECRET} please"
    for session in (GOING, STAYING):
        whole = blobs.put(f"remote: {said}".encode())
        await log.append(
            session, UserMessage(text=said), ToolFinished(step=9, call="c", whole=whole, text=said)
        )
    text = f"# Checkpoint\n\n- {said}\n"
    content = blobs.put(text.encode())
    after = blobs.put(f"{text}- more\n".encode())
    file = f"sessions/{STAYING}/checkpoint.md"
    await log.append("", FileVersioned(file=file, number=2, content=content))
    await log.append("", FileVersioned(file=file, number=3, content=after, before=content.digest))
    await log.close()
    (workspace.session(STAYING) / "run.md").write_text(said)
    (workspace.session(STAYING) / "checkpoint.md").write_text(f"{text}- more\n")
    (workspace.local / "host.log").write_text(said)


async def redact(folder: Path) -> None:
    async with at_work(folder) as (log, workspace):
        await redact_stored(log, workspace)


async def write_archive(folder: Path) -> None:
    async with at_work(folder) as (log, workspace):
        await export(log, workspace, folder / "out.cairn")


async def take_in_archive(folder: Path) -> None:
    async with at_work(folder) as (log, workspace):
        await restore(log, workspace, folder / "in.cairn")


async def expire_all(folder: Path) -> None:
    async with at_work(folder) as (log, workspace):
        await expire(log, workspace, Policy(keep_days=1), busy=[STAYING], now=lambda: 4_000_000_000_000)
