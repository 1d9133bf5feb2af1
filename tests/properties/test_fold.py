"""The fold of a session: the same whether it was live or read from the log, wherever the host was killed between."""

import copy
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_memory.events import (
    ApprovalAnswered,
    ApprovalRequested,
    BlobRef,
    CheckpointStarted,
    FileEffect,
    GuardActed,
    HostMessage,
    ModelFailed,
    ModelReplied,
    ModelRequested,
    Payload,
    SessionResumed,
    SessionStarted,
    StateChanged,
    ToolCall,
    ToolFinished,
    ToolStarted,
    Unknown,
    Usage,
    UserMessage,
    WindowStarted,
    load,
)
from cairn_memory.sessions import SessionFold

CALLS = st.sampled_from(("c1", "c2", "c3", "ü"))
STEPS = st.integers(1, 9)
WORDS = st.sampled_from(("", "go on", "a\nb", "ünï 漢字", "x" * 5_000, "\x1b[31m"))
STATES = st.sampled_from(("running", "waiting", "done", "failed", "interrupted"))
TOOLS = st.sampled_from(("bash", "read", "edit", "no such tool"))
ROOTS = st.sampled_from(("/p", "/elsewhere/p", ""))
EFFECTS = st.none() | st.builds(
    FileEffect,
    path=st.sampled_from(("/p/a", "/p/b")),
    before=st.just("aa"),
    after=st.sampled_from(("", "bb")),
)

PAYLOADS: st.SearchStrategy[Payload] = st.one_of(
    st.builds(SessionStarted, goal=WORDS, root=st.just("/p"), model=WORDS, window=st.integers(0, 9_000)),
    st.builds(SessionResumed, model=WORDS, base_url=WORDS, window=st.integers(0, 9_000), root=ROOTS),
    st.builds(StateChanged, state=STATES, reason=WORDS),
    st.builds(UserMessage, text=WORDS),
    st.builds(HostMessage, text=WORDS, about=WORDS),
    st.builds(WindowStarted, number=STEPS, head=st.just(BlobRef(digest="d" * 64, size=1)), covers=STEPS),
    st.builds(ModelRequested, step=STEPS, model=WORDS, bytes=STEPS, tokens=st.integers(0, 9_000)),
    st.builds(ModelFailed, step=STEPS, error=st.sampled_from(("WindowFull", "Stalled")), message=WORDS),
    st.builds(
        ModelReplied,
        step=STEPS,
        text=WORDS,
        calls=st.lists(st.builds(ToolCall, id=CALLS, name=TOOLS, arguments=WORDS), max_size=3).map(tuple),
        totals=st.builds(Usage, prompt=STEPS, completion=STEPS),
    ),
    st.builds(ToolStarted, step=STEPS, call=CALLS, name=TOOLS, title=WORDS, effect=EFFECTS),
    st.builds(ToolFinished, step=STEPS, call=CALLS, name=TOOLS, text=WORDS, effect=EFFECTS),
    st.builds(ApprovalRequested, id=CALLS, call=CALLS, name=TOOLS, title=WORDS, grant=WORDS),
    st.builds(
        ApprovalAnswered,
        id=CALLS,
        decision=st.sampled_from(("allow", "session", "always", "deny")),
        words=WORDS,
    ),
    st.builds(GuardActed, guard=WORDS, action=st.sampled_from(("nudge", "retry", "stop")), reason=WORDS),
    st.builds(CheckpointStarted, covers=STEPS, marks=STEPS),
)
STORIES = st.lists(st.tuples(PAYLOADS, st.integers(0, 2_000_000)), max_size=25)
UNKNOWN = st.builds(Unknown, original=st.sampled_from(("{}", '{"text": "of a later version"}')))
Story = Sequence[tuple[Payload, int]]


def _told(story: Story, fold: SessionFold | None = None) -> SessionFold:
    fold = fold or SessionFold("s")
    for payload, time in story:
        fold.apply(payload, time)
    return fold


def _state(fold: SessionFold) -> dict[str, Any]:
    """All that the fold holds, comparable; `updated` only says when something last happened."""
    return {each.name: getattr(fold, each.name) for each in fields(fold) if each.name != "updated"}


def _stored(payload: Payload) -> Payload:
    """What the log gives back."""
    return load(payload.kind, payload.model_dump_json())


@settings(max_examples=80, deadline=None)
@given(STORIES, st.integers(0, 25))
def test_a_story_told_in_two_parts_comes_to_the_same_as_in_one(story: Story, at: int) -> None:
    first = _told(story[:at])
    assert _state(_told(story[at:], copy.deepcopy(first))) == _state(_told(story))


@settings(max_examples=80, deadline=None)
@given(STORIES)
def test_what_is_read_from_the_log_comes_to_the_same_as_what_was_live(story: Story) -> None:
    assert _state(_told([(_stored(payload), time) for payload, time in story])) == _state(_told(story))


@settings(max_examples=60, deadline=None)
@given(STORIES, st.lists(st.tuples(st.integers(0, 25), UNKNOWN, st.integers(0, 2_000_000)), max_size=6))
def test_events_of_a_later_version_change_nothing_wherever_they_stand(
    story: Story, unknown: list[tuple[int, Unknown, int]]
) -> None:
    mixed = list(story)
    for at, payload, time in unknown:
        mixed.insert(at, (payload, time))
    assert _state(_told(mixed)) == _state(_told(story))


@settings(max_examples=80, deadline=None)
@given(STORIES)
def test_whatever_was_told_the_fold_knows_whose_turn_it_is_and_no_number_runs_backwards(story: Story) -> None:
    fold = SessionFold("s")
    worked = 0
    for payload, time in story:
        fold.apply(payload, time)
        assert fold.turn in ("model", "tools", "rest")
        assert (fold.turn == "tools") == bool(fold.pending)
        assert fold.worked_ms >= worked and fold.seconds_worked(0) >= 0
        worked = fold.worked_ms
        assert not fold.denied.keys() & fold.allowed or fold.denied
        assert len(fold.trail) <= 64


@given(PAYLOADS)
def test_an_event_has_one_text_and_the_text_one_event(payload: Payload) -> None:
    text = payload.model_dump_json()
    assert load(payload.kind, text) == payload
    assert json.loads(load(payload.kind, text).model_dump_json()) == json.loads(text)
