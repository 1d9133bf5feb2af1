"""The trail of a session: every peak and every fall of the window stays, however long the session is."""

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cairn_memory.events import (
    CheckpointWritten,
    Event,
    ModelReplied,
    Payload,
    SessionResumed,
    SessionStarted,
    StateChanged,
    Usage,
    WindowStarted,
)
from cairn_memory.events.base import BlobRef
from cairn_memory.sessions import KILLED
from cairn_memory.trail import MARKS, POINTS, Trail, thinned
from cairn_server.documents.trail import page, write_trail
from cairn_server.documents.trail_picture import picture

BLOB = BlobRef(digest="0" * 64, size=1)


def trail_of(*payloads: Payload) -> Trail:
    trail = Trail("261121-abc123")
    for seq, payload in enumerate(payloads, 1):
        trail.apply(Event(seq, "261121-abc123", "", payload.kind, seq * 1_000, payload.model_dump_json()))
    return trail


def reply(step: int, fill: int, cost: float = 0.0) -> ModelReplied:
    return ModelReplied(step=step, usage=Usage(prompt=fill), total_cost=cost)


STORY = (
    SessionStarted(goal="secret goal", root="/w", window=1_000),
    reply(1, 300, 0.1),
    CheckpointWritten(number=1, covers=2, data=BLOB, judged=True),
    reply(2, 900, 0.2),
    WindowStarted(number=2, head=BLOB, covers=4),
    reply(3, 200, 0.3),
    StateChanged(state="interrupted", reason=KILLED, cause="host"),
    SessionResumed(window=2_000),
    reply(4, 500, 0.4),
    StateChanged(state="done", reason="secret reason"),
)


def long_one(steps: int) -> Trail:
    payloads: list[Payload] = [SessionStarted(goal="g", root="/w", window=1_000)]
    for step in range(1, steps + 1):
        payloads.append(reply(step, 1_000 if step == 4_321 else step % 700, step / 1_000))
        if step % 50 == 0:
            payloads.append(WindowStarted(number=step, head=BLOB, covers=1))
    return trail_of(*payloads)


def test_the_trail_tells_fill_cost_checkpoints_rebuilds_kill_and_resume() -> None:
    trail = trail_of(*STORY)
    assert [(point.step, point.fill, point.cost) for point in trail.points] == [
        (1, 300, 0.1),
        (2, 900, 0.2),
        (3, 200, 0.3),
        (4, 500, 0.4),
    ]
    assert [(mark.kind, mark.step, mark.number) for mark in trail.marks] == [
        ("checkpoint", 1, 1),
        ("rebuild", 2, 2),
        ("kill", 3, 0),
        ("resume", 3, 0),
        ("done", 4, 0),
    ]
    assert (trail.window, trail.cost) == (2_000, 0.4)


def test_ten_thousand_steps_are_thinned_without_losing_the_fullest_nor_the_last() -> None:
    points = thinned(long_one(10_000).points)
    assert len(points) <= POINTS
    assert max(point.fill for point in points) == 1_000
    assert (points[-1].step, points[-1].cost) == (10_000, 10.0)
    assert [point.step for point in points] == sorted({point.step for point in points})


def test_the_picture_of_ten_thousand_steps_is_small_and_quick() -> None:
    trail = long_one(10_000)
    trail.points, trail.marks = thinned(trail.points), trail.marks[:MARKS]
    begin = time.monotonic()
    drawn = picture(trail)
    assert len(drawn) < 100_000 and time.monotonic() - begin < 1
    ElementTree.fromstring(drawn)


@pytest.mark.parametrize("trail", [Trail("s"), trail_of(STORY[0], STORY[1]), trail_of(*STORY)])
def test_the_picture_is_xml_with_a_title_and_a_description(trail: Trail) -> None:
    root = ElementTree.fromstring(picture(trail))
    names = [child.tag.rpartition("}")[2] for child in root]
    assert root.attrib["role"] == "img" and names[:2] == ["title", "desc"]
    assert "prefers-color-scheme: dark" in picture(trail)


def test_nothing_that_was_said_stands_in_page_or_picture(tmp_path: Path) -> None:
    trail = trail_of(*STORY)
    written, drawn = write_trail(trail, tmp_path / "session")
    text = written.read_text(encoding="utf-8") + drawn.read_text(encoding="utf-8")
    assert "secret" not in text
    assert f"]({drawn.name})" in text and "| 1 | **checkpoint 1**, facts and judgement | 300 | e3 |" in text
    assert "| 2 | 900 | 45 % | $0.200 |" in page(trail)
