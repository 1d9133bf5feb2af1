"""Reasoning in <think> tags, told apart wherever the pieces are cut."""

import pytest

from cairn_agents.model.thinking import ThinkSplitter


def split(*pieces: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    came = [splitter.feed(piece) for piece in pieces] + [splitter.rest()]
    return "".join(reasoning for reasoning, _ in came), "".join(text for _, text in came)


@pytest.mark.parametrize(
    ("whole", "reasoning", "text"),
    [
        ("<think>why</think>\n\nhello", "why", "hello"),
        ("\n<think>\nwhy\n</think>hello", "\nwhy\n", "hello"),
        ("<think></think>hello", "", "hello"),
        ("<think>a < b </thin x</think>hello", "a < b </thin x", "hello"),
        ("hello <think>not at the beginning</think>", "", "hello <think>not at the beginning</think>"),
        ("<think>twice</think>a<think>b</think>", "twice", "a<think>b</think>"),
        ("<thing>hello", "", "<thing>hello"),
        ("<think>never closed </thi", "never closed </thi", ""),
        ("<thi", "", "<thi"),
        ("", "", ""),
    ],
)
def test_reasoning_and_text_are_the_same_however_the_stream_is_cut(
    whole: str, reasoning: str, text: str
) -> None:
    assert split(whole) == (reasoning, text)
    assert split(*whole) == (reasoning, text)
    for at in range(len(whole)):
        assert split(whole[:at], whole[at:]) == (reasoning, text)


def test_reasoning_is_shown_as_it_comes() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<think>first ") == ("first ", "")
    assert splitter.feed("second <") == ("second ", "")
    assert splitter.feed("3") == ("<3", "")
