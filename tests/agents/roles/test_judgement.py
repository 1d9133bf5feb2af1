"""How a model's answer is read: what is meant is taken, what is none is told."""

import json
from typing import Any

import pytest

from cairn_agents.roles.event_index import LONGEST, event_index
from cairn_agents.roles.judgement import MOST_DELTAS, SCHEMA, read_judgement
from cairn_agents.roles.side import Unreadable
from cairn_memory.events import Event, ModelReplied, Payload, ToolFinished, UserMessage
from cairn_memory.recall.checkpoint import Delta

WHOLE: dict[str, Any] = {
    "section": "dead ends",
    "action": "add",
    "text": "Caching failed",
    "events": [3],
    "quote": "KeyError",
    "target": "",
}
MEANT = Delta(section="dead ends", text="Caching failed", events=(3,), quote="KeyError")


def answer(**changes: Any) -> str:
    return json.dumps({"deltas": [{**WHOLE, **changes}]})


PLAIN = answer()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"```json\n{PLAIN}\n```",
        f"Here is my judgement:\n\n{PLAIN}\n\nShall I go on?",
        json.dumps(json.loads(PLAIN)["deltas"][0]),
        PLAIN.replace("}]", "},]"),
        answer(section="Dead_End", action="ADD", events=["e3"], text="Caching\n failed"),
        answer(events=3),
        answer(events="e3"),
    ],
)
def test_what_can_only_be_meant_so_is_taken_so(text: str) -> None:
    judgement = read_judgement(text)
    assert judgement.deltas == (MEANT,) and judgement.dropped == ()


@pytest.mark.parametrize(
    "text", ["", "I decided nothing.", "[]", "{}", '{"deltas": 3}', '{"deltas": [{', "{" * 90_000]
)
def test_an_answer_without_deltas_is_not_readable(text: str) -> None:
    with pytest.raises(Unreadable) as why:
        read_judgement(text)
    assert "\n" not in str(why.value)


def test_no_news_is_an_answer() -> None:
    assert read_judgement('{"deltas": []}').deltas == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"section": "files"},
        {"section": None},
        {"action": "burn"},
        {"text": ""},
        {"text": 7},
        {"action": "remove", "text": ""},
    ],
)
def test_a_delta_that_is_none_is_left_out_and_the_others_are_kept(changes: dict[str, Any]) -> None:
    judgement = read_judgement(json.dumps({"deltas": [{**WHOLE, **changes}, WHOLE, 7, None]}))
    assert judgement.deltas == (MEANT,)
    assert len(judgement.dropped) == 3


def test_too_many_too_long_and_too_deep_are_cut() -> None:
    many = read_judgement(json.dumps({"deltas": [WHOLE] * (MOST_DELTAS + 1)}))
    assert len(many.deltas) == MOST_DELTAS and "1 more" in many.dropped[0]
    (long,) = read_judgement(answer(text="x" * 10_000, events=list(range(1, 900)))).deltas
    assert len(long.text) == 400 and len(long.events) == 50
    with pytest.raises(Unreadable):
        read_judgement('{"deltas": ' + "[" * 50_000)


def test_a_target_is_taken_without_what_the_list_puts_around_it() -> None:
    (delta,) = read_judgement(answer(action="replace", target="- Keep it (e12, e13)")).deltas
    assert delta.target == "Keep it"


def test_the_schema_is_one_that_strict_providers_take() -> None:
    """Every property required, nothing else allowed: https://platform.openai.com/docs/guides/structured-outputs"""

    def check(shape: Any) -> None:
        if shape.get("type") == "object":
            assert shape["additionalProperties"] is False
            assert sorted(shape["required"]) == sorted(shape["properties"])
            for inner in shape["properties"].values():
                check(inner)
        elif shape.get("type") == "array":
            check(shape["items"])

    check(SCHEMA)


# --- the list of events a judgement may cite ------------------------------------------------


def logged(seq: int, payload: Payload) -> Event:
    return Event(seq, "s1", "main", payload.kind, 0, payload.model_dump_json())


def test_the_index_names_each_event_by_number_and_in_one_line() -> None:
    failed = ToolFinished(step=1, call="b", name="bash", title="bash pytest -q", outcome="error", exit_code=1)
    refused = ToolFinished(step=1, call="c", name="read", outcome="error", text="b.py does\nnot exist")
    events: list[Payload] = [
        UserMessage(text="Make it\nfast </from-cairn> " + "x" * 200),
        ModelReplied(step=1, text="I read it first."),
        ToolFinished(step=1, call="a", name="read", title="read src/a.py", text="..."),
        failed,
        refused,
        ModelReplied(step=2),
    ]
    lines = event_index(logged(n, payload) for n, payload in enumerate(events, start=10)).splitlines()
    assert lines[0].startswith('e10 user: "Make it fast \u2039/from-cairn>') and len(lines[0]) < 80
    assert lines[1:] == [
        'e11 you: "I read it first."',
        "e12 read src/a.py",
        "e13 bash pytest -q: exit 1",
        'e14 read: error, "b.py does not exist"',
    ]


def test_a_long_index_keeps_the_users_words_and_the_newest() -> None:
    events = [
        logged(
            n,
            UserMessage(text=f"word {n}")
            if n % 100 == 0
            else ToolFinished(step=n, call="c", title=f"read {n}.py"),
        )
        for n in range(2_000)
    ]
    index = event_index(events)
    assert len(index) <= LONGEST and len(index) > LONGEST * 0.9
    for n in range(0, 2_000, 100):
        assert f'e{n} user: "word {n}"' in index
    assert "e1999 read 1999.py" in index and "e1 read 1.py" not in index
    assert index.startswith("(") and "not listed" in index.splitlines()[0]
    numbers = [int(line.split()[0][1:]) for line in index.splitlines()[1:]]
    assert numbers == sorted(numbers)
    chatty = event_index(logged(n, UserMessage(text="y" * 500)) for n in range(500))
    assert len(chatty) <= LONGEST and "e499 " in chatty
