"""A fork goes on from a checkpoint in a session of its own: it knows what was known there, and nothing that came after."""

from pathlib import Path

from harness import Harness, harness
from scripted_provider import call, say

from cairn_agents.rewind.fork import fork_at
from cairn_memory.events import CheckpointWritten, SessionForked

TURNS = [
    call("write", path="first.txt", content="FIRST\n"),
    call("write", path="later.txt", content="LATER\n"),
    say("wrote LATER"),
    say("the fork speaks"),
    say("the fork goes on"),
]


async def forked(h: Harness, place: str, prompt: str) -> str:
    info = await h.run("Write the first one.")
    fork = await fork_at(h.runs.memory, h.runs.info(info.session), place)
    name, _ = await h.runs.start(prompt, h.root, "build", h.settings(), fork)
    await h.rest(name)
    return name


async def test_a_fork_knows_what_was_known_and_nothing_after(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as h:
        name = await forked(h, "s2", "Try another way.")
        body = str(h.provider.requests[3].json["messages"])
        assert "first.txt" in body and "Write the first one." in body and "Try another way." in body
        assert "LATER" not in body and "later.txt" not in body
        (event,) = await h.payloads(SessionForked.kind)
        assert isinstance(event, SessionForked) and event.checkpoint == 1
        assert (h.root / "later.txt").read_text() == "LATER\n", "the files stay as they are"
        source = h.runs.info(event.source)
        assert (source.state, source.steps, source.goal) == ("done", 3, "Write the first one.")
        assert h.runs.info(name).goal == "Try another way."


async def test_a_fork_is_resumed_and_rebuilt_from_what_it_came_from(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as h:
        name = await forked(h, "s2", "Try another way.")
        h.runs.ask_rebuild(name)
        await h.resume(name, "And on.")
        body = str(h.provider.requests[-1].json["messages"])
        assert "first.txt" in body and "And on." in body and "later.txt" not in body


async def test_a_fork_begins_at_a_checkpoint_by_its_number(tmp_path: Path) -> None:
    async with harness(tmp_path, TURNS) as h:
        info = await h.run("Write the first one.")
        made = await h.runs.checkpoint(info.session)
        assert made is not None and isinstance(made.payload, CheckpointWritten)
        fork = await fork_at(h.runs.memory, h.runs.info(info.session), f"c{made.payload.number}")
        assert fork.event == made.payload.covers
