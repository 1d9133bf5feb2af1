"""What is kept, and how it goes: where, export and import, deletion, retention, masking of what is stored."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn_agents.runs import RunError
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.methods.memory import claim_info

if TYPE_CHECKING:
    from cairn_memory.inventory import Kept
    from cairn_memory.scopes import Scope


async def _where(context: Context, params: wire.Nothing) -> wire.Whereabouts:
    keeping = context.runs.keeping
    things = [_kept(each) for each in await keeping.where()]
    settings = keeping.settings()
    return wire.Whereabouts(
        things=things,
        enabled=settings.enabled,
        keep_days=settings.keep_days,
        keep_mb=settings.keep_mb,
        remember=settings.remember,
    )


async def _export(context: Context, params: wire.ExportMemory) -> wire.ExportedMemory:
    session = context.runs.find(params.session) if params.session else ""
    target = _absolute(params.path)
    if target.is_dir():
        raise RunError(f"{target} is a folder; give the name of a file")
    done = await context.runs.keeping.export(target, session)
    return wire.ExportedMemory(
        path=str(target),
        session=session,
        events=done.events,
        blobs=done.blobs,
        files=done.files,
        bytes=done.bytes,
        missing=list(done.missing),
    )


async def _import(context: Context, params: wire.ImportMemory) -> wire.ImportedMemory:
    source = _absolute(params.path)
    if params.merge:
        claims = await context.runs.keeping.merge(source, params.merge)
        came = [claim_info(claim) for claim in claims]
        return wire.ImportedMemory(sessions={}, present=[], events=0, files=0, left=[], claims=came)
    done = await context.runs.keeping.restore(source)
    return wire.ImportedMemory(
        sessions=done.sessions,
        present=list(done.present),
        events=done.events,
        files=done.files,
        left=list(done.left),
        claims=[],
    )


async def _delete(context: Context, params: wire.DeleteMemory) -> wire.DeletedMemory:
    session = ""
    if params.what == "session":
        if not params.session:
            raise RunError("no session is named, so nothing was deleted; `cairn sessions` lists them")
        session = context.runs.find(params.session)
    done = await context.runs.keeping.delete(_scope(params.what, session))
    await context.host.rewritten()
    proof = wire.DeletionProof(
        files=done.proof.files,
        bytes=done.proof.bytes,
        sought=done.proof.sought,
        hits=list(done.proof.hits),
        unreadable=list(done.proof.unreadable),
    )
    return wire.DeletedMemory(
        what=params.what,
        session=session,
        events=done.events,
        blobs=done.blobs,
        files=done.files,
        proof=proof,
    )


async def _expire(context: Context, params: wire.Nothing) -> wire.ExpiredMemory:
    done = await context.runs.keeping.expire()
    await context.host.rewritten()
    return wire.ExpiredMemory(
        sessions=list(done.sessions),
        events=done.events,
        checkpoints=done.checkpoints,
        orphans=done.orphans,
    )


async def _redact(context: Context, params: wire.Nothing) -> wire.RedactedMemory:
    done = await context.runs.keeping.redact()
    await context.host.rewritten()
    return wire.RedactedMemory(
        events=done.events,
        blobs=done.blobs,
        files=done.files,
        memory_files=done.memory_files,
        skipped=list(done.skipped),
    )


def _scope(what: str, session: str) -> "Scope":
    from cairn_memory.scopes import Everything, OneSession, ProjectMemory  # needed seldom

    if what == "session":
        return OneSession(session)
    return ProjectMemory() if what == "project" else Everything()


def _absolute(path: str) -> Path:
    """A path that means the same here as where it was typed. Raises RunError."""
    found = Path(path)
    if not found.is_absolute() or "\0" in path:
        raise RunError(f"{path!r} is no absolute path")
    return found


def _kept(kept: "Kept") -> wire.KeptThing:
    return wire.KeptThing.model_validate(asdict(kept) | {"path": str(kept.path)})


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/memory/where", wire.Nothing, wire.Whereabouts, _where),
    Method("cairn/memory/export", wire.ExportMemory, wire.ExportedMemory, _export),
    Method("cairn/memory/import", wire.ImportMemory, wire.ImportedMemory, _import),
    Method("cairn/memory/delete", wire.DeleteMemory, wire.DeletedMemory, _delete),
    Method("cairn/memory/expire", wire.Nothing, wire.ExpiredMemory, _expire),
    Method("cairn/memory/redact", wire.Nothing, wire.RedactedMemory, _redact),
)
