"""What a call touches is told by its shape, whichever agent made it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_memory.recall.trace import Trace, trace


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("edit", {"path": "src/a.py", "old": "one", "new": "two"}),
        ("Edit", {"file_path": "src/a.py", "old_string": "one", "new_string": "two", "replace_all": False}),
        ("str_replace_based_edit_tool", {"command": "str_replace", "path": "src/a.py", "old_str": "one", "new_str": "two"}),
        ("MultiEdit", {"file_path": "src/a.py", "edits": [{"old_string": "one", "new_string": "two"}]}),
        ("edit", {"path": "src/a.py", "oldText": "one", "newText": "two"}),
        ("apply_patch", {"input": "*** Begin Patch\n*** Update File: src/a.py\n-one\n+two\n*** End Patch"}),
        ("shell", {"command": ["bash", "-lc", "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: src/a.py\n-one\n+two\n*** End Patch\nEOF"]}),
    ],
)  # fmt: skip
def test_an_edit_of_any_agent_is_a_change_of_its_file(name: str, arguments: object) -> None:
    seen = trace(name, json.dumps(arguments))
    assert (seen.verb, seen.paths, seen.old, seen.new) == ("change", ("src/a.py",), "one", "two")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read", {"path": "src/a.py", "offset": 4}),
        ("Read", {"file_path": "src/a.py"}),
        ("str_replace_based_edit_tool", {"command": "view", "path": "src/a.py"}),
        ("some_new_tool", {"filePath": "src/a.py"}),
    ],
)
def test_a_look_into_a_file_is_a_read_of_it(name: str, arguments: object) -> None:
    seen = trace(name, json.dumps(arguments))
    assert (seen.verb, seen.paths) == ("read", ("src/a.py",))


def test_a_written_file_keeps_what_was_written() -> None:
    seen = trace("Write", json.dumps({"file_path": "a.py", "content": "def parseDecl(): ..."}))
    assert (seen.verb, seen.paths, seen.new) == ("change", ("a.py",), "def parseDecl(): ...")


def test_a_search_has_a_pattern_and_a_place() -> None:
    seen = trace("Grep", json.dumps({"pattern": "parseDecl", "path": "src"}))
    assert (seen.verb, seen.pattern, seen.where) == ("search", "parseDecl", "src")


def test_a_command_of_any_agent_is_run() -> None:
    for arguments in (
        {"command": "make test"},
        {"cmd": "make test"},
        {"command": ["bash", "-lc", "make test"]},
    ):
        assert trace("exec", json.dumps(arguments)) == Trace(verb="run", command="make test")


def test_what_a_here_document_writes_is_no_command() -> None:
    seen = trace(
        "bash", json.dumps({"command": "cat > notes/a.md <<'EOF'\nrm -rf everything\nEOF\nls notes"})
    )
    assert seen.paths == ("notes/a.md",)
    assert "everything" not in seen.command
    assert "ls notes" in seen.command


def test_only_a_real_redirection_writes_a_file() -> None:
    seen = trace(
        "bash", json.dumps({"command": "jq '.[] | select(.n > limit)' a.json 2>/dev/null > out/b.json"})
    )
    assert seen.paths == ("out/b.json",)


def test_a_plan_is_its_steps_with_their_states() -> None:
    seen = trace("TodoWrite", json.dumps({"todos": [{"content": "Write tests", "status": "in_progress"}]}))
    assert (seen.verb, seen.plan) == ("plan", ("Write tests (in_progress)",))


@given(
    st.text(max_size=50), st.text(max_size=200) | st.binary(max_size=100).map(lambda b: b.decode("latin-1"))
)
def test_no_arguments_make_it_fail(name: str, arguments: str) -> None:
    trace(name, arguments)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(
    ["path", "command", "pattern", "old", "new", "content", "todos", "edits", "input", "plan"]
)


@given(st.dictionaries(keys, json_values, max_size=5))
def test_no_values_make_it_fail(arguments: dict[str, object]) -> None:
    trace("edit", json.dumps(arguments))
