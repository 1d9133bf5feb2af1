"""What a model or a tool says cannot act on the terminal it is shown in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_server.terminal.sanitise import one_line, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b[31mred", "␛[2J␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]8;;http://evil\x1b\\click", "␛]8;;http://evil␛\\click"),
        ("\x9b31m", "<009b>31m"),
        ("safe\rEVIL", "safe␍EVIL"),
        ("a\r\nb", "a\nb"),
        ("back\x08space\x7f", "back␈space␡"),
        ("if admin\u202e }\u2066", "if admin<202e> }<2066>"),
        ("zero\u200bwidth\ufeff", "zero<200b>width<feff>"),
        ("hidden\U000e0041", "hidden<e0041>"),
        ("half \ud83d", "half <d83d>"),
        ("tab\tline\nend", "tab\tline\nend"),
        ("größe 漢字 👍🏽 👩\u200d💻", "größe 漢字 👍🏽 👩\u200d💻"),
    ],
)
def test_what_a_terminal_would_obey_becomes_a_mark(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(st.text())
def test_no_control_character_is_left_in_any_text(text: str) -> None:
    for safe in (visible(text), one_line(text)):
        assert not [
            each for each in safe if unicodedata.category(each) in ("Cc", "Cs") and each not in "\t\n"
        ]
        safe.encode("utf-8")


@given(st.text())
def test_a_line_stays_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert "\t" not in one_line(text)
