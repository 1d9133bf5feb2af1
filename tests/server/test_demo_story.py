"""The demo judges itself by the log: each thing that goes wrong breaks a promise."""

from dataclasses import replace
from pathlib import Path

import pytest

from cairn_agents.recording import Recording, Turn
from cairn_memory.events import Event, ModelReplied, Payload, ToolCall, ToolFinished, ToolStarted, Usage
from cairn_memory.verify import Problem
from cairn_server.demo.story import Story
from cairn_server.demo.watch import Kill
from cairn_server.demo.workspace import DemoWorkspace, SuiteRun

STEPS = 62
TURNS = tuple(
    Turn(
        text=f"step {step}",
        calls=(ToolCall(id=f"call_{step}", name="edit", arguments="{}"),),
        usage=Usage(prompt=step, completion=1),
    )
    for step in range(1, STEPS + 1)
)


def events_of(*payloads: Payload) -> tuple[Event, ...]:
    return tuple(
        Event(seq, "s", "main", payload.kind, 0, payload.model_dump_json())
        for seq, payload in enumerate(payloads, start=1)
    )


def step_of(number: int, turn: Turn) -> list[Payload]:
    return [
        ModelReplied(step=number, text=turn.text, calls=turn.calls, usage=turn.usage),
        *(ToolStarted(step=number, call=call.id, name=call.name) for call in turn.calls),
        *(ToolFinished(step=number, call=call.id, name=call.name) for call in turn.calls),
    ]


@pytest.fixture
def story() -> Story:
    """A demo in which all went well."""
    events = events_of(
        *(part for number, turn in enumerate(TURNS, start=1) for part in step_of(number, turn))
    )
    return Story(
        recording=Recording(turns=TURNS),
        exported=Recording(turns=TURNS),
        events=events,
        kill=Kill(host=1, session="s", step=30, call="call_30", title="make", seen=events[:90], damage=()),
        next_host=2,
        before=SuiteRun(66, 42),
        after=SuiteRun(66, 0),
        changed=("a.py",),
        damage=(),
        seconds=20.0,
    )


def broken(story: Story) -> list[str]:
    return [promise.text for promise in story.promises() if not promise.kept]


def test_a_good_run_keeps_every_promise_and_adds_up(story: Story) -> None:
    assert broken(story) == []
    assert story.tools == {"edit": STEPS}
    assert story.usage == Usage(prompt=sum(range(1, STEPS + 1)), completion=STEPS)
    assert story.after_kill == len(story.events) - 90


def test_tests_that_still_fail_break_a_promise(story: Story) -> None:
    assert broken(replace(story, after=SuiteRun(66, 1))) == ["the tests failed before and pass now"]
    assert broken(replace(story, after=SuiteRun(0, 0))) == ["the tests failed before and pass now"]


def test_an_event_that_changed_after_the_kill_is_lost(story: Story) -> None:
    other = replace(story.events[10], text=story.events[11].text)
    changed = replace(story, kill=replace(story.kill, seen=(*story.kill.seen, other)))
    assert changed.lost == 1
    assert broken(changed) == ["nothing a client had seen before the kill was lost"]


def test_a_command_that_the_kill_cut_off_is_noticed(story: Story) -> None:
    payloads = [event.payload for event in story.events]
    place = next(
        n for n, part in enumerate(payloads) if isinstance(part, ToolFinished) and part.call == "call_30"
    )
    payloads[place] = ToolFinished(step=30, call="call_30", name="edit", outcome="interrupted")
    cut = replace(story, events=events_of(*payloads), kill=replace(story.kill, seen=()))
    assert broken(cut) == ["the command that ran during the kill has its result"]


def test_a_call_that_ran_twice_is_named(story: Story) -> None:
    again = ToolStarted(step=30, call="call_30", name="edit", attempt=2)
    twice = replace(story, events=events_of(*(event.payload for event in story.events), again))
    assert twice.run_twice == ["call_30"]
    assert "no call with an effect ran twice" in broken(twice)


def test_a_missing_step_and_a_missing_result_are_noticed(story: Story) -> None:
    assert broken(replace(story, events=story.events[:-3])) == [
        "every recorded turn was played once, in order"
    ]
    assert broken(replace(story, events=story.events[:-1])) == ["every call has exactly one result"]


def test_damage_to_the_log_is_no_success(story: Story) -> None:
    lost = replace(story, damage=(Problem("lost", "events 4-5", "they are gone"),))
    assert broken(lost) == ["the log is whole, right after the kill and at the end"]


def test_a_host_that_was_never_killed_is_no_resume(story: Story) -> None:
    same = replace(story, next_host=1)
    assert broken(same) == ["the host was killed in the middle and another went on"]


def test_the_project_is_committed_and_most_of_its_tests_fail(tmp_path: Path) -> None:
    workspace = DemoWorkspace.make(tmp_path)
    assert workspace.test() == SuiteRun(66, 42)
    assert workspace.changed() == []
    names = {path.name for path in workspace.root.rglob("*") if ".git" not in path.parts}
    assert {"AGENTS.md", ".gitignore", "board.py"} <= names and not any(
        name.endswith(".txt") for name in names
    )


def test_a_change_of_the_project_shows_as_git_sees_it(tmp_path: Path) -> None:
    workspace = DemoWorkspace.make(tmp_path)
    module = workspace.root / "ferries" / "times.py"
    module.write_text(module.read_text(encoding="utf-8").replace("> 60", "> 59"), encoding="utf-8")
    assert workspace.changed() == ["ferries/times.py"]
    assert workspace.test() == SuiteRun(66, 41)


def test_nothing_of_the_users_own_reaches_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CAIRN_MODEL", "CAIRN_HOME"):
        monkeypatch.setenv(name, "the user's own")
    environment = DemoWorkspace(tmp_path / "p", tmp_path / "home").environment()
    assert "the user's own" not in environment.values()
    assert environment["CAIRN_HOME"] == str(tmp_path / "home")
