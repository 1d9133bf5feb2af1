"""A secret that stands across a cut: no part of it is shown, wherever a tool shortens a text.

Each secret is long enough, or known only by its name or its first line, so that the half
that a cut would leave could not be told for one afterwards.
"""

from pathlib import Path

import pytest
from desk import Desk
from fake_secrets import PASSWORD, WITH_FORM, private_key, some

from cairn_agents.calls import SUMMARY
from cairn_agents.tools import bash, excerpt, read
from cairn_agents.tools.masking import first_line
from cairn_agents.tools.search import LINE_LENGTH as GREP_LINE

KNOWN = "vault " + some(40) + " of the host"
"""A value that only the host knows for a secret."""
KEY = private_key()
JWT = WITH_FORM["jwt"]
SHORT = {"token": WITH_FORM["github classic"], "jwt": JWT, "known": KNOWN, "password": PASSWORD}


def around(cut: int, secret: str, steps: int = 5) -> list[int]:
    """Places for `secret` to begin, so that the cut goes through it at different depths."""
    return [cut - len(secret) * step // steps for step in range(steps + 1)]


def assert_hidden(secret: str, shown: str) -> None:
    """No six characters in a row of it are there. The first and the last line of a key are no secret."""
    lines = [line for line in secret.split("\n") if "-----" not in line]
    pieces = {line[at : at + 6] for line in lines for at in range(len(line) - 5)}
    assert sorted(piece for piece in pieces if piece in shown) == [], shown


@pytest.fixture
def knowing(desk: Desk) -> Desk:
    desk.masker.learn(KNOWN)
    return desk


def named(name: str) -> str:
    """The secret as it would stand in a text: a password with the name that tells what it is."""
    return f'password="{SHORT[name]}"' if name == "password" else SHORT[name]


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("filler", ["x", "x ", '{a:"b"},'])
async def test_in_the_long_line_that_read_cuts(knowing: Desk, name: str, filler: str) -> None:
    for at in around(excerpt.LINE_LENGTH, named(name)):
        line = (filler * 3_000)[: at - 1] + " " + named(name) + filler * 3_000
        knowing.put("f", line)
        assert_hidden(SHORT[name], knowing.stored((await knowing("read", path="f")).text))


@pytest.mark.parametrize("name", SHORT)
async def test_in_the_long_line_of_a_file_that_is_streamed(
    knowing: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "HELD", 10)
    for at in around(excerpt.LINE_LENGTH, named(name)):
        knowing.put("f", "x" * (at - 1) + " " + named(name) + " y" * 9_000)
        assert_hidden(SHORT[name], knowing.stored((await knowing("read", path="f")).text))


@pytest.mark.parametrize("held", [read.HELD, 10])
async def test_where_a_range_of_lines_begins_or_ends_in_a_private_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(read, "HELD", held)
    desk.put("key.pem", f"one\n{KEY}\nlast\n")
    for first in range(1, 10):
        for limit in range(1, 10):
            shown = (await desk("read", path="key.pem", offset=first, limit=limit)).text
            assert_hidden(KEY, desk.stored(shown))


async def test_where_a_range_begins_between_a_name_and_its_value(desk: Desk) -> None:
    desk.put("secret.yaml", f"name: x\ntoken: |\n    {some(30)}7a\nlast: 1\n")
    value = (desk.root / "secret.yaml").read_text(encoding="utf-8").split("\n")[2].strip()
    assert_hidden(value, desk.stored((await desk("read", path="secret.yaml", offset=3)).text))


async def test_a_masked_key_keeps_the_numbers_of_the_lines_behind_it(desk: Desk) -> None:
    desk.put("key.pem", f"one\n{KEY}\nlast\n")
    lines = desk.stored((await desk("read", path="key.pem")).text).split("\n")
    assert (lines[0], lines[-1]) == ("1\tone", f"{KEY.count(chr(10)) + 3}\tlast")


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("filler", ["x", "some words ", "a line of it\n"])
async def test_in_output_of_a_command_at_both_edges(knowing: Desk, name: str, filler: str) -> None:
    many = filler * (60_000 // len(filler))
    half = bash.LIMIT // 2
    for at in around(half, named(name)):
        knowing.put("head", many[: at - 1] + " " + named(name) + " " + many)
        knowing.put("tail", many + " " + named(name) + " " + many[-at + len(named(name)) :])
        for file in ("head", "tail"):
            result = await knowing("bash", command=f"cat {file}")
            assert result.whole is not None, "it was cut"
            assert_hidden(SHORT[name], knowing.stored(result.text))


async def test_a_private_key_at_both_edges_of_output(desk: Desk) -> None:
    words = "a line of it\n" * 4_000
    for at in around(bash.LIMIT // 2, KEY, 3):
        desk.put("head", words[: at - 1] + "\n" + KEY + "\n" + words)
        desk.put("tail", words + "\n" + KEY + "\n" + words[-at + len(KEY) :])
        for file in ("head", "tail"):
            assert_hidden(KEY, desk.stored((await desk("bash", command=f"cat {file}")).text))


async def test_where_only_the_ends_of_a_very_long_output_are_read(desk: Desk) -> None:
    """What is read of it ends in the midst of a key; lines drawn over then leave little of the rest."""
    drawn = "\r".join(["." * 400] * 400)
    long = "a line of it\n" * 40_000
    end = bash.END
    for at in (100, 200, 300):
        desk.put("head", drawn[: end - at - 1] + "\n" + KEY + "\n" + long)
        desk.put("tail", long + "\n" + KEY + "\n" + drawn[: end - len(KEY) - 1 + at])
        for file in ("head", "tail"):
            assert_hidden(KEY, desk.stored((await desk("bash", command=f"cat {file}")).text))


@pytest.mark.parametrize("name", SHORT)
async def test_in_the_title_of_a_command(knowing: Desk, name: str) -> None:
    for at in around(195, named(name)):
        _, plan = await knowing.plan("bash", command="x" * (at - 1) + " " + named(name) + " y\nmore")
        assert_hidden(SHORT[name], knowing.stored_line(plan.title))


@pytest.mark.parametrize("tool", ["grep", "note"])
@pytest.mark.parametrize("name", SHORT)
async def test_in_the_title_and_the_summary_of_a_pattern_or_a_note(
    knowing: Desk, name: str, tool: str
) -> None:
    argument = {"grep": "pattern", "note": "text"}[tool]
    for at in around(80, named(name)):
        if at > 0:
            text = "x" * (at - 1) + " " + named(name) + " y" * 50
            _, plan = await knowing.plan(tool, **{argument: text})
            assert_hidden(SHORT[name], knowing.stored_line(plan.title))
            assert_hidden(SHORT[name], knowing.stored_line((await knowing(tool, **{argument: text})).summary))


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("filler", ["x", "x ", '{a:"b"},'])
async def test_in_the_long_line_that_grep_cuts(knowing: Desk, search: str, name: str, filler: str) -> None:
    for index, at in enumerate(around(GREP_LINE, named(name))):
        knowing.put(f"{index}", (filler * 300)[: at - 1] + " " + named(name) + " " + filler * 3_000)
    result = await knowing("grep", pattern="x|b")
    assert result.text.count("\n") == 5
    assert_hidden(SHORT[name], knowing.stored(result.text))


@pytest.mark.parametrize("name", SHORT)
def test_in_the_first_line_of_an_error(knowing: Desk, name: str) -> None:
    for at in around(200, named(name)):
        text = "x" * (at - 1) + " " + named(name) + " y" * 500
        assert_hidden(SHORT[name], knowing.stored_line(first_line(text, SUMMARY, knowing.scope.mask)))


async def test_a_hunk_that_begins_within_a_private_key(desk: Desk) -> None:
    desk.put("key.pem", f"one\n{KEY}\nlast\nand more\n")
    _, plan = await desk.plan("edit", path="key.pem", old="and more", new="and less")
    assert "+and less" in plan.preview
    assert_hidden(KEY, desk.stored(plan.preview))
    assert_hidden(KEY, desk.stored(plan.result))


async def test_a_diff_that_is_cut_within_a_private_key(desk: Desk) -> None:
    for lines in range(40):
        text = "a line of it\n" * (4_400 + lines * 10) + KEY + "\nlast\n"
        _, plan = await desk.plan("write", path="new", content=text)
        assert_hidden(KEY, desk.stored(plan.preview))


@pytest.mark.parametrize("name", SHORT)
async def test_in_the_long_lines_that_an_edit_shows(knowing: Desk, name: str) -> None:
    for at in around(400, named(name)):
        line = "x" * (at - 1) + " " + named(name) + " y" * 500
        knowing.put("f", f"{line}\nhere\n{line}\n")
        _, plan = await knowing.plan("edit", path="f", old="here", new="there")
        assert_hidden(SHORT[name], knowing.stored(plan.result))
        said = await knowing.fails("edit", path="f", old=line[:150] + "zzz\nherr", new="x")
        assert_hidden(SHORT[name], knowing.stored(said))


@pytest.mark.parametrize("name", SHORT)
async def test_in_a_line_whose_white_space_is_shown(knowing: Desk, name: str) -> None:
    for at in around(200, named(name)):
        line = "x" * (at - 1) + " " + named(name) + " y" * 500
        knowing.put("f", f"\t{line}\n")
        said = await knowing.fails("edit", path="f", old=f"  {line}", new="x")
        assert "other white space" in said
        assert_hidden(SHORT[name], knowing.stored(said))


async def test_in_an_argument_that_is_quoted_back(desk: Desk) -> None:
    for at in around(80, JWT):
        said = await desk.fails("read", path="f", limit="x" * max(at - 1, 0) + " " + JWT + " y" * 50)
        assert "limit" in said
        assert_hidden(JWT, desk.stored(said))


async def test_in_a_path_that_cannot_be_followed(desk: Desk, tmp_path: Path) -> None:
    for at in around(200, JWT):
        said = await desk.fails("read", path="x" * max(at - 1, 0) + "=" + JWT + "y" * 500)
        assert_hidden(JWT, desk.stored(said))


async def test_in_a_command_too_long_to_be_shown_whole(desk: Desk) -> None:
    """A person is asked with head and tail of it."""
    for at in around(60_000 * 2 // 3, JWT):
        _, plan = await desk.plan("bash", command="x " * (at // 2) + JWT + " y" * 20_000)
        assert_hidden(JWT, desk.stored(plan.preview or plan.command))
