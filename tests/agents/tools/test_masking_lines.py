"""Lines that are masked stay one for one with those of the file."""

import time

from fake_secrets import IN_CONTEXT, PASSWORD, WITH_FORM, private_key
from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.tools.masking import MARGIN, beginning, first_line, lines
from cairn_memory.redact import PLACEHOLDER, SecretMasker

mask = SecretMasker(key=b"k" * 16).mask
PIECES = [
    *WITH_FORM.values(),
    *(context.format(secret) for context, secret in IN_CONTEXT.values()),
    *("", "plain", "a: b", "[masked:token:12ab]", "[masked:", "x" * 40),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.data())
def test_each_line_stands_for_one_of_the_text(pieces: list[str], data: st.DataObject) -> None:
    text = "\n".join(pieces).split("\n")
    first = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(first, len(text)))
    masked = lines(text, first, end, mask, 10_000)
    assert len(masked) == end - first
    assert all("\n" not in line for line in masked)
    whole = lines(text, 0, len(text), mask, 10_000)
    assert [line for line in whole if line not in text] == [
        line for line in whole if PLACEHOLDER in line and line not in text
    ]


def test_the_lines_of_a_key_become_its_placeholder_and_those_around_it_stay() -> None:
    key = private_key().split("\n")
    masked = lines(["before", *key, "behind"], 0, len(key) + 2, mask, 100)
    assert (masked[0], masked[-1]) == ("before", "behind")
    assert len(set(masked[1:-1])) == 1 and masked[1].startswith("[masked:private-key:")


def test_a_line_from_the_midst_of_a_key_is_known_by_what_stands_above_it() -> None:
    key = private_key().split("\n")
    assert lines(key, 3, 4, mask, 100)[0].startswith("[masked:private-key:")
    assert lines([*key, "behind"], len(key), len(key) + 1, mask, 100) == ["behind"]


def test_what_is_not_cut_is_left_as_it_is() -> None:
    text = f'password="{PASSWORD}"'
    assert beginning(text, len(text), mask) == text == first_line(f"\n{text} \n".strip(), 200, mask)


def test_what_is_cut_ends_with_a_word() -> None:
    assert beginning("one two three four five", 16, mask) == "one two three"
    assert first_line("one two three four five\nmore", 16, mask) == "one two three"


def test_only_a_bounded_stretch_of_a_long_text_is_masked() -> None:
    seen: list[int] = []

    def counting(text: str) -> str:
        seen.append(len(text))
        return mask(text)

    start = time.process_time()
    beginning("word " * 2_000_000, 200, counting)
    first_line("word " * 2_000_000, 200, counting)
    lines(["word " * 2_000_000] * 3, 2, 3, counting, 200)
    assert time.process_time() - start < 1.0
    assert sum(seen) < 8 * (MARGIN + 200)
