"""A change as a person reads it: right, and found in bounded time."""

import random
import time

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.tools.diff import counts, unified


def diff(before: str, after: str) -> str:
    return unified("f", before, after, lambda text: text)


LINES = st.lists(st.sampled_from("abcd"), max_size=25)


@given(LINES, LINES, st.booleans(), st.booleans())
def test_the_diff_leads_from_one_text_to_the_other(
    old: list[str], new: list[str], old_ends: bool, new_ends: bool
) -> None:
    before = "\n".join(old) + ("\n" if old_ends and old else "")
    after = "\n".join(new) + ("\n" if new_ends and new else "")
    assert applied(before, diff(before, after)) == after


def applied(before: str, patch: str) -> str:
    """`before` as the hunks of `patch` change it."""
    if not patch:
        return before
    old, new, at = _ended(before), list[str](), 0
    rows = patch.replace("\n\\ No newline at end of file", "\\").splitlines()[2:]
    for row in rows:
        if row.startswith("@@"):
            start, length = map(int, row.split()[1][1:].split(","))
            first = start - 1 if length else start
            new += old[at:first]
            at = first
            continue
        sign, line = row[0], row[1:]
        if sign in " -":
            assert old[at] == line
            at += 1
        if sign in " +":
            new.append(line)
    text = "".join(f"{line}\n" for line in new + old[at:])
    return text.removesuffix("\\\n")


def _ended(text: str) -> list[str]:
    """Its lines, the last marked when it has no end."""
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, f"{last}\\"] if last else lines


RANDOM = random.Random(11)
NUMBERED = "".join(f"line {index}\n" for index in range(100_000))
FEW = "".join(f"{RANDOM.choice('abcdefgh')}\n" for _ in range(100_000))
REWRITTEN = {
    "every line": (NUMBERED, NUMBERED.replace("line", "row")),
    "few different lines": (FEW, FEW[100_001:] + FEW[:99_999]),
    "all lines moved": (NUMBERED, "".join(reversed(NUMBERED.splitlines(keepends=True)))),
    "a word here and there": (NUMBERED, NUMBERED.replace("7\n", "seven\n")),
    "one long line": ("x" * 5_000_000, "y" * 5_000_000),
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_file_of_100_000_lines_written_anew_is_compared_within_a_second(how: str) -> None:
    start = time.process_time()
    found = diff(*REWRITTEN[how])
    assert time.process_time() - start < 1.0
    assert 0 < len(found) < 62_000


async def test_a_change_too_long_to_show_says_how_much_is_left_out(desk: Desk) -> None:
    _, plan = await desk.plan("write", path="f", content="line\n" * 50_000)
    shown = plan.preview.count("\n+line")
    assert plan.preview.endswith(f"[{50_000 - shown:,} more lines of this change are not shown]")
    assert counts(plan.preview) == f"+{shown} -0 and more"


def test_a_long_line_is_shown_by_its_beginning() -> None:
    found = diff("x" * 100_000 + "\n", "y" * 100_000 + "\n")
    assert "\n-xxx" in found and "\n+yyy" in found and len(found) < 5_000
