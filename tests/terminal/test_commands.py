"""The commands as scripts use them: output, exit codes, and what goes to the host."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_host import SESSION, Params, Refusal, ScriptedHost, session_info

from cairn_memory.places import Workspace
from cairn_server import __version__, cli

Cairn = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cairn(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cairn:
    """Runs a command in the workspace: exit code, stdout, stderr."""
    monkeypatch.chdir(workspace.root)

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = cli.main(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        out, complaint = capsys.readouterr()
        return code, out, complaint

    return run


def rests(host: ScriptedHost, state: str, **more: Any) -> None:
    """The next run comes to rest in `state`."""

    def play(params: Params) -> None:
        host.emit("session.state", state="running")
        host.emit("model.replied", step=1, text="All well.", totals={"prompt": 10, "completion": 2})
        host.emit("session.state", state=state, **more)

    host.after["cairn/run/start"] = host.after["cairn/run/resume"] = play


@pytest.mark.parametrize(
    ("state", "code"), [("done", 0), ("failed", 1), ("waiting", 3), ("budget", 4), ("interrupted", 130)]
)
@pytest.mark.parametrize("command", [("run", "do it"), ("resume",)])
def test_the_exit_code_of_a_run_says_how_it_came_to_rest(
    host: ScriptedHost, cairn: Cairn, command: tuple[str, ...], state: str, code: int
) -> None:
    rests(host, state, reason="because")
    assert cairn(*command)[0] == code


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run",),
        ("run", ""),
        ("run", "x", "--mode", "destroy"),
        ("run", "x", "--window", "-5"),
        ("run", "x", "--unheard-of"),
        ("show",),
        ("show", "nosuch"),
        ("attach", "nosuch"),
        ("--cwd", "/no/such/folder", "status"),
        (),
    ],
)
def test_bad_usage_is_told_in_one_line_on_stderr(
    host: ScriptedHost, cairn: Cairn, arguments: tuple[str, ...]
) -> None:
    code, out, complaint = cairn(*arguments)
    assert (code, out) == (2, "")
    assert complaint.startswith("cairn: ") and complaint.count("\n") == 1


def test_a_refusal_of_the_host_is_usage_and_a_failure_inside_it_is_not(
    host: ScriptedHost, cairn: Cairn
) -> None:
    def refuse(params: Params) -> None:
        raise Refusal("no session \x1b[31m'zz'")

    host.answers["cairn/run/resume"] = refuse
    assert cairn("resume", "zz") == (2, "", "cairn: no session ␛[31m'zz'\n")


def test_json_prints_the_events_as_they_come_over_the_wire_and_nothing_else(
    host: ScriptedHost, cairn: Cairn
) -> None:
    rests(host, "done")
    code, out, complaint = cairn("run", "do it", "--json", "--yes")
    assert [json.loads(line) for line in out.splitlines()] == host.events
    assert (code, complaint, host.events[-1]["kind"]) == (0, "", "session.state")


def test_flags_win_over_the_environment(
    host: ScriptedHost, cairn: Cairn, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("CAIRN_MODEL", "env"),
        ("OPENAI_BASE_URL", "http://env/v1"),
        ("OPENAI_API_KEY", "k"),
    ):
        monkeypatch.setenv(name, value)
    rests(host, "done")
    cairn(
        "run", "do it", "--model", "flag", "--window", "9000", "--max-steps", "7", "--mode", "plan", "--yes"
    )
    assert host.called("cairn/run/start") == {
        "prompt": "do it",
        "mode": "plan",
        "root": str(workspace.root),
        "settings": {
            "model": "flag",
            "base_url": "http://env/v1",
            "api_key": "k",
            "window": 9000,
            "max_steps": 7,
            "approve_all": True,
        },
    }


def test_a_prompt_can_come_from_stdin(host: ScriptedHost, workspace: Workspace) -> None:
    rests(host, "done")
    command = [sys.executable, "-m", "cairn_server.cli", "run", "-", "--json"]
    subprocess.run(
        command, cwd=workspace.root, input=b"from a pipe", check=True, timeout=30, capture_output=True
    )
    assert host.called("cairn/run/start")["prompt"] == "from a pipe"


def test_a_scripted_run_that_is_asked_a_question_ends_with_3_and_says_how_to_answer(
    host: ScriptedHost, cairn: Cairn
) -> None:
    def ask(params: Params) -> None:
        host.emit(
            "approval.requested", id="a1", call="c1", name="bash", title="bash rm x", detail="rm x", grant=""
        )
        host.emit("session.state", state="waiting", cause="approval", reason="needs your answer: bash rm x")

    host.after["cairn/run/start"] = ask
    code, out, complaint = cairn("run", "do it", "--json")
    assert code == 3 and "cairn attach" in complaint and SESSION in complaint
    assert json.loads(out.splitlines()[-1])["payload"]["state"] == "waiting"
    assert host.called("cairn/events/subscribe")["answers"] is False


def waits(host: ScriptedHost) -> None:
    """The session has come to a question that nobody has answered."""
    host.emit("approval.requested", id="a0", call="c0", name="bash", title="bash ls")
    host.emit("approval.answered", id="a0", decision="allow")
    host.emit("approval.requested", id="a1", call="c1", name="edit", title="edit a.py", detail="-old\n+new")
    host.emit("session.state", state="waiting", cause="approval", reason="needs your answer: edit a.py")
    host.sessions = [session_info(state="waiting", reason="needs your answer: edit a.py")]
    question = {
        "id": "a1",
        "session": SESSION,
        "call": "c1",
        "name": "edit",
        "title": "edit a.py",
        "grant": "",
    }
    host.answers["cairn/approval/list"] = lambda params: {"approvals": [question]}


@pytest.mark.parametrize("command", ["resume", "attach"])
def test_a_script_that_takes_up_a_session_that_waits_gets_the_question_and_the_state(
    host: ScriptedHost, cairn: Cairn, command: str
) -> None:
    waits(host)
    code, out, complaint = cairn(command, SESSION, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 3 and f"cairn attach {SESSION}" in complaint
    assert lines == (host.events if command == "attach" else host.events[-2:])


def test_a_script_that_attaches_to_a_session_at_rest_gets_its_state(host: ScriptedHost, cairn: Cairn) -> None:
    host.sessions = [session_info(state="failed")]
    host.emit("session.state", state="failed", reason="no model")
    code, out, _ = cairn("attach", "--json")
    assert code == 1 and [json.loads(line) for line in out.splitlines()] == host.events


def test_a_question_that_was_open_already_is_shown_with_what_it_is_about(
    host: ScriptedHost, cairn: Cairn
) -> None:
    waits(host)
    code, out, _ = cairn("resume")
    assert code == 3 and "? edit a.py" in out and "+new" in out and "bash ls" not in out


def test_yes_answers_a_question_that_was_open_already(host: ScriptedHost, cairn: Cairn) -> None:
    host.emit("approval.requested", id="a1", call="c1", name="bash", title="bash rm x")
    host.sessions = [session_info(state="waiting")]
    question = {
        "id": "a1",
        "session": SESSION,
        "call": "c1",
        "name": "bash",
        "title": "bash rm x",
        "grant": "",
    }
    host.answers["cairn/approval/list"] = lambda params: {"approvals": [question]}

    def go_on(params: Params) -> None:
        host.emit("approval.answered", id="a1", decision="allow")
        host.emit("session.state", state="running")
        host.emit("session.state", state="done")

    host.after["cairn/approval/answer"] = go_on
    assert cairn("resume", "--yes")[0] == 0
    assert host.called("cairn/approval/answer") == {"id": "a1", "decision": "allow", "words": ""}


def test_a_run_of_another_session_is_not_shown(host: ScriptedHost, cairn: Cairn) -> None:
    def play(params: Params) -> None:
        host.emit("session.state", session="other", state="failed")
        host.emit("session.state", state="done")

    host.after["cairn/run/start"] = play
    code, out, _ = cairn("run", "do it", "--json")
    assert code == 0 and [json.loads(line)["session"] for line in out.splitlines()] == [SESSION]


def test_attach_to_a_session_at_rest_shows_its_end_and_returns_its_code(
    host: ScriptedHost, cairn: Cairn
) -> None:
    host.sessions = [session_info(state="budget")]
    for step in range(1, 100):
        host.emit("tool.finished", call=f"c{step}", name="bash", summary=f"summary {step}")
    host.emit("session.state", state="budget", reason="5 steps are spent")
    code, out, _ = cairn("attach", SESSION[:8])
    assert code == 4
    assert "summary 99" in out and "summary 9\n" not in out and "cairn show" in out
    assert f"cairn resume {SESSION}" in out


def test_status_starts_no_host(cairn: Cairn, workspace: Workspace) -> None:
    assert cairn("status") == (0, f"no host runs for {workspace.home}\n", "")
    assert json.loads(cairn("status", "--json")[1]) == {"running": False, "workspace": str(workspace.home)}
    assert not workspace.local.exists()


def test_status_says_what_waits_and_how_to_answer(host: ScriptedHost, cairn: Cairn) -> None:
    host.sessions = [session_info(state="waiting", reason="needs your answer: bash make")]
    out = cairn("status")[1]
    assert "61 MB" in out and f"cairn attach {SESSION}" in out and "needs your answer: bash make" in out
    found = json.loads(cairn("status", "--json")[1])
    assert found["running"] is True and found["sessions"][0]["session"] == SESSION


def test_sessions_go_through_a_pipe_as_tabs(host: ScriptedHost, cairn: Cairn) -> None:
    host.sessions = [session_info(goal="one\ttwo\n\x1b]0;three"), session_info(session="s2", state="done")]
    lines = cairn("sessions")[1].splitlines()
    assert [line.split("\t")[:2] for line in lines] == [[SESSION, "running"], ["s2", "done"]]
    assert lines[0].endswith("one two ␛]0;three")
    assert [each["session"] for each in json.loads(cairn("sessions", "--json")[1])] == [SESSION, "s2"]


def test_show_prints_all_pages_of_a_session(host: ScriptedHost, cairn: Cairn) -> None:
    host.sessions = [session_info(state="done")]
    for number in range(1_203):
        host.emit("note.added", text=str(number))
    lines = cairn("show", SESSION, "--json")[1].splitlines()
    assert [json.loads(line) for line in lines] == host.events


def test_show_as_replay_prints_the_file_byte_for_byte(host: ScriptedHost, cairn: Cairn) -> None:
    host.sessions = [session_info()]
    text = '{"cairn_replay": 1}\n{"text": "ü \\u001b"}\n'
    host.answers["cairn/session/replay"] = lambda params: {"text": text}
    assert cairn("show", SESSION, "--as-replay") == (0, text, "")


def test_stop_interrupts_one_session_or_ends_the_host(host: ScriptedHost, cairn: Cairn) -> None:
    assert cairn("stop", SESSION)[0] == 0
    assert host.called("cairn/run/interrupt") == {"session": SESSION}
    host.answers["cairn/host/stop"] = lambda params: {
        "stopped": False,
        "running": [SESSION],
        "background": [],
    }
    code, _, complaint = cairn("stop", "--host")
    assert code == 1 and SESSION in complaint and "--force" in complaint
    host.answers["cairn/host/stop"] = lambda params: {
        "stopped": True,
        "running": [],
        "background": [f"{SESSION}/1.0"],
    }
    host.after["cairn/host/stop"] = lambda params: host.stop()
    assert cairn("stop", "--force") == (0, f"stopped; ended in the background: {SESSION}/1.0\n", "")
    assert [params for method, params in host.calls if method == "cairn/host/stop"] == [
        {"force": False},
        {"force": True},
    ]


def test_config_says_where_each_setting_comes_from(host: ScriptedHost, cairn: Cairn) -> None:
    host.answers["cairn/host/config"] = lambda params: {
        "effective": {"mode": "build", "model": {"name": "m1"}},
        "origins": {"mode": "built-in", "model.name": "CAIRN_MODEL"},
        "files": ["/home/u/config.toml"],
        "problems": ["config.toml: model.nam: no such key; did you mean name?"],
    }
    code, out, complaint = cairn("config")
    assert code == 0 and [line.split() for line in out.splitlines()] == [
        ["mode", "=", '"build"', "#", "built-in"],
        ["model.name", "=", '"m1"', "#", "CAIRN_MODEL"],
    ]
    assert complaint == "cairn: config.toml: model.nam: no such key; did you mean name?\n"


def test_config_finds_its_files_without_a_host(cairn: Cairn, workspace: Workspace, cairn_home: Path) -> None:
    assert cairn("config", "--path")[1].splitlines() == [
        str(cairn_home / "config.toml"),
        str(workspace.config),
    ]
    assert json.loads(cairn("config", "--schema")[1])["properties"]["model"]


def test_the_version_is_told(cairn: Cairn) -> None:
    assert cairn("--version") == (0, f"cairn {__version__}\n", "")


def test_status_loads_no_library_that_is_slow_to_load(host: ScriptedHost, workspace: Workspace) -> None:
    script = """
