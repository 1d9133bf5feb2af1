"""What is too long for the log keeps its head and its tail, and no half of a word at either edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_memory.bounds import LINE, TEXT, cut, end_of_word, start_of_word
from cairn_memory.events import ToolFinished, UserMessage


@given(st.text(st.characters(codec=None)), st.integers(0, 300))
def test_what_is_cut_fits_and_keeps_both_ends(text: str, limit: int) -> None:
    short = cut(text, limit)
    short.encode()
    assert len(short) <= max(limit, 60)
    if len(text) <= limit:
        assert len(short) == len(text)


def test_a_cut_text_says_how_much_is_missing() -> None:
    short = UserMessage(text="a" * 50_000 + "b" * 50_000).text
    assert len(short) <= TEXT
    kept = short.count("a") + short.count("b") - "characters left out".count("a")
    assert short.startswith("aaa") and short.endswith("bbb")
    assert f"{100_000 - kept:,} characters left out" in short


@pytest.mark.parametrize("between", [" ", "\n", "\t", ";", '":"', "\n\n  "])
def test_a_cut_leaves_no_half_of_a_word(between: str) -> None:
    for more in range(30):
        words = [f"word{index:06}" for index in range(8_000)]
        text = "x" * more + between + between.join(words) + between + "x" * more
        head, _, tail = cut(text, TEXT).partition(" characters left out ...]\n")
        edges = head.rsplit("\n[... ", 1)[0], tail
        kept = {word.strip(between) for edge in edges for word in edge.split(between.strip() or None)}
        assert {word for word in kept if word.startswith("w") or "word" in word} <= set(words)
        assert len(edges[0]) > TEXT * 0.6 and len(tail) > TEXT * 0.3


@pytest.mark.parametrize("edge", ["head", "tail"])
def test_the_half_of_a_token_does_not_survive_in_a_result(edge: str) -> None:
    token = "ghp_" + "".join(f"{index:02}Fa" for index in range(9))
    words = "word " * 20_000
    shown = (TEXT - 50) * 2 // 3 if edge == "head" else (TEXT - 50) // 3
    for at in range(shown - 60, shown + 60, 7):
        before, after = (words[:at], words) if edge == "head" else (words, words[-at:])
        text = ToolFinished(step=1, call="c", text=f"{before} {token} {after}").text
        left = [token[i : i + 6] for i in range(len(token) - 5) if token[i : i + 6] in text]
        assert token in text or left == []


def test_a_line_is_cut_between_words() -> None:
    title = ToolFinished(step=1, call="c", summary="some words " * 1_000).summary
    assert len(title) <= LINE
    assert {word for word in title.split() if word.isalpha()} == {
        "some",
        "words",
        "characters",
        "left",
        "out",
    }


def test_a_word_without_an_end_is_cut_where_it_must_be() -> None:
    assert end_of_word("x" * 100, 50, 20) == start_of_word("x" * 100, 50, 20) == 50


@given(st.text("ab \n;", max_size=60), st.integers(0, 60), st.integers(0, 30))
def test_an_edge_is_within_reach_and_never_within_a_word(text: str, at: int, reach: int) -> None:
    end, start = end_of_word(text, at, reach), start_of_word(text, at, reach)
    assert at - reach <= end <= at <= start <= at + reach or not 0 < at < len(text)
    stretch = text[max(at - reach, 0) : at]
    if 0 < end < len(text) and any(map(str.isspace, stretch)):
        assert text[end].isspace() or text[end - 1].isspace()
    if 0 < start < len(text) and any(map(str.isspace, text[at : at + reach])):
        assert text[start].isspace() or text[start - 1].isspace()
