"""Each part of a proposed text has the words that were said of it, wherever later changes move it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.proposals.hunks import Hunk, hunks, without_parts
from cairn_agents.proposals.reasons import MOST, Reasons, by_file, replaced
from cairn_memory.events import ProposalAnswered, ProposalMade

BASE = "".join(f"line {number}\n" for number in range(40))


def made(before: str, after: str, reason: str, path: str = "a.txt") -> ProposalMade:
    return ProposalMade(path=path, base="", text="", reason=reason, ranges=replaced(before, after))


def answered(before: str, after: str, answer: Any) -> ProposalAnswered:
    return ProposalAnswered(path="a.txt", answer=answer, ranges=replaced(before, after))


def said(reasons: Reasons, text: str) -> list[tuple[str, ...]]:
    return [reasons.of(part) for part in hunks(BASE, text)]


def test_each_part_has_its_own_reason_though_later_calls_move_it() -> None:
    first = BASE.replace("line 30\n", "thirty\n")
    second = first.replace("line 3\n", "three\nand a half\nand more\n")
    third = second.replace("line 20\n", "")
    events = [made(BASE, first, "A"), made(first, second, "B"), made(second, third, "C")]

    assert said(Reasons(events), third) == [("B",), ("C",), ("A",)]


def test_a_part_that_was_changed_twice_has_both_the_oldest_first() -> None:
    first = BASE.replace("line 5\n", "five\nsix\n")
    second = first.replace("six\n", "six and a half\n")

    assert said(Reasons([made(BASE, first, "A"), made(first, second, "B")]), second) == [("A", "B")]


def test_what_a_person_rejects_takes_its_reason_along_and_what_they_edit_keeps_it() -> None:
    text = BASE.replace("line 5\n", "five\n").replace("line 25\n", "twenty-five\n")
    half = BASE.replace("line 5\n", "five\n")
    rejected = without_parts(BASE, text, [hunks(BASE, text)[0].id])
    again = rejected.replace("line 5\n", "FIVE\n")
    mine = again.replace("FIVE\n", "Five\nand a half\n")
    events = [
        made(BASE, half, "A"),
        made(half, text, "B"),
        answered(text, rejected, "rejected"),
        made(rejected, again, "C"),
        answered(again, mine, "edited"),
    ]

    assert said(Reasons(events), mine) == [("C",), ("B",)]


def test_where_the_place_is_not_known_all_that_was_said_of_the_file_is_told() -> None:
    text = BASE.replace("line 5\n", "five\n")
    old = ProposalMade(path="a.txt", base="", text="", reason="A")  # of a version that wrote no ranges
    moved = made(BASE, BASE.replace("line 30\n", "thirty\n"), "B")

    assert said(Reasons([moved, old]), text) == [("B", "A")]
    assert said(Reasons([]), text) == [()]
    assert said(by_file([made(BASE, text, "A"), made("", "b\n", "B", "b.txt")])["a.txt"], text) == [("A",)]


def test_many_places_of_one_change_are_written_down_as_one() -> None:
    before = "".join(f"{number}\n" * 4 for number in range(MOST + 1))
    after = "".join(f"{number}\n" * 3 + "x\n" for number in range(MOST + 1))

    (whole,) = replaced(before, after)

    assert (whole.start, whole.end, whole.first, whole.last) == (3, 4 * MOST + 4, 3, 4 * MOST + 4)


@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_every_part_of_any_calls_has_a_reason_that_changed_lines_there(
    edits: list[tuple[int, int, int]],
) -> None:
    text, events = BASE, list[ProposalMade]()
    for number, (line, gone, come) in enumerate(edits):
        lines = text.splitlines(keepends=True)
        line = min(line, len(lines))
        lines[line : line + gone] = [f"new {number} {each}\n" for each in range(come)]
        events.append(made(text, after := "".join(lines), str(number)))
        text = after
    reasons = Reasons(events)
    for part in hunks(BASE, text):
        told = set(reasons.of(part))
        wrote = {line.split()[1] for line in part.new if line.startswith("new ")}
        assert told and (len(told) >= 6 or wrote <= told), (part, told)


def test_a_part_knows_its_reasons_by_the_lines_of_the_proposed_text() -> None:
    part = Hunk("id", 5, 6, 9, 9, ("gone\n",), ())
    text = BASE.replace("line 9\n", "")
    assert Reasons([made(BASE, text, "A")]).of(part) == ("A",)
