"""The fold keeps what an agent must not lose, and stays bounded."""

import json
import tracemalloc

from recall_moves import Told

from cairn_memory.bounds import TEXT
from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    Event,
    FileEffect,
    ModelReplied,
    NoteAdded,
    NoteRemoved,
    ProcessEnded,
    ProcessStarted,
    SessionResumed,
    SessionStarted,
    ToolCall,
    ToolFinished,
    Usage,
    UserMessage,
)
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.names import names_in
from cairn_memory.recall.orders import is_order
from cairn_memory.recall.said import ROOM


def test_the_users_words_are_kept_word_for_word() -> None:
    told = Told()
    said = "Fix  the parser.\n\n\tDon't touch `lexer.py`!  "
    told.user(said)
    assert [one.text for one in told.facts.words.said] == [said.strip()]


def test_what_another_agent_wrote_in_the_users_place_is_not_their_words() -> None:
    told = Told()
    told.user("<command-name>/exit</command-name>")
    assert not told.facts.words.said


def test_files_have_their_last_read_and_change_and_the_hash_of_a_real_run() -> None:
    told = Told()
    read = told.call("read", "text", path="src/a.py")
    told.call("edit", "done", path="src/a.py", old="x", new="y")
    changed = told.call(
        "edit",
        "done",
        path="src/a.py",
        old="y",
        new="z",
        effect=FileEffect(path="src/a.py", before="1", after="2"),
    )
    (fact,) = told.facts.work.files.values()
    assert (fact.reads, fact.changes, fact.read, fact.changed, fact.hash) == (1, 2, read, changed, "2")


def test_an_edit_that_failed_changed_nothing() -> None:
    told = Told()
    told.call("edit", "old text not found", path="a.py", old="x", new="y", outcome="error")
    assert not told.facts.work.files
    assert [error.about for error in told.facts.work.errors if not error.fixed] == ["a.py"]


def test_an_error_is_open_until_the_same_thing_goes_well() -> None:
    told = Told()
    told.call("bash", "a.py:3: error: undefined name 'parseDecl'", command="make check", exit_code=2)
    assert [error.fixed for error in told.facts.work.errors] == [0]
    told.call("bash", "fine", command="ls", exit_code=0)
    assert [error.fixed for error in told.facts.work.errors] == [0]
    fixed = told.call("bash", "0 errors", command="cd sub && make check 2>&1 | tail -5", exit_code=0)
    assert [error.fixed for error in told.facts.work.errors] == [fixed]


def test_source_code_that_a_command_shows_is_no_error() -> None:
    told = Told()
    told.call("bash", 'raise ValueError("cannot parse")', command="grep -n cannot src/a.py", exit_code=0)
    told.call("bash", "", command="grep -n nothing src/a.py", exit_code=1)
    assert not told.facts.work.errors


def test_what_a_compiler_says_is_an_error_and_a_passed_test_with_such_a_name_is_none() -> None:
    told = Told()
    result = "=== RUN Test_returns_error\n--- PASS: Test_returns_error\nsrc/a.go:189:10: undefined: AgentType"
    told.call("bash", result, command="go test ./... | head")
    assert [error.lines for error in told.facts.work.errors] == [("src/a.go:189:10: undefined: AgentType",)]


def test_the_last_test_run_is_known() -> None:
    told = Told()
    told.call("bash", "1 failed", command="pytest -q tests", exit_code=1)
    told.call("bash", "x", command="ls", exit_code=0)
    assert told.facts.work.tests is not None
    assert (told.facts.work.tests.command, told.facts.work.tests.exit_code) == ("pytest -q tests", 1)


def test_a_name_that_is_used_weighs_more_than_one_that_was_shown_and_fades() -> None:
    told = Told()
    told.call("edit", "ok", path="a.py", old="parseDecl()", new="parse_all()")
    told.call("read", "def shownOnly(): ...", path="b.py")
    known = told.facts.names.known
    now = told.facts.names.step
    assert known["parseDecl"].weight(now) > known["shownOnly"].weight(now)
    assert known["parseDecl"].home == "a.py"
    assert known["parseDecl"].weight(now + 400) < known["parseDecl"].weight(now) / 2


def test_names_are_identifiers_and_files_and_no_plain_words() -> None:
    files, symbols = names_in(
        "Change parseDecl in src/a-b/x.test.ts and MAX_SIZE, not every word. See v1.2 or foo.bar()"
    )
    assert (files, symbols) == (["src/a-b/x.test.ts"], ["parseDecl", "MAX_SIZE"])


