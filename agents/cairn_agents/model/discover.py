"""Looks for model servers on this machine, for a user who has configured none."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cairn_agents.model.wire import count, items, mapping, text

if TYPE_CHECKING:
    import httpx2

SERVERS: dict[str, int] = {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080, "vLLM": 8000}
"""Name and usual port."""
SECONDS = 0.5
SMALL_WINDOW = 16_384
"""Tokens. Below this an agent has no room to work: its first request alone takes a few thousand."""
_LARGEST = 4_000_000
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered like an OpenAI-compatible one; `models` may be empty.

    `window` is how many tokens the loaded model's context holds, 0 when the server does not tell;
    `warning` is one line for a person, "" when there is nothing to say.
    """

    name: str
    base_url: str
    models: tuple[str, ...]
    window: int = 0
    warning: str = ""


async def discover(servers: Mapping[str, int] = SERVERS) -> list[Found]:
    """Those that answer within half a second, in the order of `servers`."""
    import ssl

    import httpx2  # slow to import, and seldom needed here

    # No proxy is asked for this machine, and no certificate is needed for plain HTTP.
    async with httpx2.AsyncClient(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as http:
        answers = await asyncio.gather(*(_ask(http, name, port) for name, port in servers.items()))
    return [found for found in answers if found is not None]


def describe(found: list[Found], servers: Mapping[str, int] = SERVERS) -> str:
    """One line that says what was looked for and what was there."""
    here = [_describe(server) for server in found]
    missing = [
        f"{name} (port {port})" for name, port in servers.items() if name not in {each.name for each in found}
    ]
    if missing:
        here.append(f"no answer from {', '.join(missing)}")
    return "looked on this machine: " + "; ".join(here)


def _describe(server: Found) -> str:
    more = f" and {len(server.models) - 5} more" if len(server.models) > 5 else ""
    models = f"{', '.join(server.models[:5])}{more}" if server.models else "no model"
    return (
        f"{server.name} at {server.base_url} has {models}{f' ({server.warning})' if server.warning else ''}"
    )


async def _ask(http: "httpx2.AsyncClient", name: str, port: int) -> Found | None:
    server = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(SECONDS):
            listed = await _get(http, f"{server}/v1/models")
    except TimeoutError:
        return None
    if listed is None or not isinstance(listed.get("data"), list):
        return None
    models = [mapping(entry) for entry in items(listed["data"])]
    names = tuple(id for model in models if (id := text(model.get("id"))) and "embed" not in id.lower())
    try:
        async with asyncio.timeout(SECONDS):
            window = await _window(http, name, server, models)
    except TimeoutError:
        window = 0
    return Found(name, f"{server}/v1", names, window, _warning(name, window))


async def _window(
    http: "httpx2.AsyncClient", name: str, server: str, models: list[Mapping[str, object]]
) -> int:
    """Tokens of the smallest loaded context, by each server's own interface; 0 when it does not tell."""
    windows: list[int] = []
    if name == "Ollama":  # https://docs.ollama.com/api, "List running models"
        running = await _get(http, f"{server}/api/ps") or {}
        windows = [count(mapping(model).get("context_length")) for model in items(running.get("models"))]
    elif name == "LM Studio":  # https://lmstudio.ai/docs, REST API v0
        loaded = await _get(http, f"{server}/api/v0/models") or {}
        windows = [count(mapping(model).get("loaded_context_length")) for model in items(loaded.get("data"))]
    elif name == "llama.cpp":  # tools/server/README.md, "GET /props"
        properties = await _get(http, f"{server}/props") or {}
        windows = [count(mapping(properties.get("default_generation_settings")).get("n_ctx"))]
    elif name == "vLLM":
        windows = [count(model.get("max_model_len")) for model in models]
    return min((window for window in windows if window), default=0)


def _warning(name: str, window: int) -> str:
    if window and window < SMALL_WINDOW:
        return (
            f"its context holds only {window:,} tokens, too few to work with: {_REMEDY.get(name, 'raise it')}"
        )
    if name == "Ollama" and not window:
        return f"its context may be as small as 4,096 tokens, and it cuts off what is over: {_REMEDY[name]}"
    return ""


_REMEDY = {
    "Ollama": "start it with OLLAMA_CONTEXT_LENGTH=32768 or more",
    "LM Studio": "load the model with a larger context length",
    "llama.cpp": "start it with -c 32768 or more",
    "vLLM": "start it with a larger --max-model-len",
}


async def _get(http: "httpx2.AsyncClient", url: str) -> Mapping[str, object] | None:
    """A JSON object, None when there is none to be had."""
    import httpx2

    data = bytearray()
    try:
        async with http.stream("GET", url) as response:
            if response.status_code != 200:
                return None
            async for piece in response.aiter_bytes():
                data += piece
                if len(data) > _LARGEST:
                    return None
        return mapping(json.loads(data)) or None
    except (httpx2.HTTPError, OSError, ValueError, RecursionError):
        return None
