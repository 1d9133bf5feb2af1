"""Events of every earlier version load, and none grows without limit."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from old_events import filled

from cairn_memory.bounds import LINE, LINES, REPLY, TEXT
from cairn_memory.events import Event, HostStarted, Payload, Unknown, load

OLD = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "events-v1.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("old", OLD, ids=lambda old: old["kind"])
def test_an_old_event_still_says_what_it_said(old: dict[str, str]) -> None:
    payload = load(old["kind"], old["text"])
    assert not isinstance(payload, Unknown)
    said, says = json.loads(old["text"]), payload.model_dump(mode="json")
    assert says == {**says, **said}


def test_every_kind_has_a_line_that_must_load_for_ever() -> None:
    missing = set(Payload.registry) - {old["kind"] for old in OLD}
    assert missing == set(), (
        f"python tests/old_events.py {' '.join(missing)} >> tests/memory/data/events-v1.jsonl"
    )


def test_an_unknown_kind_is_kept_as_it_was() -> None:
    text = '{"of": "a later version"}'
    assert load("later.kind", text) == Unknown(original=text)
    event = Event(1, "s", "main", "later.kind", 0, text)
    assert json.loads(event.wire)["payload"] == {"of": "a later version"}


@pytest.mark.parametrize("old", OLD, ids=lambda old: old["kind"])
def test_a_field_of_a_later_version_does_no_harm(old: dict[str, str]) -> None:
    later = json.dumps({**json.loads(old["text"]), "field_of_tomorrow": {"a": [1]}})
    assert load(old["kind"], later) == load(old["kind"], old["text"])


def test_damaged_text_is_an_error() -> None:
    with pytest.raises(ValueError):
        load("message.user", '{"text": ')


LARGEST = 30 * (REPLY + TEXT + 40 * LINE)
"""Bytes: five fields of each size at most, and six bytes a character where JSON escapes it."""


@settings(max_examples=25, deadline=None)
@given(piece=st.text(st.characters(codec=None), min_size=1, max_size=20), times=st.integers(1, 400_000))
def test_no_event_is_stored_larger_than_its_bounds(piece: str, times: int) -> None:
    text = (piece * times)[:700_000]
    for kind, model in Payload.registry.items():
        payload = filled(model, text)
        stored = payload.model_dump_json()
        assert len(json.loads(stored)) == len(model.model_fields)
        assert len(stored.encode()) <= LARGEST
        assert load(kind, stored) == payload


def test_a_long_list_is_cut() -> None:
    assert len(HostStarted(pid=1, problems=tuple("x" * LINE for _ in range(1_000))).problems) == LINES
