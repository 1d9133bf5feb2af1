"""Every string of an event is masked, however deep; what names something stays as it is."""

import pytest
from fake_secrets import TOKEN, WITH_FORM
from old_events import filled

from cairn_memory.bounds import LINE
from cairn_memory.events import (
    BlobRef,
    FileEffect,
    HostStarted,
    ModelReplied,
    Payload,
    ToolCall,
    ToolFinished,
    ToolStarted,
    UserMessage,
)
from cairn_memory.redact import SecretMasker, masked

SECRET = WITH_FORM["github classic"]
NAMES = {"id", "call", "root", "output", "path", "before", "after", "digest", "calls", "effect"} | {
    "whole",
    "head",
    "data",
    "content",
}
masker = SecretMasker()


def test_an_event_without_secrets_is_the_same_object() -> None:
    for model in Payload.registry.values():
        payload = filled(model)
        assert masked(payload, masker) is payload


@pytest.mark.parametrize("kind", sorted(Payload.registry))
def test_the_text_of_every_kind_is_masked(kind: str) -> None:
    payload = filled(Payload.registry[kind], f"see {SECRET}")
    safe = masked(payload, masker)
    assert type(safe) is type(payload)
    shown = safe.model_dump_json(exclude=NAMES)
    assert SECRET not in shown


def test_the_arguments_of_calls_are_masked_and_stay_json() -> None:
    arguments = f'{{"command": "export API_TOKEN=\\"{TOKEN}\\""}}'
    reply = ModelReplied(step=1, calls=(ToolCall(id="c1", name="bash", arguments=arguments),))
    (call,) = masked(reply, masker).calls
    assert (call.id, call.name) == ("c1", "bash")
    assert call.arguments.startswith('{"command": "export API_TOKEN=\\"[masked:token:')
    assert call.arguments.endswith(']\\""}')


def test_names_hashes_and_paths_are_never_touched() -> None:
    digest = "d6405f84fe23adb8e408b3fa456dc1f093968fb5c2398f89d5d0f15f35e82ed2"
    effect = FileEffect(path=f"keys/{SECRET}", before=digest, after="")
    started = ToolStarted(step=1, call=SECRET, name="write", effect=effect, title=f"write {SECRET}")
    safe = masked(started, SecretMasker([digest]))
    assert (safe.effect, safe.call) == (effect, SECRET)
    assert SECRET not in safe.title
    finished = ToolFinished(step=1, call="c", whole=BlobRef(digest=digest, size=1), text="ok")
    assert masked(finished, SecretMasker([digest])) is finished


def test_a_field_stays_within_its_bound_when_placeholders_are_longer() -> None:
    knowing = SecretMasker(["abcd1234"])
    payload = HostStarted(pid=1, problems=("abcd1234 " * (LINE // 9),))
    (line,) = masked(payload, knowing).problems
    assert "abcd1234" not in line
    assert len(line) <= LINE


def test_every_message_is_masked_in_full() -> None:
    text = f"{SECRET}\n" * 100
    assert SECRET not in masked(UserMessage(text=text), masker).text
