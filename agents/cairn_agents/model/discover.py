"""Looks for model servers on this machine, for a user who has configured none."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

SERVERS: dict[str, int] = {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080, "vLLM": 8000}
"""Name and usual port."""
SECONDS = 0.5
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A server that answered like an OpenAI-compatible one; `models` may be empty."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def discover(servers: Mapping[str, int] = SERVERS) -> list[Found]:
    """Those that answer within half a second, in the order of `servers`."""
    answers = await asyncio.gather(*(_ask(name, port) for name, port in servers.items()))
    return [found for found in answers if found is not None]


def describe(found: list[Found], servers: Mapping[str, int] = SERVERS) -> str:
    """One line that says what was looked for and what was there."""
    if not found:
        places = ", ".join(f"{name} (port {port})" for name, port in servers.items())
        return f"looked on this machine for {places}: none answers"
    return "; ".join(
        f"{server.name} at {server.base_url} has {', '.join(server.models[:5]) or 'no model loaded'}"
        for server in found
    )


async def _ask(name: str, port: int) -> Found | None:
    try:
        async with asyncio.timeout(SECONDS):
            body = await _get("127.0.0.1", port, "/v1/models")
        answer = json.loads(body)
        models = tuple(str(entry["id"]) for entry in answer["data"] or ())
    except (OSError, TimeoutError, ValueError, KeyError, TypeError, asyncio.IncompleteReadError):
        return None
    return Found(name, f"http://127.0.0.1:{port}/v1", models)


async def _get(host: str, port: int, path: str) -> bytes:
    """A plain HTTP/1.0 request: no SDK, no proxy, no connection kept."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\n\r\n".encode()
        )
        await writer.drain()
        data = bytearray()
        while len(data) < _LARGEST and (piece := await reader.read(65_536)):
            data += piece
    finally:
        writer.close()
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    if b" 200" not in head.split(b"\r\n", 1)[0]:
        raise ValueError("not found")
    if b"chunked" in head.lower():
        return b"".join(body.split(b"\r\n")[1::2])
    return body
