"""`cairn memory where, export, import, delete, expire` and `cairn doctor --redact`: what is asked, what is told."""

import io
import json
from pathlib import Path

import pytest
from scripted_host import SESSION, Params, Refusal, ScriptedHost

from cairn_memory.places import Workspace
from cairn_server import cli

PROOF: Params = {"files": 12, "bytes": 4_200, "sought": 9, "hits": [], "unreadable": []}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    out, complaint = capsys.readouterr()
    return code, out, complaint


@pytest.fixture
def asked(
    host: ScriptedHost, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, Params]]:
    """What was asked of the host, in order. It has one session, and finds a text in what it proved only for `everything`."""
    monkeypatch.chdir(workspace.root)
    calls: list[tuple[str, Params]] = []
    host.sessions = [{"session": SESSION, "goal": "Mend the\nlamp\x1b[31m", "state": "done"}]

    def answering(verb: str, result: Params) -> None:
        def answer(params: Params) -> Params:
            calls.append((verb, params))
            return result

        host.answers[f"cairn/memory/{verb}"] = answer

    def delete(params: Params) -> Params:
        calls.append(("delete", params))
        hits = ["/somewhere/left\n"] if params["what"] == "everything" else []
        proof = PROOF | {"hits": hits}
        found = {"what": params["what"], "session": params.get("session") or "", "proof": proof}
        return {"events": 1_234, "blobs": 5, "files": 6} | found

    thing = {"name": "log", "path": "/p/.cairn/local/cairn.db", "holds": "everything said", "files": 3, "bytes": 4_200_000,
             "readers": "you", "committed": False, "scope": "project", "whole": True}  # fmt: skip
    host.answers["cairn/memory/delete"] = delete
    answering("where", {"things": [thing], "enabled": True, "keep_days": 30, "keep_mb": 0, "remember": "ask"})
    answering("export", {"path": "/x/out", "session": SESSION, "events": 3, "blobs": 1, "files": 0, "bytes": 950,
                         "missing": []})  # fmt: skip
    answering("import", {"sessions": {"a": "a", "b": "b-1"}, "present": ["c"], "events": 7, "files": 1,
                         "left": ["project/MEMORY.md"], "claims": []})  # fmt: skip
    answering("expire", {"sessions": ["old"], "events": 3, "checkpoints": 0, "orphans": 2})
    answering("redact", {"events": 2, "blobs": 1, "files": 0, "memory_files": 0, "skipped": ["odd"]})
    return calls


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Sits at the terminal; what they type is read from here."""
    typed = io.StringIO()
    monkeypatch.setattr("cairn_server.terminal.memory.asking.has_person", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    return typed


def types(person: io.StringIO, text: str) -> None:
    person.seek(0)
    person.truncate()
    person.write(text)
    person.seek(0)


def test_where_says_what_how_much_who_may_read_it_and_for_how_long(
    asked: list[tuple[str, Params]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, complaint = run(capsys, "memory", "where")
    assert (code, complaint) == (0, "")
    assert out.splitlines() == [
        "WHAT\tSIZE\tFILES\tREADERS\tGIT\tWHERE",
        "log\t4.2 MB\t3\tyou\tno\t/p/.cairn/local/cairn.db  (everything said)",
        "retention: a session at rest goes after 30 days",
        "memory: on; what the agent would have remembered: ask",
    ]
    assert json.loads(run(capsys, "memory", "where", "--json")[1])["keep_days"] == 30


def test_an_export_names_its_file_absolutely(
    asked: list[tuple[str, Params]], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "memory", "export", SESSION, "out")
    assert (code, out) == (0, f"session {SESSION} is in /x/out: 3 events, 1 blob, 0 memory files, 950 B\n")
    run(capsys, "memory", "export", "all")
    assert asked == [
        ("export", {"path": str(workspace.root / "out"), "session": SESSION}),
        ("export", {"path": str(workspace.root / "all"), "session": None}),
    ]


def test_an_archive_is_taken_in_without_a_question(
    asked: list[tuple[str, Params]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a.cairn"
    archive.write_bytes(b"PK\x03\x04")
    code, out, _ = run(capsys, "memory", "import", str(archive))
    assert asked == [("import", {"path": str(archive)})]
    assert code == 0
    assert out.splitlines() == [
        "a",
        "b-1  (b in the archive)",
        "2 sessions, 7 events, 1 memory file came",
        "1 session were here already",
        "  left out, since there is one here: project/MEMORY.md",
    ]


def test_a_memory_file_is_merged_after_a_yes(
    asked: list[tuple[str, Params]], tmp_path: Path, person: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "MEMORY.md"
    file.write_text("## Rules\n\n- no tabs\n")
    types(person, "n\n")
    code, _, complaint = run(capsys, "memory", "import", str(file))
    assert (code, asked) == (1, [])
    assert complaint.endswith("cairn: not confirmed; nothing was changed\n")
    types(person, "y\n")
    assert run(capsys, "memory", "import", str(file), "--user")[0] == 0
    assert asked == [("import", {"path": str(file), "merge": "user"})]


def test_a_deletion_asks_first_and_tells_its_proof(
    asked: list[tuple[str, Params]], person: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    types(person, "\n")
    assert run(capsys, "memory", "delete", "session", SESSION)[0] == 1
    assert asked == []
    types(person, "yes\n")
    code, out, question = run(capsys, "memory", "delete", "session", SESSION[:8])
    assert question.startswith(f"Delete session {SESSION} (Mend the lamp␛[31m) with all that belongs to it?")
    assert asked == [("delete", {"what": "session", "session": SESSION})]
    assert (code, out.splitlines()) == (
        0,
        [
            f"deleted session {SESSION}: 1,234 events, 5 blobs, 6 files",
            "proof: 9 texts of it sought in 12 files (4.2 kB): 0 hits",
        ],
    )


def test_a_hit_that_is_left_is_named_and_fails(
    asked: list[tuple[str, Params]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, complaint = run(capsys, "memory", "delete", "everything", "--yes")
    assert code == 1
    assert out.endswith(": 1 hit\n")
    assert complaint == "cairn: /somewhere/left still holds some of it\n"
    assert run(capsys, "memory", "delete", "everything", "--yes", "--json")[0] == 1


def test_what_went_and_what_was_masked_is_told(
    asked: list[tuple[str, Params]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "memory", "expire")
    assert out.splitlines() == [
        "old",
        "1 sessions went, the content of 0 old checkpoints, and 2 blobs that nothing pointed at",
    ]
    code, out, complaint = run(capsys, "doctor", "--redact")
    assert (code, out) == (0, "secrets were masked in 2 events, 1 blobs, 0 files, 0 memory files\n")
    assert complaint == "cairn: odd is no text or too large, and was not looked into\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("delete",),
        ("delete", "session"),
        ("delete", "session", SESSION),
        ("delete", "session", "nobody", "--yes"),
        ("delete", "project", "T1", "--yes"),
        ("delete", "universe"),
        ("export",),
        ("import",),
        ("import", "/nowhere/at/all"),
        ("where", "else"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_told_in_one_line_and_nothing_is_done(
    asked: list[tuple[str, Params]], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, complaint = run(capsys, "memory", *arguments)
    assert (code, out, asked) == (2, "", [])
    assert complaint.startswith("cairn: ") and complaint.count("\n") == 1


def test_a_refusal_of_the_host_is_one_line(
    host: ScriptedHost, asked: list[tuple[str, Params]], capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(params: Params) -> Params:
        raise Refusal("session s is at work")

    host.answers["cairn/memory/delete"] = refuse
    code, _, complaint = run(capsys, "memory", "delete", "project", "--yes")
    assert (code, complaint) == (2, "cairn: session s is at work\n")
