"""What a person sees of a run: the story in lines, and the live view that scrolls it by."""

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from scripted_host import SESSION, session_info

from cairn_server.terminal.line import Gaps, plain
from cairn_server.terminal.live import LiveView
from cairn_server.terminal.page import Page, PageView
from cairn_server.terminal.progress import progress
from cairn_server.terminal.question import Answer, Question
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.view import PlainView
from cairn_server.terminal.wire import Approval, Event

DIFF = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n-old\n+new\n same"


def event(kind: str, time: int = 1_000, **payload: Any) -> Event:
    return Event(seq=1, session=SESSION, agent="", kind=kind, time=time, payload=payload)


RUN = [
    event("session.started", goal="fix it", root="/w", mode="build", model="m1", window=10_000),
    event("session.state", state="running"),
    event("message.user", text="fix the test\nplease"),
    event("window.started", number=1, sources=["/w/AGENTS.md"]),
    event("model.requested", step=1, tokens=900),
    event("model.failed", step=1, message="429 from host", retry_in=4.0),
    event("model.replied", step=1, reasoning="Look first.\nThen act.", text="I look **first**.\n", calls=[]),
    event("tool.started", call="c1", name="read", title="read src/a.py"),
    event("tool.finished", call="c1", name="read", outcome="ok", summary="120 lines", ms=3),
    event("tool.started", call="c2", name="bash", title="bash pytest -q"),
    event(
        "tool.finished",
        call="c2",
        name="bash",
        outcome="error",
        summary="exit 1",
        ms=1_240,
        text="1\n2\n3\n4\n\n\x1b[31mFAILED\x1b[0m test_a\n[exit code 1]",
    ),
    event(
        "approval.requested",
        id="a1",
        call="c3",
        name="edit",
        title="edit src/a.py",
        detail=DIFF,
        reason="asks",
    ),
    event("session.state", state="waiting", cause="approval", reason="needs your answer"),
    event("approval.answered", id="a1", decision="session", by="editor", words=""),
    event("session.state", state="running"),
    event("tool.started", call="c3", name="edit", title="edit src/a.py"),
    event("tool.finished", call="c3", name="edit", outcome="ok", summary="+1 -1"),
    event("tool.finished", call="c4", name="write", outcome="denied", summary="denied"),
    event("guard.acted", guard="repeat", action="nudge", reason="the same call 3 times in a row"),
    event("message.host", text="You have done that three times."),
    event("process.ended", id="p", exit_code=0),
    event("some.day", what="of a later version"),
    event(
        "model.replied",
        step=2,
        text="Done:\n\n- `a.py` is green",
        totals={"prompt": 45_000, "completion": 200},
        total_cost=0.1234,
        usage={"prompt": 4_900, "completion": 100},
    ),
    event("session.state", time=63_000, state="done", reason="the agent finished"),
]

STORY = """\
cairn build · m1 · 261121-abc123  /w

> fix the test
  please

read AGENTS.md

  ! 429 from host, again in 4 s
  ~ thought, 4 words: Look first. Then act.

I look **first**.

  ✓ read  src/a.py · 120 lines
  ✗ bash  pytest -q · exit 1 · 1.2 s
      2
      3
      4
      ␛[31mFAILED␛[0m test_a

? edit src/a.py
  asks
    --- a/src/a.py
    +++ b/src/a.py
    @@ -1,2 +1,2 @@
    -old
    +new
     same
  allowed for this session by editor

  ✓ edit  src/a.py · +1 -1
  ⊘ write  · denied
  ! the same call 3 times in a row · the model was told
  · to the model: You have done that three times.
  · background command ended, exit 0

Done:

- `a.py` is green

✓ done
  2 steps · 45k tokens · $0.123 · 1m 02s · 261121-abc123
"""


def test_the_story_of_a_run_reads_like_this() -> None:
    gaps, story = Gaps(), Story()
    assert "".join(plain(gaps.between(story.tell(each))) for each in RUN) == STORY


def test_a_pipe_gets_the_story_without_control_codes() -> None:
    out = io.StringIO()
    view = PlainView(out, Story())
    for each in RUN:
        view.event(each)
    assert out.getvalue() == STORY


