"""Streamed text in a bounded buffer, and who follows what."""

import json
from pathlib import Path
from typing import Any, cast

from fake_runs import PlainMasker

from cairn_memory.events import NoteAdded
from cairn_memory.store import open_log
from cairn_server.delivery import Delivery, Interest, Pump, StreamText
from cairn_server.outbox import Outbox


def _params(bodies: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(body)["params"] for body in bodies]


def test_text_of_one_source_is_joined_and_others_are_kept_apart() -> None:
    text = StreamText()
    for piece in ("a", "b"):
        text.push(5, "s1", 1, "text", piece)
        text.push(5, "s1", 1, "reasoning", piece.upper())
        text.push(5, "s2", 1, "text", piece * 2)
    shown = [(p["session"], p["source"], p["text"]) for p in _params(text.take(6))]
    assert shown == [("s1", "text", "ab"), ("s1", "reasoning", "AB"), ("s2", "text", "aabb")]
    assert text.take(100) == []


def test_names_of_tools_are_never_joined() -> None:
    text = StreamText()
    text.push(1, "s", 1, "tool", "read")
    text.push(1, "s", 1, "tool", "grep")
    assert [p["text"] for p in _params(text.take(2))] == ["read", "grep"]


def test_text_waits_for_the_events_before_it() -> None:
    text = StreamText()
    text.push(5, "s", 1, "text", "before six")
    text.push(6, "s", 2, "text", "after six")
    assert [p["text"] for p in _params(text.take(6))] == ["before six"]
    assert [p["text"] for p in _params(text.take(7))] == ["after six"]


def test_text_that_nobody_takes_is_bounded_and_says_what_is_missing() -> None:
    text = StreamText(limit=1_000)
    for number in range(10_000):
        text.push(number // 100, "s", number // 100, "text", f"{number:05} ")
    shown = "".join(p["text"] for p in _params(text.take(10_000)))
    assert len(shown) <= 1_000
    assert shown.startswith("[... left out")
    assert shown.endswith("09999 ")


def test_one_text_larger_than_the_bound_keeps_its_end() -> None:
    text = StreamText(limit=100)
    text.push(1, "s", 1, "output", "x" * 10_000 + "the end")
    (shown,) = _params(text.take(2))
    assert len(shown["text"]) <= 100
    assert shown["text"].endswith("the end")


async def test_a_session_is_attended_while_somebody_who_can_answer_follows_it(tmp_path: Path) -> None:
    log, _ = await open_log(tmp_path, PlainMasker())
    delivery = Delivery(log)
    outbox = cast(Outbox, None)

    def pump(interest: Interest) -> Pump:
        return Pump(log, outbox, interest, 0)

    watcher = pump(Interest())
    delivery.add(watcher)
    assert not delivery.attended("a")
    answering = pump(Interest("a", answers=True))
    delivery.add(answering)
    assert delivery.attended("a")
    assert not delivery.attended("b")
    delivery.remove(answering)
    assert not delivery.attended("a")
    delivery.add(pump(Interest(answers=True)))
    assert delivery.attended("b")
    await log.append("a", NoteAdded(text="one"))
    await log.close()