import sys
from cairn_server.cli import main
main(["status"]); main(["sessions", "--json"])
heavy = ("pydantic", "aiosqlite", "openai", "pygls", "lsprotocol", "jsonrpcserver", "rich", "asyncio", "platformdirs",
         "dataclasses", "inspect", "tempfile", "subprocess", "hashlib", "cairn_agents", "cairn_memory.events")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    command = [sys.executable, "-c", script]
    ended = subprocess.run(
        command, cwd=workspace.root, capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stderr == "[]\n"


def test_a_reader_that_has_enough_ends_the_command_quietly(host: ScriptedHost, workspace: Workspace) -> None:
    host.sessions = [session_info(state="done")]
    for number in range(5_000):
        host.emit("note.added", text=str(number) * 50)
    command = f"{sys.executable} -m cairn_server.cli show {SESSION} --json | head -n 1"
    ended = subprocess.run(
        command, check=False, shell=True, cwd=workspace.root, capture_output=True, text=True, timeout=30
    )
    assert ended.stdout.count("\n") == 1 and ended.stderr == ""


def test_a_fault_of_the_client_is_one_line_and_a_traceback_on_demand(
    cairn: Cairn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> int:
        raise KeyError("a\nfault")

    monkeypatch.setitem(cli.COMMANDS, "status", fail)
    code, out, complaint = cairn("status")
    assert (code, out, complaint.count("\n")) == (1, "", 1)
    assert "KeyError" in complaint and "CAIRN_DEBUG=1" in complaint
    monkeypatch.setenv("CAIRN_DEBUG", "1")
    with pytest.raises(KeyError):
        cairn("status")