@pytest.mark.parametrize("width", [80, 40, 24])
def test_the_page_says_the_same_within_the_width(width: int) -> None:
    out = io.StringIO()
    view = PageView(Story(), Page(terminal(out, width)))
    for each in RUN:
        view.event(each)
    shown = screen(out)
    assert all(cell_len(row) < width for row in shown.splitlines())
    if width == 80:
        assert shown == STORY


def test_text_that_streams_ends_up_as_the_same_page() -> None:
    streamed = run_live(
        80, chunks={1: ("I lo", "ok **fir", "st**.\n"), 2: ("\nDone:\n", "\n- `a.", "py` is green")}
    )
    assert streamed == run_live(80, chunks={}) == STORY


def test_text_that_was_not_seen_whole_is_told_again() -> None:
    shown = run_live(80, chunks={2: ("y` is green",)})
    assert (
        "y` is green\n[not all of this was seen as it came; here is the whole:]\nDone:\n\n- `a.py` is green\n"
        in shown
    )


def test_text_of_a_reply_that_broke_off_is_marked() -> None:
    out = io.StringIO()
    view, standing = live(out, 80)
    show(view, standing, RUN[:5])
    view.chunk({"session": SESSION, "step": 1, "source": "text", "text": "I began"})
    show(view, standing, [RUN[5]])
    view.pause()
    assert "I began\n[the reply broke off here]\n" in screen(out)


def test_a_reply_that_began_before_the_client_came_is_shown_once_whole() -> None:
    out = io.StringIO()
    view, standing = live(out, 80)
    view.late(2)
    view.chunk({"session": SESSION, "step": 2, "source": "text", "text": "y` is green"})
    show(view, standing, RUN[-2:])
    view.pause()
    assert screen(out).count("is green") == 1


def test_reasoning_is_told_once_before_the_text_and_in_full_when_asked_for() -> None:
    out = io.StringIO()
    view, standing = live(out, 80)
    for source, text in (("reasoning", "Look first.\n"), ("reasoning", "Then act."), ("text", "I look")):
        view.chunk({"session": SESSION, "step": 1, "source": source, "text": text})
    show(view, standing, [RUN[6]])
    view.pause()
    assert screen(out) == "  ~ thought, 4 words: Look first. Then act.\n\nI look **first**.\n"
    assert plain(Story(reasoning=True).tell(RUN[6])) == "  Look first.\n  Then act.\nI look **first**.\n"


def test_words_just_typed_are_not_repeated() -> None:
    story = Story(typed="fix the test\nplease ")
    assert story.tell(RUN[2]) == []
    assert plain(story.tell(RUN[2])) == "> fix the test\n  please\n"


def test_a_long_detail_says_how_much_of_it_is_hidden() -> None:
    detail = "\n".join(f"echo {number}" for number in range(500))
    shown = plain(
        Story().tell(event("approval.requested", id="a", call="c", title="bash echo 0 ...", detail=detail))
    )
    assert shown.count("\n") == 122 and "380 more lines" in shown


def test_a_long_line_keeps_its_result_in_sight() -> None:
    out = io.StringIO()
    view = PageView(Story(), Page(terminal(out, 40)))
    view.event(event("tool.started", call="c", name="bash", title="bash " + "make everything " * 9))
    view.event(event("tool.finished", call="c", name="bash", outcome="ok", summary="12 lines", ms=61_000))
    assert screen(out) == "  ✓ bash  make eve… · 12 lines · 1m 01s\n"


@pytest.mark.parametrize("width", [100, 60, 40, 20])
def test_the_progress_line_leaves_out_what_does_not_fit(width: int) -> None:
    standing = Standing(SESSION)
    standing.begin(session_info() | {"budget": {"max_steps": 10}}, [])  # pyright: ignore[reportArgumentType]
    standing.doing = "bash 漢字 " + "x" * 80
    text = progress(standing, width).plain
    assert cell_len(text) <= width
    assert "step 3/10" in text
    assert ("1.2k tokens" in text) is (width >= 100)
    if width >= 60:
        assert "window 12%" in text


def test_keys_that_were_meant_for_something_else_answer_no_question() -> None:
    question = Question(approval(), now=100.0)
    assert question.type("y", now=100.1) is None
    assert question.type("x", now=101.0) is None
    assert question.type("y", now=101.0) == Answer("allow")


