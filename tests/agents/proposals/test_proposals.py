"""Propose mode from the first call to the last answer: nothing changes before a person says so, and the agent is told."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import call, calls, say

from cairn_agents.editors import Buffer, NoEditors
from cairn_agents.outfit import RunError
from cairn_agents.proposals.proposals import Proposals
from cairn_agents.rewind.rewinds import Wish
from cairn_memory.events import HostMessage, ProposalAnswered, ProposalMade, ToolFinished
from cairn_memory.scopes import OneSession

BEFORE = "".join(f"line {number}\n" for number in range(1, 31))
AFTER = BEFORE.replace("line 3\n", "line three\n").replace("line 25\n", "line twenty-five\n")
TWO_EDITS = [
    call("read", path="a.txt"),
    calls(
        ("edit", {"path": "a.txt", "old": "line 3\n", "new": "line three\n"}),
        ("edit", {"path": "a.txt", "old": "line 25\n", "new": "line twenty-five\n"}),
        text="Words read better than digits.",
    ),
    say("Proposed."),
]


async def proposed(h: Harness) -> tuple[Proposals, str]:
    (h.root / "a.txt").write_text(BEFORE, encoding="utf-8")
    info = await h.rest(await h.start("spell the numbers", mode="propose", approve_all=False))
    assert info.state == "done"
    return h.runs.proposals, info.session


async def messages(h: Harness) -> list[str]:
    found = await h.payloads(HostMessage.kind)
    return [each.text for each in found if isinstance(each, HostMessage) and each.about == "proposal"]


async def test_what_is_proposed_is_read_back_and_no_file_is_touched(tmp_path: Path) -> None:
    turns = [
        call("read", path="a.txt"),
        call("edit", path="a.txt", old="line 3\n", new="line three\n"),
        call("write", path="new/b.txt", content="fresh\n"),
        calls(("read", {"path": "a.txt", "limit": 4}), ("read", {"path": "new/b.txt"})),
        call("edit", path="new/b.txt", old="fresh", new="fresher"),
        say("Proposed."),
    ]
    async with harness(tmp_path, turns) as h:
        proposals, session = await proposed(h)
        assert (h.root / "a.txt").read_text(encoding="utf-8") == BEFORE
        assert not (h.root / "new").exists()
        read = [each.text for each in await h.payloads(ToolFinished.kind) if isinstance(each, ToolFinished)]
        assert "line three" in read[3] and read[4].endswith("fresh")
        shown = await proposals.show(session)
        assert [(each.name, each.new, len(each.parts)) for each in shown.files] == [
            ("a.txt", False, 1),
            ("new/b.txt", True, 1),
        ]
        assert shown.files[1].text == "fresher\n"
        assert [
            each.path for each in await h.payloads(ProposalMade.kind) if isinstance(each, ProposalMade)
        ] == [
            "a.txt",
            "new/b.txt",
            "new/b.txt",
        ]


async def test_one_part_is_accepted_another_rejected_and_the_agent_is_told_when_it_goes_on(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [*TWO_EDITS, say("I see.")]) as h:
        proposals, session = await proposed(h)
        (file,) = (await proposals.show(session)).files
        assert file.reasons == (("Words read better than digits.",), ("Words read better than digits.",))
        first, second = (part.id for part in file.parts)
        done = await proposals.accept(session, "a.txt", [first], "test")
        assert (done.taken, done.refused, done.left) == ({"a.txt": [first]}, {}, 1)
        await proposals.reject(session, "a.txt", [second], "digits are right there", "test")
        assert (h.root / "a.txt").read_text(encoding="utf-8") == BEFORE.replace("line 3\n", "line three\n")
        assert (await proposals.show(session)).files == () and await proposals.all() == []
        answered = [
            each for each in await h.payloads(ProposalAnswered.kind) if isinstance(each, ProposalAnswered)
        ]
        assert [(each.answer, each.words, each.left) for each in answered] == [
            ("accepted", "", 1),
            ("rejected", "digits are right there", 0),
        ]
        assert await messages(h) == []
        await h.resume(session, "go on")
        (told,) = await messages(h)
        assert "+line three" in told and "digits are right there" in told
        assert told in str(h.conversation()) or "digits are right there" in str(h.conversation())
        assert "changed: " not in str(h.conversation()), "an answer is no drift"


async def test_each_part_keeps_its_own_reason_while_a_person_edits_and_rejects_above_it(
    tmp_path: Path,
) -> None:
    edits = [("line 5\n", "five\n", "A"), ("line 15\n", "fifteen\n", "B"), ("line 25\n", "", "C")]
    turns = [
        call("read", path="a.txt"),
        *(calls(("edit", {"path": "a.txt", "old": old, "new": new}), text=why) for old, new, why in edits),
        say("Proposed."),
    ]
    async with harness(tmp_path, turns) as h:
        proposals, session = await proposed(h)
        (file,) = (await proposals.show(session)).files
        assert file.reasons == (("A",), ("B",), ("C",))
        mine = file.text.replace("five\n", "five\n" + "and more\n" * 9, 1)
        await proposals.edit(session, "a.txt", mine, "test")
        (file,) = (await proposals.show(session)).files
        assert file.reasons == (("A",), ("B",), ("C",))
        await proposals.reject(session, "a.txt", [file.parts[0].id], "", "test")
        (file,) = (await proposals.show(session)).files
        assert file.reasons == (("B",), ("C",))
        await proposals.accept(session, "a.txt", [file.parts[0].id], "test")
        (file,) = (await proposals.show(session)).files
        assert file.reasons == (("C",),)


async def test_what_others_changed_since_is_kept_or_the_part_refused(tmp_path: Path) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        proposals, session = await proposed(h)
        mine = BEFORE.replace("line 3\n", "my line 3\n").replace("line 10\n", "ten\nand more\n")
        (h.root / "a.txt").write_text(mine, encoding="utf-8")
        (file,) = (await proposals.show(session)).files
        done = await proposals.accept(session, "", [], "test")
        assert done.taken == {"a.txt": [file.parts[1].id]} and done.left == 1
        assert "a.txt:3 was changed by somebody else" in done.refused[file.parts[0].id]
        now = (h.root / "a.txt").read_text(encoding="utf-8")
        assert now == mine.replace("line 25\n", "line twenty-five\n")


async def test_the_users_own_text_takes_the_place_of_the_proposed_one(tmp_path: Path) -> None:
    turns = [*TWO_EDITS, call("edit", path="a.txt", old="line 4", new="x"), say("I see.")]
    async with harness(tmp_path, turns) as h:
        proposals, session = await proposed(h)
        await proposals.edit(session, "a.txt", AFTER.replace("line three", "line THREE"), "test")
        await proposals.accept(session, "a.txt", [], "test")
        assert "line THREE" in (h.root / "a.txt").read_text(encoding="utf-8")
        await h.resume(session, "go on")
        assert "edited a.txt" in str(await messages(h)) and "+line THREE" in str(await messages(h))


async def test_a_new_file_is_made_and_line_ends_and_encoding_stay(tmp_path: Path) -> None:
    turns = [
        call("read", path="w.txt"),
        call("edit", path="w.txt", old="two", new="zwei"),
        call("write", path="deep/er/n.txt", content="n\n"),
        say("ok"),
    ]
    async with harness(tmp_path, turns) as h:
        (h.root / "w.txt").write_bytes("\ufeffone\r\ntwo\r\nthree".encode())
        proposals, session = await proposed(h)
        await proposals.accept(session, "", [], "test")
        assert (h.root / "w.txt").read_bytes() == "\ufeffone\r\nzwei\r\nthree".encode()
        assert (h.root / "deep/er/n.txt").read_bytes() == b"n\n"
        assert not list((h.root / ".cairn/local/proposals").rglob("*.txt")), "what was answered is not kept"


async def test_shell_commands_in_propose_mode_only_read_and_nothing_outside_is_proposed(
    tmp_path: Path,
) -> None:
    turns = [
        calls(
            ("bash", {"command": "touch x"}),
            ("bash", {"command": "cat a.txt"}),
            ("write", {"path": "../y", "content": ""}),
            ("write", {"path": ".cairn/local/z", "content": ""}),
            ("write", {"path": ".git/hooks/pre-commit", "content": ""}),
        ),
        say("ok"),
    ]
    async with harness(tmp_path, turns) as h:
        await proposed(h)
        results = [each for each in await h.payloads(ToolFinished.kind) if isinstance(each, ToolFinished)]
        assert [each.outcome for each in results] == ["denied", "ok", "error", "error", "error"]
        assert "propose mode only reads" in results[0].text


async def test_an_id_that_was_answered_already_says_so(tmp_path: Path) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        proposals, session = await proposed(h)
        first = (await proposals.show(session)).files[0].parts[0].id
        await proposals.accept(session, "", [first], "test")
        with pytest.raises(RunError, match=r"no part .* any more"):
            await proposals.accept(session, "", [first], "test")
        with pytest.raises(RunError, match=r"nothing is proposed for b\.txt"):
            await proposals.reject(session, "b.txt", [], "", "test")


@dataclass
class OneEditor(NoEditors):
    """An editor that has one document open, and takes changes or not."""

    path: Path
    text: str
    dirty: bool
    takes: bool = True
    labels: list[str] = field(default_factory=list[str])

    def buffer(self, path: Path) -> Buffer | None:
        return Buffer(self.text, 7, self.dirty) if path == self.path else None

    async def apply(self, path: Path, seen: Buffer, text: str, label: str) -> bool:
        if not self.takes or seen.text != self.text:
            return False
        self.text, self.dirty = text, True
        self.labels.append(label)
        return True


async def test_a_document_that_is_open_gets_the_change_as_one_step_beside_unsaved_work(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        proposals, session = await proposed(h)
        unsaved = BEFORE.replace("line 12\n", "not saved yet\n")
        h.runs.editors = editor = OneEditor(h.root / "a.txt", unsaved, dirty=True)
        done = await proposals.accept(session, "a.txt", [], "test")
        assert editor.text == AFTER.replace("line 12\n", "not saved yet\n") and len(editor.labels) == 1
        assert (h.root / "a.txt").read_text(encoding="utf-8") == BEFORE
        assert (done.left, done.unsaved) == (0, [])


async def test_what_an_editor_refuses_stays_proposed(tmp_path: Path) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        proposals, session = await proposed(h)
        h.runs.editors = OneEditor(h.root / "a.txt", BEFORE, dirty=False, takes=False)
        done = await proposals.accept(session, "a.txt", [], "test")
        assert done.left == 2 and "the editor did not take" in str(done.refused)
        assert await h.payloads(ProposalAnswered.kind) == []


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
async def test_a_rewind_takes_an_accepted_change_back_and_leaves_the_users_lines(tmp_path: Path) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        subprocess.run(["git", "init", "-q", str(h.root)], check=True)
        proposals, session = await proposed(h)
        await proposals.accept(session, "a.txt", [], "test")
        after = (h.root / "a.txt").read_text(encoding="utf-8")
        (h.root / "a.txt").write_text(after.replace("line 12\n", "mine\n"), encoding="utf-8")
        shown = await h.runs.rewinds.diff(session)
        assert [(each.path, each.added, each.removed) for each in shown.files] == [("a.txt", 2, 2)]
        outcome = await h.runs.rewinds.apply(Wish(session, "start", conversation=False))
        assert outcome.applied and not outcome.overlaps
        assert (h.root / "a.txt").read_text(encoding="utf-8") == BEFORE.replace("line 12\n", "mine\n")


async def test_a_session_that_is_deleted_takes_its_proposal_along(tmp_path: Path) -> None:
    async with harness(tmp_path, TWO_EDITS) as h:
        _, session = await proposed(h)
        kept = {each.name: each.files for each in await h.runs.keeping.where()}
        assert kept["proposals"] == 2
        await h.runs.keeping.delete(OneSession(session))
        assert not (h.root / ".cairn/local/proposals" / session).exists()
