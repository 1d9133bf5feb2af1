"""`cairn memory`, `tasks`, `window` and the rest, as a person and a script use them, through a real host."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_ending import end_host

from cairn_memory.places import Workspace
from cairn_server import cli

Cairn = Callable[..., tuple[int, str, str]]
SESSION = [
    {"role": "user", "content": "Paint the gate green; never touch the well."},
    {"role": "assistant", "content": "The gate in garden/gate.py is green."},
    {"role": "user", "content": "Now the fence, in blue."},
    {"role": "assistant", "content": "The fence is blue."},
]


@pytest.fixture
def cairn(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cairn]:
    """Runs a command in the workspace: exit code, stdout, stderr. Its host ends with the test."""
    try:
        yield _in_workspace(workspace, monkeypatch, capsys)
    finally:
        end_host(workspace.root)


@pytest.fixture(scope="module")
def unused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Path]]:
    """A workspace and a home in which nothing is remembered, for commands that change nothing."""
    base = tmp_path_factory.mktemp("unused")
    (base / "project").mkdir()
    yield Workspace.of(base / "project"), base / "home"
    end_host(base / "project")


@pytest.fixture
def refusing(
    unused: tuple[Workspace, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cairn:
    """Runs a command there. All of them have one host: it costs a second."""
    workspace, home = unused
    monkeypatch.setenv("CAIRN_HOME", str(home))
    return _in_workspace(workspace, monkeypatch, capsys)


def _in_workspace(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cairn:
    monkeypatch.chdir(workspace.root)
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, complaint = capsys.readouterr()
        return code, out, complaint

    return run


def as_json(cairn: Cairn, *arguments: str) -> Any:
    code, out, complaint = cairn(*arguments, "--json")
    assert (code, complaint) == (0, "")
    return json.loads(out)


def remembered(cairn: Cairn, text: str, *options: str) -> str:
    """The id of a claim that is remembered now."""
    return as_json(cairn, "memory", "remember", text, *options)["claim"]["id"]


@pytest.fixture
def imported(cairn: Cairn, tmp_path: Path) -> str:
    """A session of four lines."""
    file = tmp_path / "session.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in SESSION))
    return as_json(cairn, "sessions", "import", str(file))[0]["session"]


# --- claims -------------------------------------------------------------------------------


def test_what_is_remembered_is_listed_shown_forgotten_and_brought_back(
    cairn: Cairn, workspace: Workspace
) -> None:
    assert cairn("memory") == (0, "nothing is remembered yet; cairn memory remember TEXT begins\n", "")
    rule = remembered(cairn, "Never touch the well.", "--kind", "rule")
    fact = remembered(cairn, "the gate is green", "--user")
    assert cairn("memory")[1].splitlines() == [
        f"{rule}\tproject\trule\tNever touch the well.",
        f"{fact}\tuser\tfact\tthe gate is green",
    ]
    assert cairn("memory", "list", "--scope", "user")[1].startswith(fact)
    code, out, about = cairn("memory", "show", rule[:4])
    assert (code, out) == (0, "Never touch the well.\n")
    assert "project/MEMORY.md line" in about and "by the user" in about
    assert cairn("memory", "forget", rule)[0] == 0
    assert rule not in cairn("memory")[1]
    assert (
        f"{rule}\tproject\trule\tNever touch the well.  (no longer: forgotten)"
        in cairn("memory", "list", "--all")[1]
    )
    assert cairn("memory", "undo")[1].splitlines()[-1].startswith("project/MEMORY.md is back to version 1")
    assert "Never touch the well." in (workspace.folder / "MEMORY.md").read_text()
    assert rule in cairn("memory")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("memory", "forget", "c99"),
        ("memory", "show", "e999"),
        ("memory", "show", "nothing"),
        ("memory", "show", "project#Nowhere"),
        ("memory", "remember", "?!"),
        ("memory", "accept", "c99"),
        ("memory", "undo", "project", "7"),
        ("memory", "diff", "7"),
        ("memory", "log", "elsewhere"),
        ("memory", "edit"),
        ("memory", "search"),
        ("memory", "search", "x", "--batch", "y"),
        ("memory", "search", "--batch", "no/such/file"),
        ("memory", "search", "x", "--session", "nobody"),
        ("memory", "search", "x", "--scope", "project"),
        ("memory", "frobnicate"),
        ("task",),
        ("task", "T9"),
        ("task", "T9", "done"),
        ("task", "T9", "fly"),
        ("window", "nobody", "--tokens", "500"),
        ("window", "nobody"),
        ("window", "nobody", "--tokens", "500", "--at", "line:x"),
        ("checkpoints", "nobody"),
        ("checkpoint",),
        ("rebuild", "nobody"),
        ("show", "nobody", "--receipts"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_told_in_one_line_on_stderr(
    refusing: Cairn, arguments: tuple[str, ...]
) -> None:
    code, out, complaint = refusing(*arguments)
    assert (code, out) == (2, "")
    assert complaint.startswith("cairn: ") and complaint.count("\n") == 1


def test_an_edit_in_the_users_editor_counts_at_once_and_is_told(
    cairn: Cairn, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "my editor.py"
    script.write_text("import sys; open(sys.argv[1], 'a').write('\\n## Rules\\n\\n- mind the gap\\n')")
    monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}'")
    code, out, complaint = cairn("memory", "edit", "project")
    assert (code, complaint) == (0, "")
    assert "+- mind the gap" in out and "version 1; cairn memory undo project/MEMORY.md goes back" in out
    assert "rule\tmind the gap" in cairn("memory")[1]
    monkeypatch.setenv("EDITOR", f"{sys.executable} -c pass")
    assert cairn("memory", "edit", "project") == (
        0,
        f"{workspace.folder / 'MEMORY.md'}: nothing was changed\n",
        "",
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} -c exit(3)")
    assert cairn("memory", "edit")[0] == 1
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    assert cairn("memory", "edit")[0] == 2


def test_every_version_of_a_file_can_be_looked_at(cairn: Cairn, workspace: Workspace) -> None:
    remembered(cairn, "one")
    remembered(cairn, "two")
    with (workspace.folder / "MEMORY.md").open("a") as file:
        file.write("- three by hand\n")
    log = as_json(cairn, "memory", "log")
    assert [(each["number"], each["reason"]) for each in log["versions"]] == [
        (1, "remember: one"),
        (2, "remember: two"),
        (3, "edited by hand"),
    ]
    assert cairn("memory", "log")[1].splitlines()[0].startswith("3\tjust now\tuser\tedited by hand")
    assert "+- three by hand" in cairn("memory", "diff")[1]
    since_one = cairn("memory", "diff", "1")[1]
    assert "+- two" in since_one and "+- three by hand" in since_one
    assert "+- one" in cairn("memory", "diff", "project", "0", "1")[1]
    assert "say the same" in cairn("memory", "diff", "2", "2")[1]
    files = as_json(cairn, "memory", "files")["files"]
    assert [(each["name"], each["version"]) for each in files[:2]] == [
        ("project/MEMORY.md", 3),
        ("user/MEMORY.md", 0),
    ]


def test_doctor_names_what_is_amiss_and_what_to_do(cairn: Cairn, workspace: Workspace) -> None:
    gone = remembered(cairn, "the tests live in tests/unit/test_gone.py")
    twice = [remembered(cairn, "Mind the gap", *more) for more in ((), ("--user",))]
    code, out, _ = cairn("memory", "doctor")
    assert code == 0
    assert f"warn  {gone} names tests/unit/test_gone.py, which is not there" in out
    assert f"warn  said twice: {twice[0]} (project" in out
    assert "ok    the search index holds everything" in out
    (workspace.folder / "MEMORY.md").write_bytes(b"# Memory\n\xff\xfe\n")
    code, out, _ = cairn("memory", "doctor")
    assert code == 1 and "MEMORY.md is no UTF-8" in out


# --- search -------------------------------------------------------------------------------

HIT = {"event", "line", "session", "kind", "who", "score", "snippet", "ref", "title", "time"}


def test_a_search_for_scripts_has_exactly_these_fields(cairn: Cairn, imported: str) -> None:
    found = as_json(cairn, "memory", "search", "the", "fence", "--scope", "history", "--limit", "2")
    assert set(found) == {"query", "hits", "problems"}
    assert found["query"] == "the fence" and len(found["hits"]) == 2 and found["problems"] == []
    assert all(set(hit) == HIT for hit in found["hits"])
    assert {hit["session"] for hit in found["hits"]} == {imported}
    assert {hit["line"] for hit in found["hits"]} == {3, 4}


def test_a_batch_gives_one_json_line_a_query_in_their_order(
    cairn: Cairn, imported: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered(cairn, "the well is deep")
    queries = ["fence", "", "the well", *(f"gate {number}" for number in range(120)), "x" * 3_000]
    file = tmp_path / "queries"
    file.write_text("\n".join(queries) + "\n", encoding="utf-8")
    arguments = ("memory", "search", "--json", "--scope", "all", "--limit", "1", "--batch")
    code, out, complaint = cairn(*arguments, str(file))
    assert (code, complaint) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["query"] for line in lines] == queries
    assert [len(line["hits"]) for line in lines[:4]] == [1, 0, 1, 1]
    assert lines[2]["hits"][0]["kind"] == "claim"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"gate\r\nfence")))
    assert [json.loads(line)["query"] for line in cairn(*arguments, "-")[1].splitlines()] == ["gate", "fence"]


def test_a_search_keeps_to_its_scope_and_its_session(cairn: Cairn, imported: str) -> None:
    remembered(cairn, "the gate squeaks")

    def kinds(*options: str) -> set[str]:
        return {hit["kind"] for hit in as_json(cairn, "memory", "search", "gate", *options)["hits"]}

    assert kinds("--scope", "memory") == {"claim"}
    assert "claim" not in kinds("--scope", "history") and kinds("--scope", "history")
    assert "claim" not in kinds("--session", imported)
    assert cairn("memory", "search", "no such word at all xyzzy", "--literal")[1] == "nothing was found\n"
    assert cairn("memory", "search", "gate.py is", "--literal")[1].startswith("e")


def test_the_index_can_be_made_anew(cairn: Cairn, imported: str) -> None:
    assert as_json(cairn, "memory", "reindex")["problem"] == ""
    assert as_json(cairn, "memory", "search", "fence")["hits"]


# --- windows and checkpoints --------------------------------------------------------------


def test_a_window_for_scripts_has_exactly_these_fields(cairn: Cairn, imported: str) -> None:
    remembered(cairn, "Never touch the well.", "--kind", "rule")
    found = as_json(cairn, "window", imported, "--at", "line:2", "--tokens", "700", "--facts-only")
    assert set(found) == {"session", "at", "tokens", "text", "receipt"}
    assert found["session"] == imported and 0 < found["tokens"] <= 700
    assert "Paint the gate green" in found["text"] and "fence" not in found["text"]
    assert "Never touch the well." in found["text"]
    assert {"budget", "tokens", "standing", "items"} <= set(found["receipt"])
    assert "rules" in {item["section"] for item in found["receipt"]["items"]}
    same = as_json(cairn, "window", imported, "--at", str(found["at"]), "--tokens", "700", "--facts-only")
    assert same["text"] == found["text"]
    code, out, receipt = cairn("window", imported, "--tokens", "700")
    assert code == 0 and "Now the fence, in blue." in out and "of 700 tokens" in receipt


def test_checkpoints_are_made_listed_and_printed(cairn: Cairn, imported: str) -> None:
    assert "has no checkpoint yet" in cairn("checkpoints", imported)[1]
    assert "checkpoint 1 · up to e" in cairn("checkpoint", imported)[1]
    (made,) = as_json(cairn, "checkpoints", imported)["checkpoints"]
    assert (made["number"], made["judged"], made["dropped"]) == (1, False, [])
    assert "Now the fence, in blue." in cairn("memory", "show", f"{imported}/checkpoint.md")[1]
    assert "Now the fence, in blue." in cairn("memory", "show", "checkpoint#Intent")[1]
    assert "rests: its window is rebuilt when it goes on" in cairn("rebuild", imported)[1]
    assert as_json(cairn, "show", imported, "--receipts") == []


# --- tasks --------------------------------------------------------------------------------


def test_a_person_adds_changes_and_finishes_tasks(cairn: Cairn) -> None:
    assert "no tasks yet" in cairn("tasks")[1]
    assert cairn("task", "--add", "Paint the garden")[1] == "[ ] T1 Paint the garden\n"
    cairn("task", "--add", "Paint the gate", "--under", "T1")
    assert (
        cairn("task", "t1.1", "block", "waits", "for", "paint")[1]
        == "[!] T1.1 Paint the gate (blocked; waits for paint)\n"
    )
    code, out, complaint = cairn("task", "T1", "done")
    assert (code, out) == (2, "") and "below it T1.1" in complaint
    cairn("task", "T1.1", "start")
    assert cairn("task", "T1.1", "done")[1].startswith("[x] T1.1 Paint the gate (done; e")
    assert cairn("task", "T1", "--title", "Paint it all")[0] == 0
    assert cairn("tasks")[1].splitlines()[0] == "- [ ] T1 Paint it all"
    assert cairn("tasks")[1].splitlines()[1].startswith("  - [x] T1.1")
    cairn("task", "T1", "abandon", "no", "more", "paint")
    found = as_json(cairn, "tasks")
    assert [(each["id"], each["state"], each["by"]) for each in found] == [
        ("T1", "abandoned", "user"),
        ("T1.1", "done", "user"),
    ]


def test_the_users_word_that_a_task_is_done_is_the_event_that_shows_it(cairn: Cairn) -> None:
    cairn("task", "--add", "Ring the bell")
    (task,) = as_json(cairn, "task", "T1", "done")
    (event,) = task["evidence"]
    assert cairn("memory", "show", f"e{event}")[1] == "The user says that T1 is done: Ring the bell\n"
    code, _, complaint = cairn("task", "T1", "reopen")
    assert (code, complaint) == (0, "")
    code, _, complaint = cairn("task", "T1", "done", "--evidence", "e1")
    assert code == 2 and "e1 is no finished call" in complaint


def test_the_commands_load_nothing_heavy(workspace: Workspace) -> None:
    """The terminal client starts quickly: no pydantic, no rich, no database."""
    import subprocess

    code = (
        "import sys; from cairn_server.terminal.arguments import parse; parse(['memory', 'search', 'x']);"
        "import cairn_server.cli, cairn_server.terminal.memory.command, cairn_server.terminal.memory.searching,"
        "cairn_server.terminal.memory.claims, cairn_server.terminal.memory.files, cairn_server.terminal.window,"
        "cairn_server.terminal.tasks, cairn_server.terminal.checkpoints;"
        "print([name for name in ('pydantic', 'rich', 'sqlite3', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env=os.environ
    )
    assert done.stdout == "[]\n"
