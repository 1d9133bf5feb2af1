"""The memory's files: what there is, every version of each, what changed, and the way back."""

import asyncio
import difflib
from typing import Any

from cairn_agents.runs import RunError
from cairn_memory.checkup import memory_files
from cairn_memory.errors import StoreError
from cairn_memory.memory import Memory
from cairn_memory.memory_files import MemoryFile
from cairn_memory.versions import Version
from cairn_server import protocol as wire
from cairn_server.call import Context, Method
from cairn_server.methods.naming import the_file


async def _files(context: Context, params: wire.Nothing) -> wire.MemoryFileList:
    memory = context.runs.memory
    return wire.MemoryFileList(files=[await _info(memory, file) for file in memory_files(memory)])


async def _log(context: Context, params: wire.FileRef) -> wire.VersionList:
    memory = context.runs.memory
    file = the_file(context.runs, params.file)
    await memory.versions.look(file)
    found = await memory.versions.history(file)
    return wire.VersionList(
        file=file.name, path=str(file.path), versions=[version_info(each) for each in found]
    )


async def _diff(context: Context, params: wire.DiffVersions) -> wire.VersionDiff:
    memory = context.runs.memory
    file = the_file(context.runs, params.file)
    await memory.versions.look(file)
    found = {version.number: version for version in await memory.versions.history(file)}
    new = max(found, default=0) if params.new is None else params.new
    old = max(new - 1, 0) if params.old is None else params.old
    return wire.VersionDiff(
        file=file.name, old=old, new=new, diff=await _difference(memory, file, found, old, new)
    )


async def _undo(context: Context, params: wire.UndoVersion) -> wire.Undone:
    memory = context.runs.memory
    file = the_file(context.runs, params.file)
    await memory.versions.look(file)
    before = memory.versions.newest(file)
    after = await memory.versions.undo(file, params.number)
    await memory.claims.all()  # what came back and what went counts at once
    versions = {before.number: before, after.number: after}
    diff = await _difference(memory, file, versions, before.number, after.number)
    return wire.Undone(file=file.name, version=version_info(after), diff=diff)


async def _difference(memory: Memory, file: MemoryFile, known: dict[int, Version], old: int, new: int) -> str:
    """A unified diff between two versions. Raises RunError when one of them is not there."""
    for number in (old, new):
        if number and number not in known:
            last = max(known, default=0)
            raise RunError(f"{file.name} has no version {number}: they go from 0 (no text) to {last}")
    texts = [await memory.versions.text(known[each]) if each else "" for each in (old, new)]
    names = [f"{file.name} {each}" for each in (old, new)]

    def compare() -> str:
        before, after = (text.splitlines() for text in texts)
        return "\n".join(difflib.unified_diff(before, after, names[0], names[1], lineterm=""))

    return await asyncio.to_thread(compare)


async def _info(memory: Memory, file: MemoryFile) -> wire.MemoryFileInfo:
    problem = ""
    try:
        await memory.versions.look(file)
    except StoreError as error:
        problem = str(error)
    newest = memory.versions.newest(file)
    return wire.MemoryFileInfo(
        name=file.name,
        path=str(file.path),
        version=newest.number,
        by=newest.by,
        reason=newest.reason,
        time=newest.time,
        size=newest.content.size,
        problem=problem,
    )


def version_info(version: Version) -> wire.VersionInfo:
    """A version as clients see it."""
    return wire.VersionInfo(
        number=version.number,
        by=version.by,
        reason=version.reason,
        time=version.time,
        session=version.session,
        event=version.seq,
        size=version.content.size,
    )


METHODS: tuple[Method[Any, Any], ...] = (
    Method("cairn/memory/files", wire.Nothing, wire.MemoryFileList, _files),
    Method("cairn/memory/log", wire.FileRef, wire.VersionList, _log),
    Method("cairn/memory/diff", wire.DiffVersions, wire.VersionDiff, _diff),
    Method("cairn/memory/undo", wire.UndoVersion, wire.Undone, _undo),
)
