"""The host's log file holds what matters to a person who looks for a fault."""

import logging
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from scripted_provider import ScriptedProvider

from cairn_memory.redact import SecretMasker
from cairn_server.hostlog import log_to


@pytest.fixture
def log_file(tmp_path: Path) -> Generator[Path]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    log_to(tmp_path / "host.log", SecretMasker())
    yield tmp_path / "host.log"
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)


async def test_a_request_to_the_model_leaves_no_line(log_file: Path) -> None:
    async with ScriptedProvider(()) as provider, httpx2.AsyncClient() as client:
        await client.get(f"{provider.url}/models")
    logging.getLogger("cairn").info("a line of our own")
    (line,) = log_file.read_text(encoding="utf-8").splitlines()
    assert "a line of our own" in line
