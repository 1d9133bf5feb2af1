"""What is deleted on a person's word, beside the log and its files."""

import asyncio
import threading
from collections.abc import Collection
from pathlib import Path

import pytest
from deadlines import deadline
from harness import harness
from scripted_provider import say

from cairn_memory.scopes import Everything, OneSession
from cairn_memory.snapshots import Snapshot, WorkTree


@pytest.mark.parametrize("everything", [True, False])
async def test_what_was_typed_at_the_prompt_goes_with_everything_and_only_then(
    tmp_path: Path, everything: bool
) -> None:
    async with harness(tmp_path, [say("Painted.")]) as h:
        session = (await h.run("Paint the gate green.")).session
        typed = h.runs.memory.user.data / "prompts"
        typed.write_text("Paint the gate green, as green as the sea\n", encoding="utf-8")
        erased = await h.runs.keeping.delete(Everything() if everything else OneSession(session))
        assert erased.proof.hits == ()
        assert typed.exists() != everything


async def test_a_state_that_is_still_being_recorded_goes_with_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, take = threading.Event(), WorkTree.take

    def slowly(self: WorkTree, session: str, also: Collection[str] = ()) -> Snapshot:
        go.wait(20)
        return take(self, session, tuple(also))

    monkeypatch.setattr(WorkTree, "take", slowly)
    async with harness(tmp_path, [say("Painted.")]) as h, deadline(40):
        session = (await h.run("Paint the gate green.")).session
        asyncio.get_running_loop().call_later(0.3, go.set)
        erased = await h.runs.keeping.delete(OneSession(session))
        assert go.is_set(), "it waits for the state"
        assert erased.proof.hits == ()
