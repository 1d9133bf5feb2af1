"""Parts of a proposed change: any of them can be taken, in any order, and nobody else's work is touched."""

from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.proposals.hunks import hunks, with_parts, without_parts
from cairn_agents.proposals.placing import place

LINE = st.sampled_from(["a\n", "b\n", "c\n", "\n", "é\n", "  x = 1\n", "d\r\n"])


def joined(lines: list[str], end: str) -> str:
    return "".join(lines) + end


TEXT = st.builds(joined, st.lists(LINE, max_size=40), st.sampled_from(["", "z"]))
FAR = "".join(f"line {number}\n" for number in range(60))


def applied(base: str, text: str, chosen: set[str]) -> str:
    """The same by hand: each line of the file, or what a chosen part has in its place."""
    lines, made, at = base.splitlines(keepends=True) if "\r" not in base else base.split("\n"), "", 0
    if "\r" in base:
        lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for part in hunks(base, text):
        assert tuple(lines[part.start : part.end]) == part.old
        made += "".join(lines[at : part.start]) + "".join(part.new if part.id in chosen else part.old)
        at = part.end
    return made + "".join(lines[at:])


@given(TEXT, TEXT, st.data())
def test_any_subset_of_the_parts_gives_exactly_that_text(base: str, text: str, data: st.DataObject) -> None:
    parts = [part.id for part in hunks(base, text)]
    assert len(set(parts)) == len(parts)
    chosen = set(data.draw(st.lists(st.sampled_from(parts), unique=True))) if parts else set[str]()
    made = with_parts(base, text, chosen)
    assert made == applied(base, text, chosen)
    assert with_parts(base, text, parts) == text and with_parts(base, text, ()) == base
    assert without_parts(base, text, chosen) == with_parts(base, text, set(parts) - chosen)


@given(TEXT, TEXT, st.data())
def test_parts_taken_one_by_one_in_any_order_end_in_the_proposed_text(
    base: str, text: str, data: st.DataObject
) -> None:
    now = base
    while parts := hunks(base, text):
        part = data.draw(st.sampled_from(parts))
        made, done, refused = place(base, text, now, [part.id])
        assert (done, refused) == ([part.id], {})
        base, now = with_parts(base, text, done), made
        assert now == base
    assert now == text


@given(
    st.lists(st.integers(0, 59), unique=True, max_size=8),
    st.lists(st.integers(0, 59), unique=True, max_size=8),
)
def test_lines_that_the_user_changed_meanwhile_stay(agent: list[int], user: list[int]) -> None:
    lines = FAR.splitlines(keepends=True)
    proposed = "".join(f"agent {n}\n" if n in agent else line for n, line in enumerate(lines))
    now = "".join(f"user {n}\n" if n in user else line for n, line in enumerate(lines))
    made, done, refused = place(FAR, proposed, now, [part.id for part in hunks(FAR, proposed)])
    after = made.splitlines(keepends=True)
    assert all(after[n] == f"user {n}\n" for n in user)
    for part in hunks(FAR, proposed):
        taken = all(
            after[n] == f"agent {n}\n" for n in range(part.start, part.end) if n in agent and n not in user
        )
        assert taken if part.id in done else part.id in refused
    if not set(agent) & set(user):
        assert not refused
