"""A place in a session is compared with today's files, whoever changed them since, and old contents can be read."""

from pathlib import Path

import pytest
from harness import harness
from scripted_provider import call, say

from cairn_agents.outfit import RunError
from cairn_memory.errors import StoreError

WRITES = [
    call("write", path="a.txt", content="agent one\n"),
    call("edit", path="kept.txt", old="two", new="two by the agent"),
    call("bash", command="rm gone.txt"),
    say("all done"),
]


def begin(folder: Path) -> Path:
    root = folder / "work"
    root.mkdir(parents=True)
    (root / "kept.txt").write_text("one\ntwo\n")
    (root / "gone.txt").write_text("was here\n")
    (root / "same.txt").write_text("same\n")
    return root


async def test_files_are_compared_with_the_state_that_the_agent_left_at_a_place(tmp_path: Path) -> None:
    root = begin(tmp_path)
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        (root / "mine.txt").write_text("the user's\n")
        rewinds = h.runs.rewinds
        found = await rewinds.compare(info.session, "start")
        assert [each.path for each in found.changes] == ["a.txt", "gone.txt", "kept.txt", "mine.txt"]
        gone = next(each for each in found.changes if each.path == "gone.txt")
        assert gone.after is None and gone.before is not None
        assert await rewinds.content(gone.before.oid) == b"was here\n"
        later = await rewinds.compare(info.session, "s2")
        assert [each.path for each in later.changes] == ["gone.txt", "kept.txt", "mine.txt"]
        assert found.root == root and found.more == 0


async def test_what_is_no_text_has_no_content_to_show(tmp_path: Path) -> None:
    root = begin(tmp_path)
    (root / "gone.txt").write_bytes(b"\0\1\2")
    async with harness(tmp_path, WRITES) as h:
        info = await h.run()
        changes = (await h.runs.rewinds.compare(info.session, "start")).changes
        gone = next(each for each in changes if each.path == "gone.txt")
        assert gone.before is not None
        assert await h.runs.rewinds.content(gone.before.oid) is None


async def test_a_place_or_a_content_that_is_not_there_is_said(tmp_path: Path) -> None:
    begin(tmp_path)
    async with harness(tmp_path, [say("nothing to do")]) as h:
        info = await h.run()
        with pytest.raises(RunError, match="no state of session"):
            await h.runs.rewinds.compare(info.session, "start")
        with pytest.raises(StoreError, match="is not in the record"):
            await h.runs.rewinds.content("0" * 40)
