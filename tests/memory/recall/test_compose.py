"""A rebuilt window fits its budget, keeps what matters most, and says what it left out."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recall_moves import Told

from cairn_memory.events import ApprovalRequested, HostMessage, StateChanged
from cairn_memory.recall.checkpoint import Delta
from cairn_memory.recall.compose import Composed, Material, Remembered, compose
from cairn_memory.recall.made import from_facts, with_judgement
from cairn_memory.recall.measure import cost, tokens
from cairn_memory.recall.page import hand_edit, to_markdown
from cairn_memory.recall.parts import clip
from cairn_memory.recall.table import TABLE

RULES = (
    Remembered("c1", "- Never  push to `main`.\n  Ask first. (c1)"),
    Remembered("c2", "- Use tabs.\t(c2)"),
)


def fits(composed: Composed, budget: int) -> bool:
    text = composed.text
    size = len(text.encode("utf-8", "replace"))
    return len(text) / 4 <= budget and size / 3.6 <= budget and tokens(text) == composed.tokens


def long_session(steps: int = 500) -> Told:
    told = Told()
    told.user("Port the theme of `tui-renderer.ts`. Do not change the public API.")
    for n in range(steps):
        told.call("read", f"export function drawPart{n % 40}() {{}}\n" * 30, path=f"src/tui/part{n % 40}.ts")
        told.call(
            "edit", "ok", path=f"src/tui/part{n % 17}.ts", old=f"drawPart{n % 40}", new=f"paintPart{n % 40}"
        )
        if n % 50 == 49:
            told.agent(f"Part {n} is painted now.")
            told.user(f"Then go on with part {n}, but keep colour{n} as it is.")
    return told


def test_the_users_words_stand_word_for_word() -> None:
    text = compose(Material(long_session(100).facts), 2_000).text
    assert "Port the theme of `tui-renderer.ts`. Do not change the public API." in text
    assert "Then go on with part 99, but keep colour99 as it is." in text


def test_blanks_tabs_and_lines_of_the_users_words_stay_as_they_were_typed() -> None:
    typed = "Keep  two blanks,\n\tthis tab and\n\n  - `a  b`\u00a0as it is."
    told = Told()
    told.user("Begin.")
    told.user(typed)
    told.call("edit", "ok", path="a.py", old="x", new="y")
    told.user("Go on.")
    assert typed in compose(Material(told.facts), 2_000).text


def crowded() -> Told:
    """A session of which every part of a window would have more than fits."""
    told = long_session(200)
    for n in range(60):
        told.user(f"Never paint door {n} of the house red, and always ask before you touch its hinges.")
    told.call("bash", "the end of it", command="make doors")
    return told


def rules(count: int) -> list[Remembered]:
    return [Remembered(f"c{n}", f"- Never open door {n} of the old house. (c{n})") for n in range(count)]


def test_many_rules_are_served_before_everything_else() -> None:
    composed = compose(Material(crowded().facts, rules=rules(60)), 2_000)
    assert all(rule.text in composed.text for rule in rules(60))
    assert fits(composed, 2_000)


def test_no_part_with_a_floor_is_crowded_out_and_nothing_is_cut_through_its_middle() -> None:
    told = crowded()
    for budget in (1_000, 2_000, 4_000):
        composed = compose(Material(told.facts, rules=rules(300)), budget)
        assert fits(composed, budget)
        parts = {item.section: item.tokens for item in composed.items}
        assert sum(parts.values()) <= budget, "no part takes what is not there"
        assert all(parts[row.part] > 0 for row in TABLE if row.floor)
        shown = [row.title for row in TABLE if parts[row.part]]
        assert [line[3:] for line in composed.text.splitlines() if line.startswith("## ")] == shown


def test_rules_stand_byte_for_byte_and_before_all_else_in_any_budget() -> None:
    told = long_session(50)
    for budget in (300, 2_000, 60_000):
        text = compose(Material(told.facts, rules=RULES), budget).text
        assert all(rule.text in text for rule in RULES)


def test_a_pasted_text_keeps_head_and_tail_and_points_to_its_event() -> None:
    told = Told()
    told.user("Why does this fail?\n" + "stack frame\n" * 20_000 + "Look at the last frame only.")
    composed = compose(Material(told.facts), 1_000)
    assert "Why does this fail?" in composed.text
    assert "Look at the last frame only." in composed.text
    assert "all in e1" in composed.text
    assert fits(composed, 1_000)
    words = next(item for item in composed.items if item.section == "words")
    assert (words.kept, words.cut) == (1, 1)


def test_chatter_goes_before_orders() -> None:
    told = Told()
    told.user("Build it.")
    for n in range(300):
        told.user("continue")
        told.user(f"Rename part{n} to piece{n}.")
    composed = compose(Material(told.facts), 2_000)
    assert "Rename part250 to piece250." in composed.text
    assert "continue" not in composed.text.split("## What happened last")[0]


def test_files_are_named_with_what_was_done_and_names_stand_beside_their_file() -> None:
    told = Told()
    told.user("Go.")
    told.call("read", "x", path="src/deep/down/a.ts")
    changed = told.call("edit", "ok", path="src/deep/down/b.ts", old="parseDecl(1)", new="parseAll(1)")
    text = compose(Material(told.facts), 1_000).text
    assert f"- src/deep/down/: b.ts (changed e{changed}, parseDecl, parseAll); a.ts (read e3)" in text


def test_the_receipt_names_what_was_left_out() -> None:
    told = long_session(300)
    composed = compose(
        Material(told.facts, rules=RULES, claims=[Remembered("c9", "- " + "long " * 900)]), 1_000
    )
    found = {item.section: item for item in composed.items}
    assert set(found) == {row.part for row in TABLE}
    assert found["rules"].refs == ("c1", "c2")
    assert found["memory"].left_out == ("c9",)
    assert "src/tui/part16.ts" in found["files"].refs + found["files"].left_out
    assert sum(item.tokens for item in composed.items) <= 1_000


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=2_000), st.floats(1, 500))
def test_a_text_cut_to_fit_fits_and_something_is_left_of_it(text: str, room: float) -> None:
    left = clip(text, room, "e1")
    assert cost(left) <= room
    assert left or not text or room < 6


def test_what_nobody_needs_goes_to_the_others() -> None:
    composed = compose(Material(long_session(300).facts), 2_000)
    assert composed.tokens > 2_000 * 0.95


def test_a_persons_own_item_comes_before_the_judgement() -> None:
    told = long_session(20)
    made = with_judgement(
        from_facts(told.facts),
        [Delta(section="decisions", text=f"Decision {n} " + "word " * 20, events=(1,)) for n in range(30)],
    )
    page = to_markdown(made)
    made = hand_edit(page, page + "\n## Notes\n\n- Mine stays\n", made)
    assert "- Mine stays" in compose(Material(told.facts, made), 800).text


class TestStanding:
    def test_new_words_of_the_user_come_first(self) -> None:
        told = long_session(10)
        said = told.user("Stop, do this instead.")
        composed = compose(Material(told.facts), 1_000)
        assert composed.standing == "working"
        assert f"newest words (e{said}) have no answer yet" in composed.text

    def test_a_call_without_result_is_not_to_be_done_again_blindly(self) -> None:
        told = Told()
        told.user("Release it.")
        call = told.call("bash", None, command="make release")
        text = compose(Material(told.facts), 1_000).text
        assert f"No result is known of e{call}: bash make release; look before you do it again." in text

    def test_a_question_waits_for_its_answer(self) -> None:
        told = Told()
        told.user("Release it.")
        told.agent("All is ready.\n\nShall I push the tag now?")
        composed = compose(Material(told.facts), 1_000)
        assert composed.standing == "waiting"
        assert "who was asked (e2): Shall I push the tag now? Until they answer, do nothing" in composed.text

    def test_a_permission_that_is_asked_for_waits(self) -> None:
        told = Told()
        told.user("Clean up.")
        told.add(ApprovalRequested(id="a", call="c", name="bash", title="rm -r build"))
        composed = compose(Material(told.facts), 1_000)
        assert composed.standing == "waiting"
        assert "rm -r build" in composed.text

    def test_finished_work_is_not_taken_up_again(self) -> None:
        told = Told()
        told.user("Rename it.")
        told.call("edit", "ok", path="a.py", old="a", new="b")
        told.agent("Renamed.")
        told.add(StateChanged(state="done"))
        composed = compose(Material(told.facts), 1_000)
        assert composed.standing == "finished"
        assert "nothing is to be done again" in composed.text
        assert "go on with it" not in composed.text

    def test_words_after_the_work_was_done_make_it_work_again(self) -> None:
        told = Told()
        told.user("Rename it.")
        told.add(StateChanged(state="done"))
        told.user("And test it.")
        assert compose(Material(told.facts), 1_000).standing == "working"

    def test_a_nudge_of_the_host_is_work(self) -> None:
        told = Told()
        told.user("Rename it.")
        told.agent("Renamed.")
        told.add(HostMessage(text="Two tasks are still open."))
        assert compose(Material(told.facts), 1_000).standing == "working"

    def test_where_the_log_says_that_it_rests_it_rests(self) -> None:
        told = Told()
        told.user("Rename it.")
        told.agent("Renamed.")
        told.add(HostMessage(text="Two tasks are still open."))
        told.add(StateChanged(state="done", reason="the agent stopped"))
        assert compose(Material(told.facts), 1_000).standing == "finished"
        told.user("And now the other one.")
        assert compose(Material(told.facts), 1_000).standing == "working"

    def test_who_knows_better_is_believed(self) -> None:
        assert compose(Material(long_session(5).facts, standing="finished"), 1_000).standing == "finished"

    def test_the_judged_next_action_is_told_unless_the_user_spoke_since(self) -> None:
        told = long_session(5)
        made = with_judgement(
            from_facts(told.facts), [Delta(section="next action", text="Paint part 7", events=(2,))]
        )
        assert "Next action: Paint part 7" in compose(Material(told.facts, made), 1_000).text
        told.user("Forget part 7.")
        assert "Paint part 7" not in compose(Material(told.facts, made), 1_000).text


@pytest.mark.parametrize("budget", [300, 1_000, 4_000, 60_000])
def test_odd_sessions_fit_any_budget(budget: int) -> None:
    for words in (
        [],
        ["x" * 200_000],
        ["一" * 50_000],
        ["\x00\x01\x7f" * 9_000],
        [f"fix {n}" for n in range(3_000)],
        ["🪨" * 3_000 + "end"],
    ):
        told = Told()
        for text in words:
            told.user(text)
        told.call("bash", "\x1b[31m" + "\ufffd\x00" * 5_000, command="cat " + "x" * 5_000)
        assert fits(compose(Material(told.facts, rules=RULES), budget), budget)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=400), max_size=12),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "So"]), min_size=1, max_size=3_000),
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60), max_size=2),
    st.integers(300, 5_000),
)
def test_it_always_fits_and_always_holds_the_rules_and_the_newest_words(
    words: list[str], newest: str, rules: list[str], budget: int
) -> None:
    told = Told()
    for text in words:
        told.user(text)
        told.call("edit", text, path=text[:40] or "a", old=text, new=text[::-1])
    told.user(newest)
    composed = compose(Material(told.facts, rules=[Remembered("c", rule) for rule in rules]), budget)
    assert fits(composed, budget)
    assert newest[:10] in composed.text
    assert all(rule in composed.text for rule in rules)


def test_a_thousand_events_are_composed_fast() -> None:
    told = long_session(250)
    assert told.seq > 1_000
    taken = list[float]()
    for _ in range(5):
        started = time.process_time()
        compose(Material(told.facts), 4_000)
        taken.append(time.process_time() - started)
    assert min(taken) < 0.15


def test_what_a_person_took_out_of_the_checkpoint_is_in_no_part_of_the_next_window() -> None:
    told = Told()
    told.user("Mend the parser.")
    told.call("edit", "ok", path="src/legacy_parser.ts", old="a", new="b")
    told.call("edit", "ok", path="src/parser.ts", old="a", new="b")
    told.call(
        "bash", "error: flaky_socket is not there\nFAILED test_socket", command="make socket", exit_code=1
    )
    for n in range(60):  # so that it is no longer among what happened last
        told.call("read", f"const value{n} = {n}", path=f"src/other{n}.ts")
    made = from_facts(told.facts)
    page = to_markdown(made)
    doomed = ("legacy_parser", "flaky_socket", "make socket")
    whole = compose(Material(told.facts, made), 6_000).text
    assert all(word in whole for word in ("legacy_parser", "flaky_socket"))
    edited = "\n".join(line for line in page.split("\n") if not any(word in line for word in doomed))
    assert edited != page
    text = compose(Material(told.facts, hand_edit(page, edited, made)), 6_000).text
    before = text.partition("## What happened last")[0]
    assert not any(word in before for word in ("legacy_parser", "error: flaky_socket", "make socket"))
    assert "parser.ts (changed" in before
