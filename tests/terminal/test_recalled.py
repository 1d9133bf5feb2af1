"""What a person sees of a session's memory while it works: lines of the story, and the progress line."""

from typing import Any

from scripted_host import SESSION

from cairn_server.terminal.line import Gaps, plain
from cairn_server.terminal.progress import progress
from cairn_server.terminal.standing import Standing
from cairn_server.terminal.story import Story
from cairn_server.terminal.wire import Event


def event(kind: str, **payload: Any) -> Event:
    return Event(seq=1, session=SESSION, agent="", kind=kind, time=1_000, payload=payload)


REMEMBERED = [
    event("model.requested", step=9, tokens=88_000),
    event("checkpoint.started", covers=100),
    event(
        "checkpoint.written",
        number=3,
        covers=100,
        judged=True,
        dropped=["no such file", "never said"],
        cost=0.02,
    ),
    event(
        "window.started",
        number=2,
        covers=110,
        tokens=12_300,
        reason="limit",
        checkpoint=3,
        sources=["/w/A.md"],
    ),
    event("window.receipt", window=2, budget=20_000, tokens=12_000),
    event("claim.remembered", claim="c1", text="by the agent, whose call says it", about="fact", by="agent"),
    event("claim.remembered", claim="c2", text="mind the\ngap", about="rule", by="user"),
    event("claim.proposed", claim="c3", text="use \x1b[31mtabs", about="rule", by="agent"),
    event("claim.answered", claim="c3", accepted=False),
    event("claim.forgotten", claim="c2", text="mind the gap", by="user", replaced_by="c4"),
    event("task.changed", task="T1", title="by the agent", state="done", by="agent"),
    event("task.changed", task="T1.2", title="paint", state="blocked", note="no paint", by="user"),
    event("drift.found", since=90, lines=["a.py is other than before", "b.py is gone"]),
    event("checkpoint.written", number=4, covers=130, problem="the writer failed: 429"),
]

STORY = """\
  · checkpoint 3 up to e100 · facts and judgement · 2 lines of the judgement left out · $0.020
  · window 2 rebuilt from 88k to 12k tokens · it was full · checkpoint 3
  · remembered (rule) c2: mind the gap
  ? proposed to remember (rule) c3: use ␛[31mtabs · cairn memory accept c3, or reject
  · proposal c3 rejected
  · forgotten c2: mind the gap (superseded by c4)
  · task T1.2 paint is blocked: no paint (by the user)
  ! changed since e90, while it rested:
      a.py is other than before
      b.py is gone
  · checkpoint 4 up to e130 · facts only · the writer failed: 429
"""


def test_what_happens_to_memory_is_told_in_a_line_each() -> None:
    gaps, story = Gaps(), Story()
    assert "".join(plain(gaps.between(story.tell(each))) for each in REMEMBERED) == STORY


def test_a_step_that_waits_for_the_checkpoint_writer_says_so_until_it_is_done() -> None:
    standing = Standing(SESSION)
    called = event("tool.started", call="c1", name="bash", title="x")
    finished = event("tool.finished", call="c1")
    for each, doing in (
        (event("checkpoint.started", covers=5), "starting"),
        (called, "x"),
        (finished, "waiting for the checkpoint writer"),
        (event("checkpoint.written", number=1, covers=5), "going on"),
        (event("window.started", number=2, covers=6, tokens=900), "going on"),
        (called, "x"),
        (finished, "going on"),
    ):
        standing.apply(each)
        assert standing.doing == doing
    assert standing.fill == 900


def test_the_progress_line_shows_the_task_and_the_checkpoints_where_there_is_room() -> None:
    standing = Standing(SESSION)
    standing.step, standing.window, standing.fill = 4, 10_000, 1_234
    for number, state in ((1, "in progress"), (2, "in progress"), (2, "done")):
        title = f"paint the gate {number} with care"
        standing.apply(event("task.changed", task=f"T{number}", title=title, state=state))
    standing.apply(event("checkpoint.written", number=7, covers=5))
    assert "T1 paint the gate 1 with ca… · checkpoint 7" in progress(standing, 120).plain
    narrow = progress(standing, 50).plain
    assert "T1" not in narrow and "window 12%" in narrow
