"""An edit that does not fit is explained, however large the file."""

import random
import time

import pytest
from desk import Desk

from cairn_agents.tools.mismatch import explain


async def test_a_text_that_stands_twice_is_not_edited_without_all(desk: Desk) -> None:
    (desk.root / "f").write_text("x\ny\nx\n", encoding="utf-8")
    assert "lines 1, 3" in await desk.fails("edit", path="f", old="x", new="z")
    await desk("edit", path="f", old="x", new="z", all=True)
    assert (desk.root / "f").read_text(encoding="utf-8") == "z\ny\nz\n"


async def test_a_mismatch_of_white_space_only_is_explained(desk: Desk) -> None:
    (desk.root / "f").write_text("def f():\n\treturn 1\n", encoding="utf-8")
    said = await desk.fails("edit", path="f", old="def f():\n    return 1", new="x")
    assert "line 1" in said and "→return 1" in said and "····return 1" in said


async def test_a_similar_place_is_shown_with_its_lines(desk: Desk) -> None:
    desk.put("f", "import os\n\n\ndef total(values):\n    return sum(values)\n")
    said = await desk.fails("edit", path="f", old="def total(value):\n    return sum(value)", new="x")
    assert "line 4" in said and "4\tdef total(values):\n5\t    return sum(values)" in said


async def test_empty_lines_around_what_fits_are_named(desk: Desk) -> None:
    desk.put("f", "a = 1\nb = 2\n")
    assert "other empty lines" in await desk.fails("edit", path="f", old="\n\na = 1\n", new="x")


async def test_what_is_like_nothing_there_is_said_to_be_so(desk: Desk) -> None:
    desk.put("f", "a = 1\n")
    assert "nor anything like it" in await desk.fails("edit", path="f", old="wholly different words", new="x")


async def test_old_that_stands_in_many_places_is_counted_by_its_lines(desk: Desk) -> None:
    desk.put("f", "x\ny\n" * 1_000)
    said = await desk.fails("edit", path="f", old="x", new="z")
    assert "1000 times" in said and "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, ..." in said


RANDOM = random.Random(7)
WORDS = [f"word{index}" for index in range(300)]
HUGE = {
    "many lines": "".join(f"{' '.join(RANDOM.choices(WORDS, k=6))}\n" for _ in range(100_000)),
    "equal lines": "    return value\n" * 300_000,
    "one line": "abcdefgh " * 1_000_000,
    "white space": " \t" * 2_000_000 + "\n" + "\n" * 500_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_a_mismatch_in_a_huge_file_is_explained_within_a_second(name: str) -> None:
    old = "    returns values\n    word1 word2 word3 word4 word5 other\n" * 20
    start = time.process_time()
    said = explain(HUGE[name], old, "f", lambda text: text)
    assert time.process_time() - start < 1.0
    assert "old is not in f" in said and len(said) < 10_000
