"""grep and glob: the same answer with ripgrep and without."""

import os
from pathlib import Path

import pytest
from deadlines import deadline
from desk import Desk

from cairn_agents.tools import grep


async def test_grep_finds_lines_and_leaves_out_what_git_ignores(desk: Desk, search: str) -> None:
    for name, text in {
        ".gitignore": "*.log\nout/\n",
        "a.py": "x = 1\nneedle = 2\n",
        "b.log": "needle\n",
        "out/c.py": "needle\n",
        "sub/d.py": "a needle here\n",
        "sub/.gitignore": "e.py\n",
        "sub/e.py": "needle\n",
    }.items():
        (desk.root / name).parent.mkdir(exist_ok=True)
        (desk.root / name).write_text(text, encoding="utf-8")
    (desk.root / ".git").mkdir()
    result = await desk("grep", pattern=r"need.e")
    assert result.text == "a.py:2: needle = 2\nsub/d.py:1: a needle here"
    assert (await desk("grep", pattern="needle", glob="sub/*.py")).text == "sub/d.py:1: a needle here"
    assert "Nothing fits" in (await desk("grep", pattern="nowhere")).text


async def test_a_broken_pattern_is_explained(desk: Desk, search: str) -> None:
    (desk.root / "a").write_text("x\n", encoding="utf-8")
    assert "a(b" in await desk.fails("grep", pattern="a(b")


async def test_glob_finds_files_at_any_depth_in_a_fixed_order(desk: Desk) -> None:
    for name in ("z.py", "a/b.py", "a/c.txt", "node_modules/d.py"):
        (desk.root / name).parent.mkdir(exist_ok=True)
        (desk.root / name).touch()
    assert (await desk("glob", pattern="*.py")).text == "a/b.py\nz.py"
    assert (await desk("glob", pattern="a/**")).text == "a/b.py\na/c.txt"


@pytest.fixture
def ignoring(desk: Desk) -> Desk:
    """A work tree of git whose .gitignore files say a lot."""
    files = {
        ".gitignore": "*.log\n/build/\n!keep.log\nsub/**/gen\n",
        "a.txt": "needle\n",
        "b.log": "needle\n",
        "keep.log": "needle\n",
        "build/c.txt": "needle\n",
        "sub/build/d.txt": "needle\n",
        "sub/x/gen": "needle\n",
        "sub/.gitignore": "*.txt\n!special.txt\n",
        "sub/e.txt": "needle\n",
        "sub/special.txt": "needle\n",
        ".hidden": "needle\n",
        "node_modules/f.txt": "needle\n",
    }
    for name, text in files.items():
        desk.put(name, text)
    (desk.root / ".git").mkdir()
    return desk


async def test_what_git_ignores_is_neither_found_nor_listed(ignoring: Desk, search: str) -> None:
    found = (await ignoring("grep", pattern="needle")).text.split("\n")
    listed = (await ignoring("glob", pattern="*")).text.split("\n")
    assert (
        [line.split(":")[0] for line in found] == sorted(listed) == ["a.txt", "keep.log", "sub/special.txt"]
    )


async def test_a_search_in_a_subfolder_heeds_the_files_above_it(ignoring: Desk, search: str) -> None:
    assert (await ignoring("grep", pattern="needle", path="sub")).text == "sub/special.txt:1: needle"
    assert (await ignoring("glob", pattern="*", path="sub")).text == "sub/special.txt"


async def test_a_file_that_is_named_is_searched_though_git_ignores_it(ignoring: Desk, search: str) -> None:
    assert (await ignoring("grep", pattern="needle", path="b.log")).text == "b.log:1: needle"


@pytest.mark.parametrize("content", [b"a needle\r\n", "\ufeffa needle\r\n".encode("utf-16-le"), b"a needle"])
async def test_a_line_is_found_in_every_form_of_text(desk: Desk, search: str, content: bytes) -> None:
    desk.put("f", content)
    assert (await desk("grep", pattern="need")).text == "f:1: a needle"


async def test_a_long_line_is_cut(desk: Desk, search: str) -> None:
    desk.put("f", "needle " + "x" * 100_000 + "\n" + "needle " + "y" * 400 + "\n")
    for line in (await desk("grep", pattern="needle")).text.split("\n"):
        assert line.endswith(" [... omitted end of long line]") and len(line) < 350


async def test_more_matches_than_are_shown_are_said_to_be_there(desk: Desk, search: str) -> None:
    desk.put("f", "needle\n" * 1_000)
    result = await desk("grep", pattern="needle")
    assert result.text.count("needle\n") == grep.MOST and result.text.endswith("narrow the search]")
    assert result.summary == f"more than {grep.MOST} matches"


async def test_a_result_of_long_lines_is_bounded(desk: Desk, search: str) -> None:
    desk.put("f", ("needle " * 40 + "\n") * 500)
    result = await desk("grep", pattern="needle")
    assert len(result.text) < grep.TOTAL + 100 and result.text.endswith("narrow the search]")


@pytest.mark.parametrize("search", ["own"], indirect=True)
async def test_a_pattern_that_never_comes_to_an_end_is_ended(
    desk: Desk, search: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grep, "SECONDS", 1.0)
    desk.put("f", "a" * 60 + "b\n")
    before = _children()
    async with deadline(10):
        assert "simpler pattern" in await desk.fails("grep", pattern="(a+)+$")
    assert _children() <= before


async def test_a_module_in_the_workspace_is_not_run_by_the_search(desk: Desk, search: str) -> None:
    desk.put("re.py", "open('harm', 'w')\n")
    desk.put("pathspec.py", "open('harm', 'w')\n")
    await desk("grep", pattern="harm")
    assert not (desk.root / "harm").exists()


async def test_settings_of_ripgrep_are_not_heeded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(desk.put("config", "--invert-match\n")))
    desk.put("f", "needle\n")
    assert (await desk("grep", pattern="needle")).text == "f:1: needle"


def _children() -> set[str]:
    """The processes that this one started and that are still there."""
    place = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(place.read_text(encoding="ascii").split()) if place.exists() else set()
