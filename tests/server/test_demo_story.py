"""The demo judges itself by the log: each thing that goes wrong breaks a promise."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from cairn_agents.model.endpoint import Endpoint
from cairn_agents.recording import Recording, Turn
from cairn_agents.window import Window
from cairn_memory.events import (
    BlobRef,
    Budget,
    Event,
    ModelReplied,
    ModelRequested,
    Payload,
    ReceiptItem,
    ReceiptWritten,
    SessionStarted,
    SideCallReplied,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Usage,
    UserMessage,
    WindowStarted,
)
from cairn_memory.verify import Problem
from cairn_server.demo.meter import Meter, Request
from cairn_server.demo.story import WINDOW, Story
from cairn_server.demo.table import show
from cairn_server.demo.watch import Kill
from cairn_server.demo.windows import without_memory
from cairn_server.demo.workspace import DemoWorkspace, SuiteRun

STEPS = 212
TURNS = tuple(
    Turn(
        text=f"step {step}",
        calls=(ToolCall(id=f"call_{step}", name="edit", arguments="{}"),),
        usage=Usage(prompt=step, completion=1),
    )
    for step in range(1, STEPS + 1)
)


SEEN = 540
"""Events before the kill."""
REQUESTS = tuple(Request(size=36_000, shared=27_000) for _ in TURNS)


def events_of(*payloads: Payload) -> tuple[Event, ...]:
    return tuple(
        Event(seq, "s", "main", payload.kind, 0, payload.model_dump_json())
        for seq, payload in enumerate(payloads, start=1)
    )


def rebuild(number: int, **kept: int) -> list[Payload]:
    """A new window, of what its receipt says."""
    parts = {"words": 1, "rules": 1, **kept}
    items = tuple(ReceiptItem(section=section, kept=count) for section, count in parts.items())
    return [
        WindowStarted(number=number, head=BlobRef(digest="", size=0), covers=number, checkpoint=number),
        ReceiptWritten(window=number, budget=2_000, tokens=1_900, items=items),
    ]


def step_of(number: int, turn: Turn) -> list[Payload]:
    return [
        *(rebuild(number) if number % 20 == 0 else ()),
        SideCallReplied(role="writer"),
        ModelRequested(step=number, tokens=5_000 if number % 20 == 0 else 12_000),
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
        kill=Kill(
            host=1, session="s", step=106, call="call_106", title="make", seen=events[:SEEN], damage=()
        ),
        next_host=2,
        before=SuiteRun(86, 62),
        after=SuiteRun(86, 0),
        changed=("a.py",),
        damage=(),
        requests=REQUESTS,
        without_memory=10_000_000,
        seconds=20.0,
    )


def broken(story: Story) -> list[str]:
    return [promise.text for promise in story.promises() if not promise.kept]


def test_a_good_run_keeps_every_promise_and_adds_up(story: Story) -> None:
    assert broken(story) == []
    assert story.tools == {"edit": STEPS}
    assert story.usage == Usage(prompt=sum(range(1, STEPS + 1)), completion=STEPS)
    assert story.after_kill == len(story.events) - SEEN


def test_tests_that_still_fail_break_a_promise(story: Story) -> None:
    assert broken(replace(story, after=SuiteRun(86, 1))) == ["the tests failed before and pass now"]
    assert broken(replace(story, after=SuiteRun(0, 0))) == ["the tests failed before and pass now"]


def test_an_event_that_changed_after_the_kill_is_lost(story: Story) -> None:
    other = replace(story.events[10], text=story.events[11].text)
    changed = replace(story, kill=replace(story.kill, seen=(*story.kill.seen, other)))
    assert changed.lost == 1
    assert broken(changed) == ["nothing a client had seen before the kill was lost"]


def test_a_command_that_the_kill_cut_off_is_noticed(story: Story) -> None:
    payloads = [event.payload for event in story.events]
    place = next(
        n for n, part in enumerate(payloads) if isinstance(part, ToolFinished) and part.call == "call_106"
    )
    payloads[place] = ToolFinished(step=106, call="call_106", name="edit", outcome="interrupted")
    cut = replace(story, events=events_of(*payloads), kill=replace(story.kill, seen=()))
    assert broken(cut) == ["the command that ran during the kill has its result"]


def test_a_call_that_ran_twice_is_named(story: Story) -> None:
    again = ToolStarted(step=106, call="call_106", name="edit", attempt=2)
    twice = replace(story, events=events_of(*(event.payload for event in story.events), again))
    assert twice.run_twice == ["call_106"]
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


def test_a_request_without_the_rule_breaks_a_promise(story: Story) -> None:
    forgot = replace(story, requests=(*REQUESTS, replace(REQUESTS[0], rule=False)))
    assert forgot.with_rule == STEPS
    assert broken(forgot) == ["the rule stood word for word in every request"]
    assert "the rule stood word for word in every request" in broken(replace(story, requests=()))


def test_a_file_that_was_not_to_be_touched_and_a_request_that_is_too_large_are_noticed(story: Story) -> None:
    touched = replace(story, changed=("a.py", "legacy/print_board.py"))
    assert broken(touched) == ["nothing under legacy/ was touched"]
    large = replace(story, requests=(*REQUESTS, Request(size=WINDOW * 4)))
    assert broken(large) == [f"no request was larger than the window of {WINDOW:,} tokens"]


def test_a_rebuild_says_what_it_cost_and_carried(story: Story) -> None:
    first = story.rebuilds[0]
    assert len(story.rebuilds) == STEPS // 20
    assert (first.step, first.before, first.after, first.checkpoint) == (20, 12_000, 5_000, 20)
    assert (first.part("rules").kept, first.part("tasks").kept) == (1, 0)


@pytest.mark.parametrize("change", ["too few", "none after the kill", "words left out"])
def test_rebuilds_that_are_too_few_or_lose_the_users_words_are_noticed(story: Story, change: str) -> None:
    payloads = [event.payload for event in story.events]
    receipts = [place for place, part in enumerate(payloads) if isinstance(part, ReceiptWritten)]
    match change:
        case "too few":
            for place in reversed(receipts[:2]):
                del payloads[place - 1]
        case "none after the kill":
            payloads += [part for number in range(20) for part in (*rebuild(number), ModelRequested(step=10))]
            for place in reversed(receipts[5:]):
                del payloads[place - 1]
        case _:
            item = ReceiptItem(section="words", kept=1, dropped=1)
            payloads[receipts[4]] = ReceiptWritten(window=5, budget=1, tokens=1, items=(item,))
    changed = replace(story, events=events_of(*payloads), kill=replace(story.kill, seen=()))
    assert [text for text in broken(changed) if "rebuild" in text]


def test_a_writer_that_is_silent_and_memory_that_saves_nothing_are_noticed(story: Story) -> None:
    silent = [
        part.model_copy(update={"error": "no answer"}) if isinstance(part, SideCallReplied) else part
        for part in (event.payload for event in story.events)
    ]
    mute = replace(story, events=events_of(*silent), kill=replace(story.kill, seen=()))
    assert broken(mute) == ["the writer gave more than 8 judgements for checkpoints"]
    assert broken(replace(story, without_memory=3 * story.sent)) == [
        "the same run without memory would have sent more than 3 times as much"
    ]


def test_what_a_run_weighs_without_memory_is_all_it_said_again_and_again() -> None:
    head = b'"tools":[],"messages":[{"role":"system","content":"You are Cairn."}'
    events = events_of(
        SessionStarted(goal="g", root="/r", mode="build", model="m", base_url="http://x", budget=Budget()),
        WindowStarted(number=1, head=BlobRef(digest="", size=0)),
        UserMessage(text="go"),
        ModelRequested(step=1),
        ModelReplied(step=1, text="a" * 3_600),
        UserMessage(text="on"),
        WindowStarted(number=2, head=BlobRef(digest="", size=0), covers=5),
        ReceiptWritten(window=2, budget=1, tokens=1),
        ModelRequested(step=2),
    )
    window = Window()
    window.open(head, Endpoint("http://x", "m"))
    window.apply(UserMessage(text="go"))
    window.apply(ModelRequested(step=1))
    first = window.tokens
    total = without_memory(events, head)
    assert 2 * first + 1_000 < total < 2 * first + 1_050


def test_the_meter_tells_what_came_again_and_whether_the_rule_stood_in_it() -> None:
    meter = Meter('never "touch" legacy/')
    said = json.dumps({"messages": ['never "touch" legacy/']}).removesuffix("]}").encode()
    for body, side in (
        (said + b"]}", False),
        (said + b',"more"]}', True),
        (said + b',"on"]}', False),
        (b"[]", False),
    ):
        meter.heard(body, side)
    shared = len(said)
    assert [(one.shared, one.side, one.rule) for one in meter.requests] == [
        (0, False, True),
        (shared, True, True),
        (shared, False, True),
        (0, False, False),
    ]


def test_the_tables_fit_a_narrow_terminal_and_a_pipe(story: Story) -> None:
    for width, terminal in ((80, True), (120, False)):
        written = io.StringIO()
        show(story, Console(file=written, width=width, force_terminal=terminal))
        text = Text.from_ansi(written.getvalue()).plain
        assert "12,000 -> 5,000" in text and "judged" in text and "claims" in text
        assert f"stood in {STEPS} of {STEPS} requests" in text
        assert ("\x1b[" in written.getvalue()) == terminal
        assert max(map(len, text.splitlines())) <= width


def test_the_project_is_committed_and_most_of_its_tests_fail(tmp_path: Path) -> None:
    workspace = DemoWorkspace.make(tmp_path)
    assert workspace.test() == SuiteRun(86, 62)
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
    assert workspace.test() == SuiteRun(86, 61)


def test_nothing_of_the_users_own_reaches_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CAIRN_MODEL", "CAIRN_HOME"):
        monkeypatch.setenv(name, "the user's own")
    environment = DemoWorkspace(tmp_path / "p", tmp_path / "home").environment()
    assert "the user's own" not in environment.values()
    assert environment["CAIRN_HOME"] == str(tmp_path / "home")
