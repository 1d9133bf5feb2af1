"""Hundreds of steps through a real host, with kills, provider faults, full disks and clients that drop: the same end.

pytest tests/faults/test_chaos.py -m chaos --seed 7
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chaos_plan import QUIET, Disturbances, drawn
from chaos_steps import make_workspace
from chaos_world import WINDOW, World, hosts_in
from deadlines import deadline
from scripted_provider import ScriptedProvider
from thirty_steps import files_of

from cairn_memory.events import Event, ModelReplied, NoteAdded, ToolFinished, ToolStarted, UserMessage
from cairn_memory.places import Workspace
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.verify import verify

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="the disk is filled by prlimit(2)"),
]
STEPS = 500
MOST = 100_000
TOLD = (UserMessage.kind, ModelReplied.kind, ToolFinished.kind, NoteAdded.kind)
"""What the conversation consists of; requests, retries, resumes and windows may differ."""


@dataclass(frozen=True)
class End:
    """What a run came to: its files, and its conversation without times and places."""

    files: dict[str, str]
    conversation: list[tuple[str, Any]]


async def _carried_out(folder: Path, steps: int, plan: Disturbances, seed: int) -> tuple[End, World]:
    root = make_workspace(folder)
    hosts = hosts_in(folder)
    try:
        async with ScriptedProvider(window=WINDOW) as provider:
            world = World(root, steps, plan, hosts, provider, random.Random(seed))
            provider.turns = world.answer
            async with deadline(420):
                await world.run()
            world.close()
    finally:
        hosts.close()
    return End(files_of(root), await _conversation(root, world)), world


async def _conversation(root: Path, world: World) -> list[tuple[str, Any]]:
    local = Workspace.of(root).local
    log, problems = await open_log(local, SecretMasker(()))
    events = await log.read(limit=MOST)
    await log.close()
    assert problems == () and verify(local) == []
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), "each once, in order"
    told = [seq for seq, _ in world.seen]
    assert told == list(range(1, told[-1] + 1)), (
        "clients that come and go miss nothing, and nothing comes twice"
    )
    _check_calls(events)
    return [(event.kind, _plain(event, str(root))) for event in events if event.kind in TOLD]


def _check_calls(events: list[Event]) -> None:
    """A call is begun once, or says that it is begun again; it has one result."""
    begun = [each.payload for each in events if isinstance(each.payload, ToolStarted)]
    firsts = [(each.step, each.call) for each in begun if each.attempt == 1]
    assert len(set(firsts)) == len(firsts)
    ended = [
        (each.payload.step, each.payload.call) for each in events if isinstance(each.payload, ToolFinished)
    ]
    assert len(set(ended)) == len(ended)


def _plain(event: Event, root: str) -> Any:
    """What the event says that does not depend on when and where it was said."""
    payload = event.payload
    match payload:
        case ModelReplied():
            return payload.step, payload.text, [(each.name, each.arguments) for each in payload.calls]
        case ToolFinished():
            text = payload.text.replace(root, "ROOT")
            return payload.step, payload.call, payload.name, payload.outcome, payload.exit_code, text
        case UserMessage() | NoteAdded():
            return payload.text
        case _:
            raise AssertionError(event.kind)


@pytest.mark.timeout(900)
async def test_a_run_with_kills_faults_full_disks_and_drops_ends_as_the_quiet_one(
    tmp_path: Path, seed: int
) -> None:
    quiet, _ = await _carried_out(tmp_path / "quiet", STEPS, QUIET, seed)
    plan = drawn(seed, STEPS)
    disturbed, world = await _carried_out(tmp_path / "disturbed", STEPS, plan, seed)
    befell = f"--seed {seed}: {len(world.done)} disturbances, {world.done}"
    assert {kind for kind, _ in world.spent} >= {"spell", "drop", "exceeded", "asked", "started"}, befell
    for ours, theirs in zip(disturbed.conversation, quiet.conversation, strict=False):
        assert ours == theirs, befell
    assert len(disturbed.conversation) == len(quiet.conversation), befell
    assert disturbed.files == quiet.files, befell
