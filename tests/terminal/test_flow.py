"""Streamed text: wrapped as it comes, and never written twice."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cairn_server.terminal.flow import Flow


def rows(*pieces: str, width: int = 20) -> list[str]:
    flow = Flow()
    done = [row.plain for piece in pieces for row in flow.feed(piece, width)]
    return done + [row.plain for row in flow.end()]


def test_words_are_wrapped_whole() -> None:
    assert rows("The quick brown fox jumps over the dog") == ["The quick brown fox", "jumps over the dog"]


def test_what_follows_a_bullet_stands_under_its_text() -> None:
    assert rows("- alpha beta gamma delta\n1. one two three four five") == [
        "- alpha beta gamma",
        "  delta",
        "1. one two three",
        "   four five",
    ]


def test_wide_characters_count_twice() -> None:
    assert rows("漢字漢字漢字", width=7) == ["漢字漢", "字漢字"]


def test_a_word_longer_than_the_row_is_broken() -> None:
    assert rows("x" * 25, width=10) == ["x" * 10, "x" * 10, "x" * 5]


def test_blank_lines_and_indents_are_kept() -> None:
    assert rows("a\n\n    b\n") == ["a", "", "    b"]


def test_an_escape_that_comes_in_two_pieces_is_shown() -> None:
    assert rows("a\x1b", "[31mb\r", "\nc\r", "d") == ["a␛[31mb", "c␍d"]


def test_marks_stay_and_get_a_style() -> None:
    flow = Flow()
    (row,) = flow.feed("see `this` and **that**\n", 40)
    assert row.plain == "see `this` and **that**"
    assert {(row.plain[span.start : span.end], str(span.style)) for span in row.spans} == {
        ("`this`", "cyan"),
        ("**that**", "bold"),
    }


@pytest.mark.parametrize("width", [10, 33, 80])
@given(text=st.text(st.characters(codec="utf-8"), max_size=300), cuts=st.lists(st.integers(0, 300)))
def test_the_rows_are_the_same_however_the_text_is_cut(width: int, text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[begin:end] for begin, end in itertools.pairwise(edges)]
    whole = rows(text, width=width)
    assert all(cell_len(row) <= width for row in whole)
    if "\t" not in text:  # its width depends on where its piece began
        assert rows(*pieces, width=width) == whole