def test_a_line_of_a_search_names_its_file_without_the_line() -> None:
    files, symbols = names_in("src/hooks_test.go-397-func (env *TestEnv)\nsrc/a_b.go:12:x")
    assert (files, symbols) == (["src/hooks_test.go", "src/a_b.go"], ["TestEnv"])


def test_an_escape_of_a_pattern_is_no_part_of_a_name_and_a_bare_ending_is_no_file() -> None:
    files, symbols = names_in(r"grep '\bValidateToken' *.json and .json in C:\src\build_all")
    assert (files, symbols) == ([], ["ValidateToken", "build_all"])


def test_a_long_run_of_one_word_takes_no_long_time() -> None:
    names_in("a" * 40_000 + "." * 40_000 + "/a" * 20_000)


def test_orders_are_what_asks_forbids_limits_or_decides() -> None:
    for order in (
        "Rename it.",
        "don't push",
        "ok, use the second one",
        "tests must pass",
        "can you look again?",
    ):
        assert is_order(order), order
    for other in ("The weather is fine.", "It prints a number."):
        assert not is_order(other), other


def test_processes_and_approvals_end() -> None:
    told = Told()
    told.add(ProcessStarted(id="p1", command="npm start", pid=4, output="o"))
    told.add(ApprovalRequested(id="a1", call="c", name="bash", title="rm x"))
    assert list(told.facts.processes) == ["p1"]
    assert list(told.facts.approvals) == ["a1"]
    told.add(ProcessEnded(id="p1", exit_code=0))
    told.add(ApprovalAnswered(id="a1", decision="deny"))
    assert not told.facts.processes
    assert not told.facts.approvals


def test_files_move_with_the_folder_of_the_session() -> None:
    told = Told()
    told.add(SessionStarted(goal="g", root="/old"))
    told.call("edit", path="/old/src/a.py", old="x", new="y")
    told.call("edit", path="/elsewhere/b.py", old="x", new="y")
    told.add(SessionResumed(root="/new"))
    assert list(told.facts.work.files) == ["/new/src/a.py", "/elsewhere/b.py"]
    assert told.facts.root == "/new"


def test_tokens_money_and_notes_add_up() -> None:
    told = Told()
    told.add(ModelReplied(step=1, usage=Usage(prompt=10, completion=5), cost=0.5))
    told.add(ModelReplied(step=2, usage=Usage(prompt=20, completion=5), cost=0.25))
    note = told.add(NoteAdded(text="the port is 81"))
    assert (told.facts.usage.total, told.facts.cost) == (40, 0.75)
    assert list(told.facts.notes) == [(note, "the port is 81")]


def test_a_note_that_the_user_took_out_is_none_any_more() -> None:
    told = Told()
    wrong = told.add(NoteAdded(text="the port is 18"))
    right = told.add(NoteAdded(text="the port is 81"))
    told.add(NoteRemoved(note=wrong))
    assert list(told.facts.notes) == [(right, "the port is 81")]


def test_rows_of_the_log_are_taken_as_they_are() -> None:
    facts = Facts()
    text = UserMessage(text="hello there").model_dump_json()
    facts.apply(Event(seq=7, session="s", agent="", kind="message.user", time=5, text=text))
    assert (facts.first, facts.last, facts.time, facts.words.said[0].event) == (7, 7, 5, 7)


def test_a_session_without_end_stays_small() -> None:
    facts = Facts()
    tracemalloc.start()
    for n in range(1_700):
        call = ToolCall(
            id=f"c{n}",
            name="edit",
            arguments=json.dumps(
                {"path": f"src/f{n}.py", "old": f"oldName{n} " * 5, "new": f"newName{n} " * 5}
            ),
        )
        facts.take(2 * n, ModelReplied(step=n, text=f"Now part{n}Of it " * 5, calls=(call,)))
        facts.take(2 * n + 1, ToolFinished(step=n, call=call.id, text=f"result_{n} failed error " * 30))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 20_000_000


def test_when_the_user_says_very_much_orders_and_first_and_newest_words_are_kept() -> None:
    told = Told()
    told.user("Build the parser.")
    for n in range(150):
        told.user(f"You must keep rule{n}. " + "filling words and more of them " * 900)
    words = told.facts.words
    assert sum(len(one.text) for one in words.said) < ROOM * 1.1
    assert words.said[0].text == "Build the parser."
    assert words.said[-1].whole
    assert not words.said[1].whole
    assert "You must keep rule0." in words.said[1].text


def test_a_message_as_long_as_an_event_holds_is_kept_at_both_ends() -> None:
    told = Told()
    told.user("head of it " + "x" * (TEXT - 30) + " end of it")
    text = told.facts.words.said[0].text
    assert text.startswith("head of it")
    assert text.endswith("end of it")
