"""A checkpoint is whole by code alone, takes judgement on top, and obeys the hand that edits it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recall_moves import Told

from cairn_memory.recall.checkpoint import ITEMS, JUDGED, SECTIONS, Checkpoint, Delta, Item
from cairn_memory.recall.made import from_facts, from_json, with_judgement
from cairn_memory.recall.page import hand_edit, to_markdown


@pytest.fixture
def told() -> Told:
    told = Told()
    told.user("Build the parser. Never touch lexer.py.")
    told.call("edit", "ok", path="parser.py", old="parseDecl", new="parse_decl")
    told.call("bash", "E: NameError: parse_decl is undefined", command="pytest -q", exit_code=1)
    told.agent("The import is missing.")
    told.user("Add it then.")
    return told


def texts(made: Checkpoint, section: str) -> list[str]:
    return [item.text for item in made.items(section)]


def test_code_alone_fills_it_and_each_line_names_its_events(told: Told) -> None:
    made = from_facts(told.facts, ["- [>] T1 Parser"], now=9)
    assert (made.number, made.covers, made.time, made.judged) == (1, told.seq, 9, False)
    assert texts(made, "intent") == ["Build the parser. Never touch lexer.py.", "Add it then."]
    assert texts(made, "constraints") == ["Never touch lexer.py."]
    assert texts(made, "task tree") == ["- [>] T1 Parser"]
    assert texts(made, "files") == ["parser.py: changed 1x"]
    assert "NameError" in texts(made, "errors and fixes")[0]
    assert any("last test run failed: pytest -q" in text for text in texts(made, "runtime state"))
    for section in set(SECTIONS) - {"task tree"}:
        assert all(item.events for item in made.items(section)), section


def test_the_intent_is_what_the_user_typed_word_for_word() -> None:
    typed = "Port the theme of `tui-renderer.ts` to the new engine;\n\n  - do  not change the public API,\n\t- ask first."
    told = Told()
    told.user(typed)
    told.agent("I begin.")
    told.user("Then the `menu`:  leave it\nas it is.")
    intent = from_facts(told.facts).items("intent")
    assert [item.text for item in intent] == [typed, "Then the `menu`:  leave it\nas it is."]
    assert [item.events for item in intent] == [(1,), (3,)]


def test_nothing_happened_makes_one_too() -> None:
    made = from_facts(Told().facts)
    assert from_json(made.to_json().encode()) == made


def test_judgement_comes_on_top_and_stays_in_the_next_one(told: Told) -> None:
    made = from_facts(told.facts)
    judged = with_judgement(
        made,
        [
            Delta(section="decisions", text="Recursive descent", events=(1,)),
            Delta(section="next action", text="Add the import", events=(5,)),
            Delta(section="files", text="not for judgement", events=(5,)),
        ],
    )
    after = from_facts(told.facts, previous=judged)
    for one in (judged, after):
        assert one.judged
        assert texts(one, "decisions") == ["Recursive descent"]
        assert "not for judgement" not in texts(one, "files")
    assert texts(judged, "next action") == ["Add the import"]
    assert after.number == 2
    assert not made.judged


def test_judgement_replaces_and_removes_its_own_items_by_their_text(told: Told) -> None:
    made = with_judgement(
        from_facts(told.facts),
        [Delta(section="decisions", text="Use A"), Delta(section="dead ends", text="B")],
    )
    made = with_judgement(
        made,
        [
            Delta(section="decisions", action="replace", target="use  a", text="Use C", events=(2,)),
            Delta(section="dead ends", action="remove", target="B"),
            Delta(section="decisions", action="remove", target="nothing like this"),
        ],
    )
    assert texts(made, "decisions") == ["Use C"]
    assert texts(made, "dead ends") == []


def test_what_a_person_wrote_is_theirs_for_good(told: Told) -> None:
    made = with_judgement(from_facts(told.facts), [Delta(section="decisions", text="Use A", events=(1,))])
    page = to_markdown(made)
    edited = hand_edit(page, page.replace("- Use A (e1)", "- Use A (e1)\n- Ask me before a release"), made)
    assert [item.by for item in edited.items("decisions")] == ["writer", "user"]
    later = with_judgement(
        from_facts(told.facts, previous=edited),
        [
            Delta(section="decisions", action="remove", target="Ask me before a release"),
            Delta(
                section="decisions", action="replace", target="Ask me before a release", text="No need to ask"
            ),
        ],
    )
    assert "Ask me before a release" in texts(later, "decisions")


def test_what_a_person_took_out_never_comes_back(told: Told) -> None:
    made = with_judgement(from_facts(told.facts), [Delta(section="decisions", text="Use A", events=(1,))])
    page = to_markdown(made)
    kept = [line for line in page.splitlines() if "Use A" not in line and "parser.py: changed" not in line]
    edited = hand_edit(page, "\n".join(kept), made)
    told.call("edit", "ok", path="parser.py", old="parse_decl", new="parse")
    later = with_judgement(
        from_facts(told.facts, previous=edited), [Delta(section="decisions", text="use a", events=(1,))]
    )
    for one in (edited, later, from_json(later.to_json().encode())):
        assert texts(one, "decisions") == []
        assert texts(one, "files") == []


def test_a_line_that_was_changed_by_hand_is_replaced_by_the_persons(told: Told) -> None:
    made = with_judgement(from_facts(told.facts), [Delta(section="decisions", text="Use A", events=(1,))])
    page = to_markdown(made)
    edited = hand_edit(page, page.replace("Use A", "Use B"), made)
    assert [(item.text, item.by, item.events) for item in edited.items("decisions")] == [
        ("Use B", "user", (1,))
    ]


def test_a_line_that_was_put_back_by_hand_is_there_again(told: Told) -> None:
    made = with_judgement(from_facts(told.facts), [Delta(section="decisions", text="Use A", events=(1,))])
    page = to_markdown(made)
    without = page.replace("- Use A (e1)\n", "")
    edited = hand_edit(without, page, hand_edit(page, without, made))
    assert texts(edited, "decisions") == ["Use A"]
    assert edited.suppressed == ()


def test_a_page_that_nobody_changed_changes_nothing(told: Told) -> None:
    made = from_facts(told.facts)
    assert hand_edit(to_markdown(made), to_markdown(made), made) == made


def test_a_bullet_below_an_unknown_heading_is_a_note(told: Told) -> None:
    made = from_facts(told.facts)
    page = to_markdown(made)
    edited = hand_edit(page, page + "\n## My own\n\n- buy milk\n  and bread\n", made)
    assert texts(edited, "notes") == ["buy milk\nand bread"]


def test_a_section_keeps_its_newest_items_and_all_of_a_persons() -> None:
    mine = Item(text="mine", by="user")
    made = Checkpoint(number=1, covers=1).with_items(
        "notes", [mine, *(Item(text=f"note {n}") for n in range(500))]
    )
    assert len(made.items("notes")) == ITEMS
    assert made.items("notes")[0] == mine
    assert made.items("notes")[-1].text == "note 499"


def test_damaged_data_is_said_to_be_damaged() -> None:
    for data in (b"", b"{}", b"\xff\xfe", b'{"number": "x"}'):
        with pytest.raises(ValueError):
            from_json(data)


lines = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=60
).map(lambda text: "x" + " ".join(text.split()))


@given(
    st.dictionaries(
        st.sampled_from(JUDGED), st.lists(lines, min_size=1, max_size=5, unique_by=str.lower), max_size=4
    )
)
def test_the_page_of_any_checkpoint_reads_back_as_it_is(found: dict[str, list[str]]) -> None:
    made = Checkpoint(number=1, covers=9)
    for section, found_texts in found.items():
        made = made.with_items(section, [Item(text=text, events=(3,), by="writer") for text in found_texts])
    page = to_markdown(made)
    assert hand_edit(page, page, made) == made
    blank = hand_edit("", page, Checkpoint(number=1, covers=9))
    assert {name: [item.text for item in items] for name, items in blank.sections.items()} == {
        name: [item.text for item in items] for name, items in made.sections.items()
    }


def test_prose_that_a_person_writes_below_a_heading_stays(told: Told) -> None:
    made = from_facts(told.facts)
    page = to_markdown(made)
    edited = hand_edit(page, page.replace("## Intent\n", "## Intent\n\nIt must stand by Friday.\n"), made)
    assert "It must stand by Friday." in texts(edited, "intent")
    assert "- It must stand by Friday." in to_markdown(from_facts(told.facts, previous=edited))
