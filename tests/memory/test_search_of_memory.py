"""What of the memory is searched besides the log: claims, tasks and the newest checkpoints of real files."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import pytest

from cairn_memory.blobs import BlobStore
from cairn_memory.events import CheckpointWritten, UserMessage
from cairn_memory.memory import Memory
from cairn_memory.places import UserFolders, Workspace
from cairn_memory.recall.checkpoint import Checkpoint, Item
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncGenerator[Memory]:
    root = tmp_path / "project"
    root.mkdir()
    workspace = Workspace.of(root)
    workspace.create()
    log, _ = await open_log(workspace.local, SecretMasker(()))
    user = UserFolders(tmp_path / "user", tmp_path / "user", tmp_path / "user")
    made = Memory(workspace, user, log, BlobStore(workspace.blobs))
    await made.open()
    yield made
    await made.close()
    await log.close()


async def refs(memory: Memory, query: str) -> list[str]:
    return [hit.ref for hit in (await (await memory.index()).search(query, "memory")).hits]


async def checkpoint(memory: Memory, number: int, text: str) -> None:
    made = Checkpoint(number=number, covers=1, sections={"decisions": (Item(text=text, events=(1,)),)})
    data = memory.blobs.put(made.to_json().encode())
    await memory.log.append("s1", CheckpointWritten(number=number, covers=1, data=data))


async def test_claims_tasks_and_the_newest_checkpoint_are_found(memory: Memory) -> None:
    kept = await memory.claims.remember("The pelican is fed at noon", "fact", by="user")
    await memory.record("s1", memory.tasks.create("Paint the cormorant", criteria=("it shines",)))
    await checkpoint(memory, 1, "The heron stays where it is")
    assert await refs(memory, "pelican") == [kept.claim.id]
    assert "T1" in await refs(memory, "cormorant") and "T1" in await refs(memory, "shines")
    assert await refs(memory, "heron") == ["s1/checkpoint.md#decisions"]
    await checkpoint(memory, 2, "The ibis goes")
    assert await refs(memory, "heron") == []
    assert await refs(memory, "ibis") == ["s1/checkpoint.md#decisions"]


async def test_reindex_finds_again_what_the_index_had_lost(memory: Memory) -> None:
    await memory.log.append("s1", UserMessage(text="the pelican"))
    index = await memory.index()
    assert [hit.ref for hit in (await index.search("pelican")).hits] == ["e1"]
    with closing(sqlite3.connect(memory.workspace.local / "index.db")) as file, file:
        file.execute("INSERT INTO words (words) VALUES ('delete-all')")
    assert (await index.search("pelican")).hits == ()
    assert await index.reindex() == ""
    assert [hit.ref for hit in (await index.search("pelican")).hits] == ["e1"]