def test_a_no_may_come_with_words() -> None:
    question = Question(approval(), now=0.0)
    assert question.type("n", now=1.0) is None and question.wants_words
    assert question.type("use th\x7f\x7f58", now=1.0) is None and question.draft == "use 58"
    assert question.type("\n", now=1.0) == Answer("deny", "use 58")


def test_a_yes_for_good_counts_only_for_a_pattern_whose_past_matches_were_shown() -> None:
    question = Question(approval(), now=0.0)
    assert question.type("a", now=1.0) is None
    assert (question.draft, question.unshown) == ("src/*", "src/*")
    question.shown()
    assert question.type("x", now=1.0) is None and question.draft == "src/*x"
    assert question.type("\n", now=1.0) is None, "this one was not shown yet"
    assert question.unshown == "src/*x"
    question.shown()
    assert question.type("\n", now=1.0) == Answer("always", pattern="src/*x")


def test_escape_leads_back_from_a_pattern_to_the_question() -> None:
    question = Question(approval(), now=0.0)
    question.type("a", now=1.0)
    assert question.type("\x1b", now=1.0) is None
    assert (question.wants_pattern, question.unshown, question.draft) == (False, "", "")
    assert question.type("y", now=1.0) == Answer("allow")


def test_a_question_shows_resolved_paths_demands_and_its_class() -> None:
    asked = event(
        "approval.requested",
        id="a",
        call="c",
        name="bash",
        title="bash make",
        detail="make\nrm -rf x",
        risk="destructive",
        reason="rm -rf removes whole folders",
        demands=["network"],
        paths=["/elsewhere/a", "/elsewhere/b"],
    )
    told = plain(Story().tell(asked))
    for part in (
        "[destructive]",
        "rm -rf removes",
        "it wants the network",
        "/elsewhere/a",
        "/elsewhere/b",
        "rm -rf x",
    ):
        assert part in told


def test_only_what_can_be_granted_is_offered() -> None:
    question = Question(approval() | {"grant": ""}, now=0.0)  # pyright: ignore[reportArgumentType]
    assert "session" not in question.text and question.type("s", now=1.0) is None
    assert "always" not in question.text and question.type("a", now=1.0) is None
    assert "[s] this session (edit src/*)" in Question(approval(), now=0.0).text


def approval() -> Approval:
    return Approval(id="a", call="c", name="edit", title="edit a", detail="", reason="", grant="edit src/*")


def terminal(out: io.StringIO, width: int) -> Console:
    return Console(
        file=out, width=width, height=24, force_terminal=True, color_system="truecolor", highlight=False
    )


def live(out: io.StringIO, width: int) -> tuple[LiveView, Standing]:
    standing = Standing(SESSION)
    return LiveView(Story(), standing, Page(terminal(out, width))), standing


def show(view: LiveView, standing: Standing, events: list[Event]) -> None:
    for each in events:
        standing.apply(each)
        view.event(each)


def run_live(width: int, chunks: dict[int, tuple[str, ...]]) -> str:
    """The screen after the run, with `chunks` of each step streamed before its reply."""
    out = io.StringIO()
    view, standing = live(out, width)
    for each in RUN:
        if each["kind"] == "model.replied":
            step, reasoning = each["payload"]["step"], each["payload"].get("reasoning", "")
            for text in chunks.get(step, ()):
                view.chunk({"session": SESSION, "step": step, "source": "reasoning", "text": reasoning})
                view.chunk({"session": SESSION, "step": step, "source": "text", "text": text})
                reasoning = ""
        show(view, standing, [each])
        view.tick()
    view.pause()
    return screen(out)


def screen(out: io.StringIO) -> str:
    """What stands on the screen, and scrolled off it, after all control codes were obeyed."""
    rows = [""]
    row = 0
    for part in re.findall(r"\x1b\[[0-9;?]*[a-zA-Z]|\r|\n|[^\x1b\r\n]+", out.getvalue()):
        if part == "\n":
            row += 1
            if row == len(rows):
                rows.append("")
        elif part == "\x1b[2K":
            rows[row] = ""
        elif part.startswith("\x1b[") and part.endswith("A"):
            row -= int(part[2:-1] or 1)
        elif not part.startswith(("\x1b", "\r")):
            rows[row] += part
    return "\n".join(each.rstrip() for each in rows).rstrip("\n") + "\n"
