"""Finding model servers on this machine, against servers that answer as the real ones do."""

import json

import pytest
from deadlines import deadline
from raw_server import answer, raw_server

from cairn_agents.model import discover as discovering
from cairn_agents.model.discover import Found, describe, discover


def listed(*ids: str, **more: object) -> bytes:
    return answer(json.dumps({"object": "list", "data": [{"id": id, **more} for id in ids]}).encode())


def told(value: object) -> bytes:
    return answer(json.dumps(value).encode())


async def free_port() -> int:
    async with raw_server() as server:
        return server.port


async def test_servers_that_answer_are_found_in_order_and_the_others_are_named() -> None:
    async with (
        raw_server(listed("qwen3:8b", "nomic-embed-text"), told({"models": []})) as ollama,
        raw_server(listed("org/model", max_model_len=40_960)) as vllm,
    ):
        servers = {"Ollama": ollama.port, "llama.cpp": await free_port(), "vLLM": vllm.port}
        found = await discover(servers)
    assert [(each.name, each.base_url, each.models) for each in found] == [
        ("Ollama", ollama.url, ("qwen3:8b",)),
        ("vLLM", vllm.url, ("org/model",)),
    ]
    line = describe(found, servers)
    assert "qwen3:8b" in line and "llama.cpp" in line and "\n" not in line


async def test_nothing_is_found_where_nobody_listens() -> None:
    servers = {"Ollama": await free_port()}
    assert await discover(servers) == []
    assert str(servers["Ollama"]) in describe([], servers)


@pytest.mark.parametrize(
    "said",
    [
        answer(b"<html>It works!</html>", "text/html"),
        answer(b"{}", status="404 Not Found"),
        answer(b"not json"),
        answer(b"[]"),
        answer(b'{"data": null}'),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
)
async def test_another_server_on_the_port_is_not_taken_for_a_model(said: bytes) -> None:
    async with raw_server(said) as other:
        assert await discover({"llama.cpp": other.port}) == []


async def test_a_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovering, "SECONDS", 0.05)
    async with raw_server() as silent, deadline(5):
        assert await discover({"Ollama": silent.port}) == []


@pytest.mark.parametrize(
    ("name", "models", "second", "window"),
    [
        ("Ollama", listed("m"), told({"models": [{"name": "m", "context_length": 4096}]}), 4096),
        (
            "LM Studio",
            listed("m"),
            told({"data": [{"id": "m", "loaded_context_length": 8192}, {"id": "n"}]}),
            8192,
        ),
        ("llama.cpp", listed("m"), told({"default_generation_settings": {"n_ctx": 4096}}), 4096),
        ("vLLM", listed("m", max_model_len=2048), told({}), 2048),
    ],
)
async def test_a_small_window_is_warned_of_with_what_to_do(
    name: str, models: bytes, second: bytes, window: int
) -> None:
    async with raw_server(models, second) as server:
        (found,) = await discover({name: server.port})
    assert found.window == window
    assert f"{window:,}" in found.warning
    assert found.warning in describe([found], {name: server.port})


async def test_a_large_window_is_no_reason_to_warn() -> None:
    async with raw_server(listed("m"), told({"models": [{"context_length": 131_072}]})) as ollama:
        assert await discover({"Ollama": ollama.port}) == [Found("Ollama", ollama.url, ("m",), 131_072)]


async def test_ollama_that_has_no_model_loaded_is_warned_of_its_default() -> None:
    async with raw_server(listed("m"), answer(b"", status="404 Not Found")) as ollama:
        (found,) = await discover({"Ollama": ollama.port})
    assert "4,096" in found.warning and "OLLAMA_CONTEXT_LENGTH" in found.warning


async def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with raw_server(listed("m", max_model_len=40_960)) as vllm:
        assert len(await discover({"vLLM": vllm.port})) == 1
