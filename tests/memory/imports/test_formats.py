"""Each format as its program writes it: who said what, with which calls, on which line."""

from pathlib import Path

import pytest

from cairn_memory.imports.detect import detect
from cairn_memory.imports.message import ImportRefused, Message, Problems

DATA = Path(__file__).parent / "data"
OPENCODE = DATA / "opencode" / "session" / "p1" / "ses_1.json"


def read(path: Path) -> tuple[str, list[Message], tuple[str, ...]]:
    """The format's name, the messages, and the problems."""
    source, problems = detect(path), Problems()
    return source.format, list(source.read(problems)), problems.lines


def spoken(messages: list[Message]) -> list[tuple[int, str, str]]:
    """Line, role, and the beginning of the text or the names of the calls."""
    return [
        (each.line, each.role, each.text[:24] or " ".join(call.name for call in each.calls))
        for each in messages
    ]


def test_a_neutral_file_gives_every_line_its_message() -> None:
    name, messages, problems = read(DATA / "neutral.jsonl")
    assert (name, problems) == ("neutral", ())
    assert spoken(messages) == [
        (1, "user", "Make the lighthouse blin"),
        (2, "assistant", "I look at the lamp first"),
        (3, "tool", "def blink():\n    pass\n"),
        (4, "tool", "make: no rule"),
        (5, "summary", "This session goes on fro"),
        (6, "assistant", "edit"),
        (7, "tool", "edited"),
        (8, "assistant", "It blinks twice."),
    ]
    assert [call.arguments for call in messages[1].calls] == [
        '{"path": "lamp.py"}',
        '{"command": "make lamp"}',
    ]
    assert [(each.call, each.outcome) for each in messages if each.role == "tool"] == [
        ("n1", "ok"),
        ("n2", "error"),
        ("n1", "ok"),
    ]
    assert messages[1].time - messages[0].time == 2_500


def test_a_claude_code_transcript_is_read_without_subagents_repeats_and_titles() -> None:
    name, messages, problems = read(DATA / "claude-code.jsonl")
    assert (name, problems) == ("Claude Code", ("line 18: no JSON, or not all of it",))
    assert spoken(messages) == [
        (3, "host", "Caveat: The messages bel"),
        (4, "user", "/model opus"),
        (5, "host", "<local-command-stdout>Se"),
        (6, "user", "Why does the bell ring a"),
        (8, "assistant", "I read the timer and the"),
        (9, "assistant", "Read"),
        (10, "tool", "     1\tRING = 2\n"),
        (11, "assistant", "Bash"),
        (12, "tool", "Exit code 1\ntail: bell.l"),
        (17, "user", "And keep it quiet."),
        (19, "assistant", "Edit"),
        (20, "tool", "The user doesn't want to"),
        (20, "host", "[Request interrupted by "),
        (21, "host", "Conversation compacted"),
        (22, "summary", "This session is being co"),
        (23, "assistant", "Bash"),
        (24, "host", "API Error: overloaded"),
        (25, "tool", "a result nobody asked fo"),
        (27, "assistant", "It rang in UTC."),
    ]
    results = [(each.outcome, each.exit_code) for each in messages if each.role == "tool"]
    assert results == [("ok", None), ("error", 1), ("denied", None), ("ok", None)]
    assert messages[4].reasoning == "The timer may be in UTC."
    assert {each.reply for each in messages[4:8] if each.role == "assistant"} == {"msg_1"}
    assert messages[3].text.endswith("\n[image]")


def test_the_transcript_of_a_subagent_is_a_session_too(tmp_path: Path) -> None:
    lines = (DATA / "claude-code.jsonl").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "agent-x.jsonl"
    path.write_text("\n".join(line for line in lines if '"isSidechain":true' in line), encoding="utf-8")
    assert spoken(read(path)[1]) == [
        (1, "user", "You are a subagent: find"),
        (2, "assistant", "Subagent here."),
    ]


