"""A key goes only where it was meant to go: on the wire, to real endpoints on loopback."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import ScriptedProvider, call, say

from cairn_agents.credentials import same_address
from cairn_memory.events import SessionResumed, SessionStarted

CLIENTS = "sk-client-4f8ad0c1b2e39d7716aa02"
OWN = "own-key-9c1e77d04b5a6f2083"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CAIRN_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OWN_KEY", OWN)


@asynccontextmanager
async def configured(folder: Path, api_key_env: str) -> AsyncGenerator[tuple[Harness, ScriptedProvider]]:
    """A harness whose config.toml names the second endpoint, and the variable with its key."""
    async with ScriptedProvider((), default=say("Done.")) as other:
        config = f'[model]\nname = "m"\nbase_url = "{other.url}"\napi_key_env = "{api_key_env}"\n'
        async with harness(folder, (), config=config, default=say("Done.")) as at:
            yield at, other


def keys(provider: ScriptedProvider) -> list[str]:
    return [request.header("authorization") for request in provider.requests]


async def test_an_address_from_the_command_line_gets_no_key_of_the_configured_one(tmp_path: Path) -> None:
    async with configured(tmp_path, "OWN_KEY") as (at, _):
        await at.run()
        assert keys(at.provider) == [""]


async def test_the_configured_address_gets_its_own_key_and_not_the_clients(tmp_path: Path) -> None:
    async with configured(tmp_path, "OWN_KEY") as (at, other):
        await at.run(base_url=None, api_key=CLIENTS)
        assert keys(other) == [f"Bearer {OWN}"]


async def test_the_configured_address_gets_the_clients_key_when_it_takes_that_variable(
    tmp_path: Path,
) -> None:
    async with configured(tmp_path, "OPENAI_API_KEY") as (at, other):
        await at.run(base_url=None, api_key=CLIENTS)
        assert keys(other) == [f"Bearer {CLIENTS}"]


async def test_a_clients_key_goes_to_the_address_it_came_with(tmp_path: Path) -> None:
    async with configured(tmp_path, "OWN_KEY") as (at, _):
        await at.run(api_key=CLIENTS)
        assert keys(at.provider) == [f"Bearer {CLIENTS}"]


async def test_a_resumed_session_sends_the_key_it_sent_before_and_no_other(tmp_path: Path) -> None:
    async with configured(tmp_path, "OWN_KEY") as (at, other):
        session = (await at.run(api_key=CLIENTS)).session
        await at.resume(session, "More.", base_url=None, model=None, api_key=CLIENTS)
        await at.resume(session, "More.", base_url=None, model=None, api_key="sk-another-77b1c0ffee00aa")
        await at.resume(session, "More.", base_url=None, model=None)
        assert keys(at.provider) == [f"Bearer {CLIENTS}", f"Bearer {CLIENTS}", "", ""]
        assert not other.requests


async def test_the_log_knows_a_key_again_and_holds_no_part_of_it(tmp_path: Path) -> None:
    async with configured(tmp_path, "OWN_KEY") as (at, _):
        session = (await at.run(api_key=CLIENTS)).session
        await at.resume(session, "More.", base_url=None, api_key=CLIENTS)
        started, resumed = await at.payloads(SessionStarted.kind, SessionResumed.kind)
        assert isinstance(started, SessionStarted) and isinstance(resumed, SessionResumed)
        assert started.key == resumed.key != ""
        assert CLIENTS[3:] not in "".join(event.text for event in await at.events())


async def test_a_short_key_is_sent_and_not_kept(tmp_path: Path) -> None:
    async with harness(tmp_path, [call("note", text="x"), say("Done.")]) as at:
        await at.run(api_key="k")
        assert keys(at.provider) == ["Bearer k", "Bearer k"]
        (started,) = await at.payloads(SessionStarted.kind)
        assert isinstance(started, SessionStarted) and started.key == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://api.example/v1", "https://API.example/v1/", True),
        ("https://api.example/v1", "http://api.example/v1", False),
        ("https://api.example/v1", "https://api.example.evil/v1", False),
        ("https://api.example/v1", "https://api.example:444/v1", False),
        ("https://api.example/v1", "https://api.example@evil/v1", False),
        ("https://api.example/v1", "https://api.example/v2", False),
    ],
)
def test_addresses_are_the_same_only_when_they_name_the_same_place(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same
