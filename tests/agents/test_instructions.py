"""Which files of instructions the model is told, in which order, and which never."""

import os
from pathlib import Path

import pytest

from cairn_agents.instructions import LARGEST, Found, Instructions


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def instructions(tmp_path: Path, root: Path) -> Instructions:
    (tmp_path / "user").mkdir()
    return Instructions(root, tmp_path / "user")


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(found: list[Found], root: Path) -> list[str]:
    return [item.path.relative_to(root).as_posix() for item in found]


def test_the_users_own_come_before_the_projects(instructions: Instructions) -> None:
    put(instructions.user / "AGENTS.md", "Be brief.")
    put(instructions.root / "AGENTS.md", "Use {tabs}.")
    mine, projects = instructions.for_root()
    assert "Be brief." in mine.text and str(mine.path) in mine.text
    assert "Use {tabs}." in projects.text


def test_nothing_is_told_where_nothing_is_written(instructions: Instructions) -> None:
    put(instructions.root / "AGENTS.md", "  \n")
    assert instructions.for_root() == []
    assert instructions.nearby(instructions.root / "src" / "a.py") == []


def test_the_nearest_comes_last_and_the_roots_is_not_told_again(instructions: Instructions) -> None:
    root = instructions.root
    for folder in ("", "web", "web/forms", "other"):
        put(root / folder / "AGENTS.md", f"In {folder}.")
    found = instructions.nearby(root / "web" / "forms" / "login.ts")
    assert names(found, root) == ["web/AGENTS.md", "web/forms/AGENTS.md"]
    assert all("nearest to the file at hand wins" in item.text for item in found)


def test_a_file_outside_the_work_tree_has_no_instructions(instructions: Instructions, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "AGENTS.md", "Not yours.")
    assert instructions.nearby(tmp_path / "elsewhere" / "a.py") == []


@pytest.mark.parametrize(
    "pointer", ["@AGENTS.md", "# Claude\n\n@./AGENTS.md\n", "See AGENTS.md.", "Same words."]
)
def test_claude_md_that_says_nothing_new_is_left_out(instructions: Instructions, pointer: str) -> None:
    put(instructions.root / "AGENTS.md", "Same words.")
    put(instructions.root / "CLAUDE.md", pointer)
    assert names(instructions.for_root(), instructions.root) == ["AGENTS.md"]


def test_claude_md_counts_alone_or_with_words_of_its_own(instructions: Instructions) -> None:
    put(instructions.root / "CLAUDE.md", "See AGENTS.md, and never push.")
    assert names(instructions.for_root(), instructions.root) == ["CLAUDE.md"]
    put(instructions.root / "AGENTS.md", "Run the tests.")
    assert names(instructions.for_root(), instructions.root) == ["AGENTS.md", "CLAUDE.md"]


def test_a_long_file_is_cut_with_a_mark(instructions: Instructions) -> None:
    put(instructions.root / "AGENTS.md", "x" + "é" * LARGEST)  # the bound falls in the middle of a character
    (found,) = instructions.for_root()
    assert found.text.endswith(f"[cut: the first 16,384 of 32,769 bytes; read {found.path} for the rest]")
    assert "\ufffd" not in found.text
    assert len(found.text.encode()) < LARGEST + 1_000


def test_bytes_that_are_no_utf8_are_replaced(instructions: Instructions) -> None:
    (instructions.root / "AGENTS.md").write_bytes(b"\xef\xbb\xbfcaf\xe9 rules")
    (found,) = instructions.for_root()
    assert found.text.endswith("\ncaf\ufffd rules")


def test_a_symlink_out_of_the_work_tree_is_not_followed(instructions: Instructions, tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.txt", "password")
    put(tmp_path / "far" / "AGENTS.md", "from afar")
    (instructions.root / "AGENTS.md").symlink_to(secret)
    (instructions.root / "linked").symlink_to(tmp_path / "far")
    assert instructions.for_root() == []
    assert instructions.nearby(instructions.root / "linked" / "a.py") == []


def test_a_symlink_inside_the_work_tree_is_followed(instructions: Instructions) -> None:
    put(instructions.root / "docs" / "agents.md", "Inside.")
    (instructions.root / "AGENTS.md").symlink_to("docs/agents.md")
    (instructions.root / "CLAUDE.md").symlink_to("AGENTS.md")
    assert names(instructions.for_root(), instructions.root) == ["AGENTS.md"]


def test_the_users_own_may_be_a_symlink_to_anywhere(instructions: Instructions, tmp_path: Path) -> None:
    (instructions.user / "AGENTS.md").symlink_to(put(tmp_path / "dotfiles" / "a.md", "Be kind."))
    assert "Be kind." in instructions.for_root()[0].text


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files of their own kind there")
def test_what_is_no_file_is_ignored_and_never_waited_for(instructions: Instructions) -> None:
    os.mkfifo(instructions.root / "AGENTS.md")
    (instructions.root / "CLAUDE.md").symlink_to("CLAUDE.md")
    (instructions.root / "sub" / "AGENTS.md").mkdir(parents=True)
    assert instructions.for_root() == []
    assert instructions.nearby(instructions.root / "sub" / "a.py") == []
