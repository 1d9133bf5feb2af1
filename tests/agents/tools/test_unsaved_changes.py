"""A change to a document that somebody has open and unsaved: judged by hashes like any other, after a kill too."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from desk import Desk

from cairn_agents.editors import Buffer, Diagnostic
from cairn_agents.tools.base import ToolError


@dataclass
class OneDocument:
    """An editor that has one unsaved document open, and does what it is asked."""

    path: Path
    text: str
    version: int = 1
    newline: str = "\n"
    labels: list[str] = field(default_factory=list[str])
    looking: bool = False

    def buffer(self, path: Path) -> Buffer | None:
        return Buffer(self.text, self.version, True, self.newline) if path == self.path else None

    def unsaved(self) -> Sequence[Path]:
        return [self.path]

    def written(self, path: Path, text: str) -> None:
        raise AssertionError("nothing is written over what is not saved")

    async def apply(self, path: Path, seen: Buffer, text: str, label: str) -> bool:
        if seen.version != self.version:
            return False
        self.text, self.version = text, self.version + 1
        self.labels.append(label)
        return True

    async def diagnostics(self, paths: Sequence[Path], wait: float) -> list[Diagnostic] | None:
        return None


def opened(desk: Desk, on_disk: str | bytes, text: str, newline: str = "\n") -> OneDocument:
    document = OneDocument(desk.put("f", on_disk), text, newline=newline)
    desk.scope = replace(desk.scope, editors=document)
    return document


async def test_after_a_kill_the_document_tells_whether_a_change_was_made(desk: Desk) -> None:
    document = opened(desk, "disk\n", "typed\n")
    tool, plan = await desk.plan("edit", path="f", old="typed", new="edited")
    assert await tool.recover(plan, desk.scope) is None

    await tool.run(plan, desk.scope)
    recovered = await tool.recover(plan, desk.scope)
    assert recovered is not None and "not saved" in recovered.text
    assert document.text == "edited\n" and document.labels == ["Cairn: edit f"]

    document.text = "typed further\n"
    with pytest.raises(ToolError, match="neither as before nor as planned"):
        await tool.recover(plan, desk.scope)


async def test_a_change_that_was_made_unsaved_is_known_for_made_when_it_was_saved_meanwhile(
    desk: Desk,
) -> None:
    document = opened(desk, b"\xef\xbb\xbfdisk\r\n", "typed\n", newline="\r\n")
    tool, plan = await desk.plan("edit", path="f", old="typed", new="edited")
    await tool.run(plan, desk.scope)
    document.path.write_bytes(b"\xef\xbb\xbfedited\r\n")

    recovered = await tool.recover(plan, desk.scope)

    assert recovered is not None and "not saved" not in recovered.text


async def test_what_is_typed_between_plan_and_run_is_not_overwritten(desk: Desk) -> None:
    document = opened(desk, "disk\n", "typed\n")
    tool, plan = await desk.plan("edit", path="f", old="typed", new="edited")
    document.text, document.version = "typed more\n", 2
    with pytest.raises(ToolError, match="changed underneath"):
        await tool.run(plan, desk.scope)
    assert document.text == "typed more\n" and document.path.read_text() == "disk\n"


async def test_a_file_that_is_no_unicode_does_not_count_as_changed_because_an_editor_shows_it_otherwise(
    desk: Desk,
) -> None:
    opened(desk, "é\n".encode("latin-1"), "\ufffd\n")
    assert "not saved" not in (await desk("read", path="f")).text


async def test_a_character_that_the_file_cannot_hold_is_named_for_a_document_too(desk: Desk) -> None:
    opened(desk, "é = 1\n".encode("latin-1"), "é = 12\n")
    assert "latin-1" in await desk.fails("edit", path="f", old="12", new="日")


async def test_a_search_leaves_out_unsaved_documents_that_are_ignored(desk: Desk, search: str) -> None:
    document = opened(desk, "disk\n", "typed\n")
    assert "f:1: typed" in (await desk("grep", pattern="typed")).text
    desk.put(".gitignore", "f\n")
    assert "Nothing fits" in (await desk("grep", pattern="typed")).text
    assert "f:1: typed" in (await desk("grep", pattern="typed", path=str(document.path))).text