def test_a_codex_session_is_read_without_what_is_only_for_the_screen() -> None:
    name, messages, problems = read(DATA / "codex.jsonl")
    assert (name, problems) == ("Codex", ("line 21: no JSON, or not all of it",))
    assert spoken(messages) == [
        (2, "host", "<permissions instruction"),
        (3, "host", "<environment_context>\n  "),
        (5, "user", "Oil the wheel.\n[image]"),
        (8, "assistant", "I look for it."),
        (9, "assistant", "shell"),
        (10, "assistant", "exec_command"),
        (11, "tool", "ls: wheel: no such file\n"),
        (12, "tool", "Chunk ID: 5f2a\nWall time"),
        (13, "assistant", "apply_patch"),
        (14, "tool", "Success"),
        (15, "assistant", "local_shell"),
        (16, "tool", "it turns\n[image]"),
        (17, "assistant", "web_search"),
        (17, "tool", "(its result is not in th"),
        (19, "summary", "The wheel was dry and is"),
        (20, "assistant", "Oiled."),
    ]
    results = [(each.outcome, each.exit_code) for each in messages if each.role == "tool"]
    assert results == [("error", 2), ("ok", 0), ("ok", 0), ("ok", None), ("ok", None)]
    assert messages[3].reasoning == "Looking for the wheel"
    assert len({each.reply for each in messages[3:6]}) == 1


def test_a_codex_session_of_the_first_form_is_read() -> None:
    name, messages, problems = read(DATA / "codex-old.jsonl")
    assert (name, problems) == ("Codex", ())
    assert spoken(messages) == [
        (3, "user", "Count the sails."),
        (5, "assistant", "shell"),
        (7, "tool", "1 2 3 4"),
        (8, "assistant", "Four."),
    ]


@pytest.mark.parametrize(
    ("path", "lines"), [(DATA / "opencode-export.json", [15, 52, 218, 239]), (OPENCODE, [1, 2, 4, 5])]
)
def test_an_opencode_session_is_the_same_from_its_export_and_from_its_storage(
    path: Path, lines: list[int]
) -> None:
    name, messages, problems = read(path)
    first, second, third, fourth = lines
    assert (name, problems) == ("OpenCode", ())
    assert spoken(messages) == [
        (first, "user", "Paint the door green.\n[i"),
        (first, "host", "Called the Read tool wit"),
        (second, "assistant", "I read the door."),
        (second, "tool", "red"),
        (second, "tool", "no paint"),
        (second, "assistant", "Now I edit it."),
        (second, "tool", "File has been modified"),
        (third, "summary", "The door is still red."),
        (fourth, "assistant", "Painting"),
        (fourth, "host", "The operation was aborte"),
    ]
    assert [call.id for each in messages for call in each.calls] == ["oc1", "oc2", "oc3", "oc4"]
    results = [(each.call, each.outcome, each.exit_code) for each in messages if each.role == "tool"]
    assert results == [("oc1", "ok", None), ("oc2", "error", 3), ("oc3", "error", None)]


def test_the_lines_of_an_export_are_where_its_messages_begin() -> None:
    text = (DATA / "opencode-export.json").read_text(encoding="utf-8").splitlines()
    for message in read(DATA / "opencode-export.json")[1]:
        assert text[message.line - 1].strip() == "{"
        assert text[message.line].strip() == '"info": {'


def test_an_export_that_ends_in_its_midst_is_read_up_to_there(tmp_path: Path) -> None:
    whole = (DATA / "opencode-export.json").read_text(encoding="utf-8")
    cut = tmp_path / "cut.json"
    cut.write_text(whole[: whole.index("The door is still red")], encoding="utf-8")
    _, messages, problems = read(cut)
    assert [each.line for each in messages] == [15, 15, 52, 52, 52, 52, 52]
    assert problems == ("line 218: no JSON from here on",)


def test_an_export_on_one_line_is_read(tmp_path: Path) -> None:
    whole = (DATA / "opencode-export.json").read_text(encoding="utf-8")
    path = tmp_path / "compact.json"
    path.write_text("".join(line.strip() for line in whole.splitlines()), encoding="utf-8")
    assert [(each.line, each.role) for each in read(path)[1]][:2] == [(1, "user"), (1, "host")]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"hello\n", "no session"),
        (b"{}\n[]\n", "no session"),
        (b'{"id": "ses_9", "time": {}}', "ses_9"),
        (b"SQLite format 3\0" + bytes(range(256)) * 50, "no session"),
        (b'{"type":"message","id":"1","message":{"role":"user","content":"x"}}\n', "no session"),
    ],
)
def test_a_file_of_no_known_form_is_refused_in_one_line(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match=word) as refused:
        detect(path)
    assert "\n" not in str(refused.value) and str(path) in str(refused.value)


def test_what_is_no_file_is_refused_in_one_line(tmp_path: Path) -> None:
    for path, word in (
        (tmp_path, "folder"),
        (tmp_path / "gone", "No such file"),
        (Path("/with\0zero"), "no path"),
    ):
        with pytest.raises(ImportRefused, match=word):
            detect(path)
