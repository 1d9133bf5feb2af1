"""A person at a terminal: questions, interruptions, words in mid-run, and the prompt."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, pseudo_terminal
from scripted_host import SESSION, Params, Refusal, ScriptedHost, session_info

from cairn_memory.places import Workspace

Sit = Callable[..., PseudoTerminal]


@pytest.fixture
def sit(workspace: Workspace) -> Iterator[Sit]:
    """Starts `cairn ARGUMENTS` in a terminal in the workspace."""
    with ExitStack() as stack:

        def start(*arguments: str, **variables: str) -> PseudoTerminal:
            command = ("-m", "cairn_server.cli", *arguments)
            return stack.enter_context(pseudo_terminal(*command, folder=workspace.root, variables=variables))

        yield start


def ask(host: ScriptedHost, number: int = 1) -> None:
    host.emit(
        "approval.requested",
        id=f"a{number}",
        call=f"c{number}",
        name="bash",
        title=f"bash rm file{number}",
        detail=f"rm file{number}",
        reason="it removes a file",
        grant="bash rm *",
    )
    host.emit("session.state", state="waiting", cause="approval", reason="needs your answer")


def go_on(host: ScriptedHost) -> Callable[[Params], None]:
    """What a host does with an answer: it notes it and finishes."""

    def play(params: Params) -> None:
        host.emit("approval.answered", id=params["id"], decision=params["decision"], words=params["words"])
        host.emit("session.state", state="running")
        host.emit("session.state", state="done")

    return play


@pytest.fixture(params=[{}, {"NO_COLOR": "1"}], ids=["live", "plain"])
def looks(request: pytest.FixtureRequest) -> dict[str, str]:
    """A terminal that can be drawn on, and one that shall not be."""
    return dict(request.param)


@pytest.mark.parametrize(
    ("key", "effect", "words", "decision"),
    [
        ("y", "allowed once", "", "allow"),
        ("s", "allowed for this session", "", "session"),
        ("n", "What shall it do instead?", "use trash", "deny"),
        ("n", "What shall it do instead?", "", "deny"),
    ],
)
def test_a_key_answers_a_question(
    host: ScriptedHost, sit: Sit, looks: dict[str, str], key: str, effect: str, words: str, decision: str
) -> None:
    host.after["cairn/run/start"] = lambda params: ask(host)
    host.after["cairn/approval/answer"] = go_on(host)
    terminal = sit("run", "clean up", **looks)
    terminal.wait_for("it removes a file")
    terminal.wait_for("[s] this session (bash rm *)")
    assert host.called("cairn/events/subscribe")["answers"] is True
    press(terminal, key, effect)
    if key == "n":
        terminal.type(f"\x15{words}\n")  # Ctrl+U: the key may have been pressed once too often
    assert host.called("cairn/approval/answer") == {"id": "a1", "decision": decision, "words": words}
    terminal.wait_for("done")
    assert terminal.exit_code() == 0


def test_a_yes_for_good_shows_what_it_would_have_covered_and_takes_an_edited_pattern(
    host: ScriptedHost, sit: Sit, looks: dict[str, str]
) -> None:
    def past(params: Params) -> Params:
        call = {
            "what": "rm old\x1b[31m",
            "session": SESSION,
            "event": 7,
            "time": 1_000,
            "times": 3,
            "outcome": "denied",
        }
        refused = "that would allow too much" if params["pattern"] == "rm *" else ""
        return {"calls": [call], "matched": 4, "looked": 9, "refused": refused}

    host.answers["cairn/gate/past"] = past
    host.after["cairn/run/start"] = lambda params: ask(host)
    host.after["cairn/approval/answer"] = go_on(host)
    terminal = sit("run", "clean up", **looks)
    terminal.wait_for("[a] always")
    press(terminal, "a", "that would allow too much")
    assert host.called("cairn/gate/past") == {"tool": "bash", "pattern": "rm *", "approval": "a1", "limit": 8}
    terminal.type("\x15rm file*\n")
    terminal.wait_for("would have let 4 past calls run, of 9")
    terminal.wait_for("denied then")
    terminal.type("\n")
    answer = host.called("cairn/approval/answer")
    assert answer == {"id": "a1", "decision": "always", "words": "", "pattern": "rm file*"}
    terminal.wait_for("allowed for good")
    assert terminal.exit_code() == 0
    assert "\x1b[31mrm" not in terminal.raw


def test_a_yes_for_good_that_the_host_refuses_leaves_the_question_open(host: ScriptedHost, sit: Sit) -> None:
    def refuse(params: Params) -> Params:
        if params["decision"] == "always":
            raise Refusal("the disk is full; answer once")
        return {"accepted": True}

    host.answers["cairn/gate/past"] = lambda params: {"calls": [], "matched": 0, "looked": 0, "refused": ""}
    host.answers["cairn/approval/answer"] = refuse
    host.after["cairn/run/start"] = lambda params: ask(host)
    host.after["cairn/approval/answer"] = lambda params: (
        None if params["decision"] == "always" else go_on(host)(params)
    )
    terminal = sit("run", "clean up")
    terminal.wait_for("[a] always")
    press(terminal, "a", "no past call")
    terminal.type("\n")
    terminal.wait_for("the disk is full")
    terminal.type("\x1b")
    terminal.wait_for("[y] once")
    terminal.type("y")
    terminal.wait_for("allowed once")
    assert terminal.exit_code() == 0


def press(terminal: PseudoTerminal, key: str, effect: str) -> None:
    """Presses a key until it counts: right after a question appears keys do not."""
    for _ in range(100):
        terminal.type(key)
        if terminal.came(effect, 0.2):
            return
    raise AssertionError(f"{key!r} never counted; there is:\n{terminal.text}")


def test_a_question_goes_away_when_another_client_answers(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: ask(host)
    terminal = sit("run", "clean up")
    terminal.wait_for("[n] no")
    host.emit("approval.answered", id="a1", decision="allow", by="editor", words="")
    host.emit("session.state", state="running")
    terminal.wait_for("allowed once by editor")
    host.stream("text", "Now I go on")
    assert "[n] no" not in terminal.wait_for("writing")
    host.emit("session.state", state="done")
    assert terminal.exit_code() == 0
    assert not [method for method, _ in host.calls if method == "cairn/approval/answer"]


def test_ctrl_c_interrupts_the_step(host: ScriptedHost, sit: Sit, looks: dict[str, str]) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    host.after["cairn/run/interrupt"] = lambda params: host.emit(
        "session.state", state="interrupted", reason="interrupted (terminal)"
    )
    terminal = sit("run", "count sheep", **looks)
    host.called("cairn/events/subscribe")
    terminal.type("\x03")
    assert host.called("cairn/run/interrupt") == {"session": SESSION}
    terminal.wait_for(f"cairn resume {SESSION}")
    assert terminal.exit_code() == 130


def test_ctrl_c_twice_leaves_and_the_run_goes_on(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    terminal.type("\x03")
    terminal.wait_for("Ctrl+C again leaves")
    terminal.type("\x03")
    terminal.wait_for(f"cairn attach {SESSION}")
    assert terminal.exit_code() == 130
    assert [method for method, _ in host.calls].count("cairn/run/interrupt") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_as_before_when_the_client_is_ended(
    host: ScriptedHost, sit: Sit, number: int
) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    assert not terminal.echoes()
    terminal.process.send_signal(number)
    assert terminal.exit_code() == 130
    assert terminal.echoes() and terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")


def test_what_is_typed_in_mid_run_is_said_to_the_session(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    host.after["cairn/run/resume"] = lambda params: host.emit("session.state", state="done")
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    terminal.type("black ones ")
    terminal.wait_for("> black ones ▏")
    terminal.type("töö\x7f\n")
    assert host.called("cairn/run/resume")["prompt"] == "black ones tö"
    assert terminal.exit_code() == 0


def test_text_shows_up_as_it_streams(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "tell")
    terminal.wait_for("waiting for the model")
    host.stream("reasoning", "hm, sheep")
    terminal.wait_for("~ hm, sheep")
    host.stream("text", "Once upon")
    terminal.wait_for("Once upon")
    host.stream("text", " a time\n")
    terminal.wait_for("Once upon a time")
    host.stream("tool", "bash")
    terminal.wait_for("preparing bash")
    host.emit("model.replied", step=1, text="Once upon a time\n", reasoning="hm, sheep")
    host.emit("tool.started", step=1, call="c", name="bash", title="bash make")
    host.stream("output", "compiling a\ncompiling b\n")
    terminal.wait_for("compiling b")
    host.emit("tool.finished", step=1, call="c", name="bash", outcome="ok", summary="2 lines")
    terminal.wait_for("✓ bash  make · 2 lines")
    host.emit("session.state", state="done")
    assert terminal.exit_code() == 0
    assert "not seen" not in terminal.text


def test_without_colour_nothing_is_sent_that_moves_the_cursor(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("session.state", state="done")
    terminal = sit("run", "nothing", NO_COLOR="1")
    assert terminal.exit_code() == 0
    assert "\x1b" not in terminal.raw and "✓ done" in terminal.raw


def test_a_dead_host_is_followed_by_the_next_and_the_user_told_how_to_go_on(
    host: ScriptedHost, workspace: Workspace, sit: Sit
) -> None:
    second = ScriptedHost(workspace)
    second.events = host.events  # the log outlives its host
    second.sessions = [session_info(state="interrupted")]
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    second.emit("session.state", state="interrupted", reason="the host stopped in mid-run")
    second.start()
    try:
        host.stop()
        terminal.wait_for("connected again")
        terminal.wait_for("interrupted: the host stopped in mid-run")
        terminal.wait_for(f"cairn resume {SESSION}")
        assert terminal.exit_code() == 130
        assert second.called("cairn/events/subscribe")["since"] == 1
    finally:
        second.stop()


def test_a_client_that_was_cut_off_goes_on_with_the_host_that_lives(host: ScriptedHost, sit: Sit) -> None:
    host.sessions = [session_info()]
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    for step in (2, 3):
        host.cut()
        terminal.wait_for("connected again")
        host.called("cairn/approval/list")
        host.emit("tool.finished", call="c", name="bash", title=f"bash step{step}")
        terminal.wait_for(f"step{step}")
    host.emit("session.state", state="done")
    assert terminal.exit_code() == 0
    assert "died" not in terminal.text


def test_a_host_that_cuts_its_client_again_and_again_is_left(host: ScriptedHost, sit: Sit) -> None:
    host.sessions = [session_info()]
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    host.after["cairn/approval/list"] = lambda params: host.cut()
    terminal = sit("run", "count sheep")
    terminal.wait_for("waiting for the model")
    host.cut()
    terminal.wait_for("again and again")
    terminal.wait_for(f"cairn resume {SESSION}")
    assert terminal.exit_code() == 1


def test_a_dead_host_whose_place_nobody_can_take_is_told_in_one_line(
    host: ScriptedHost, workspace: Workspace, sit: Sit
) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("model.requested", step=1)
    terminal = sit("run", "count sheep", CAIRN_HOME="/dev/null/nowhere")
    terminal.wait_for("waiting for the model")
    host.stop()
    terminal.wait_for("the host died")
    terminal.wait_for("cairn: the host could not start")
    terminal.wait_for(f"cairn resume {SESSION}")
    assert terminal.exit_code() == 1
    assert "Traceback" not in terminal.text


def test_the_prompt_talks_to_one_session_until_told_otherwise(
    host: ScriptedHost, sit: Sit, cairn_home: Path
) -> None:
    host.sessions = [session_info(state="done", goal="the day before")]
    host.after["cairn/run/start"] = host.after["cairn/run/resume"] = lambda params: host.emit(
        "session.state", state="done"
    )
    terminal = sit()
    terminal.wait_for("the day before")
    terminal.wait_for("> ")
    terminal.type("first\n")
    assert host.called("cairn/run/start")["prompt"] == "first"
    terminal.wait_for("✓ done")
    terminal.wait_for("> ")
    terminal.type("second line \\\n")
    terminal.type("and more\n")
    again = host.called("cairn/run/resume")
    assert (again["session"], again["prompt"]) == (SESSION, "second line \nand more")
    terminal.wait_for("✓ done")
    terminal.wait_for("> ")
    terminal.type("/mode plan\n")
    terminal.wait_for("plan> ")
    terminal.type("third\n")
    assert host.called("cairn/run/start")["mode"] == "plan"
    terminal.wait_for("✓ done")
    terminal.wait_for("> ")
    terminal.type("/nonsense\n")
    terminal.wait_for("there is no /nonsense")
    terminal.wait_for("> ")
    terminal.type("/quit\n")
    assert terminal.exit_code() == 0
    assert "first\n" in (cairn_home / "prompts").read_text(encoding="utf-8")


def test_a_paste_of_several_lines_is_one_message(host: ScriptedHost, sit: Sit) -> None:
    host.after["cairn/run/start"] = lambda params: host.emit("session.state", state="done")
    terminal = sit()
    terminal.wait_for("> ")
    terminal.type("one\ntwo\nthree\n")
    assert host.called("cairn/run/start")["prompt"] == "one\ntwo\nthree"
    terminal.wait_for("✓ done")
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.exit_code() == 0


def test_what_is_remembered_can_be_asked_and_changed_at_the_prompt(host: ScriptedHost, sit: Sit) -> None:
    claim = {"id": "c1", "scope": "project", "about": "rule", "text": "mind \x1b[31mthe gap", "ended": 0}
    task = {
        "id": "T1",
        "line": "- [>] T1 paint",
        "tokens": 1_500,
        "cost": 0.5,
        "current": True,
        "session": SESSION,
    }
    host.sessions = [session_info(state="done")]
    host.answers |= {
        "cairn/memory/list": lambda params: {"claims": [claim], "problems": [], "proposals": 0},
        "cairn/memory/remember": lambda params: {"claim": claim, "added": True, "kept": []},
        "cairn/task/list": lambda params: {"tasks": [task]},
        "cairn/session/checkpoint": lambda params: {"session": SESSION, "checkpoint": None},
        "cairn/session/rebuild": lambda params: {"session": SESSION, "waits": True},
    }
    terminal = sit()
    terminal.wait_for("> ")
    for said, method, shown in (
        ("/memory", "cairn/memory/list", "mind ␛[31mthe gap"),
        ("/memory remember 'mind it' --kind rule", "cairn/memory/remember", "remembered as c1"),
        ("/tasks", "cairn/task/list", f"- [>] T1 paint  [in {SESSION} · 1.5k tokens · $0.500]"),
        ("/checkpoint", "cairn/session/checkpoint", "the writer still works"),
        ("/rebuild", "cairn/session/rebuild", "its window is rebuilt when it goes on"),
    ):
        terminal.type(f"{said}\n")
        params = host.called(method)
        terminal.wait_for(shown)
        terminal.wait_for("> ")
        assert params.get("text", "mind it") == "mind it" and params.get("session", SESSION) == SESSION
    terminal.type("/memory frobnicate\n")
    terminal.wait_for("invalid choice: 'frobnicate'")
    terminal.wait_for("> ")
    terminal.type("/memory show 'open\n")
    terminal.wait_for("No closing quotation")
    terminal.wait_for("> ")
    terminal.type("/quit\n")
    assert terminal.exit_code() == 0
