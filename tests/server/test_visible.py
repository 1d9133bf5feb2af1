"""What does not show is shown as a mark; what scripts and emoji need stays."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cairn_server.visible import exact, holds_hidden, long_mark, unsettled, visible

NEEDED = [
    "👩\u200d💻 👨\u200d👩\u200d👧\u200d👦 👍🏽 🏳\ufe0f\u200d🌈",
    "❤\ufe0f ☎\ufe0e 1\ufe0f\u20e3 ©\ufe0f",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: a zero-width non-joiner between two letters
    "क\u094d\u200dष ක\u0dca\u200dෂ",  # Devanagari and Sinhala: a joiner behind a virama
    "葛\U000e0100城",  # a variant of an ideograph
    "שלום مرحبا größe 漢字",
]
HOSTILE = {
    "ls \u202e fr mr": "ls <202e> fr mr",
    "a\u200db": "a<200d>b",
    "a\u200cb": "a<200c>b",
    "x\ufe00y": "x<fe00>y",
    "👍\ufe0f\ufe01\ufe02": "👍\ufe0f<fe01><fe02>",
    "q\U000e0100\U000e0101": "q<e0100><e0101>",
    "hi\U000e0049\U000e0067\U000e006e": "hi<e0049><e0067><e006e>",
    "🏴\U000e0068\U000e0069": "🏴<e0068><e0069>",
    "ㅤ\uffa0\u115f": "<3164><ffa0><115f>",
    "a\u034fb\u180eb\u2061c": "a<034f>b<180e>b<2061>c",
    "\x85line\x1c": "<0085>line␜",
}


@pytest.mark.parametrize("text", NEEDED)
def test_what_a_script_or_an_emoji_needs_stays(text: str) -> None:
    assert visible(text) == text == exact(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_hides_or_turns_is_marked(text: str) -> None:
    assert visible(text) == HOSTILE[text]
    assert holds_hidden(text)


def test_what_a_person_allows_is_shown_exactly() -> None:
    assert exact("rm -rf a\u00a0/ b\u3000c\r\n") == "rm -rf a<00a0>/ b<3000>c␍\n"
    assert visible("30\u00a0km") == "30\u00a0km"


def test_a_long_mark_says_what_it_stands_for() -> None:
    assert visible("a\u202eb", long_mark) == "a⟦U+202E RIGHT-TO-LEFT OVERRIDE⟧b"


@given(st.text())
def test_no_character_is_left_that_turns_text_or_ends_lines_unseen(text: str) -> None:
    shown = visible(text)
    turning = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    assert not [c for c in shown if unicodedata.bidirectional(c) in turning]
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t"]


PARTS = st.sampled_from(
    [
        *"👩👍🏽💻❤1#a漢\u200d\u200c\ufe0f\ufe0e\u20e3\U000e0067\U000e0062",
        "🏴",
        "\u0645\u06cc",
        "\u0647",
        "\u202e",
        " ",
    ]
)


@given(st.lists(PARTS, max_size=12).map("".join), st.integers(0, 30))
@example("漢\ufe0e", 2)
@example("漢\ufe0f👩", 3)
@example("漢\U000e0101", 2)
def test_a_text_that_grows_is_shown_as_the_whole(text: str, at: int) -> None:
    """What is held back at the end of the first piece is shown with the second."""
    first = text[:at]
    settled = first[: len(first) - unsettled(first)]
    assert visible(settled) + visible(text[len(settled) :]) == visible(text)
