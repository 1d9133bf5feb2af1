"""Neovim as a client: its own LSP client, which nobody here wrote, watches a run (`e2e/neovim_client.lua`)."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

NVIM = shutil.which("nvim")
MISSING = "neovim is not installed (Debian and Ubuntu: apt-get install neovim)"
SCRIPT = Path(__file__).parent / "e2e" / "neovim_client.lua"


@asynccontextmanager
async def neovim(
    folder: Path, command: Sequence[str], **watch: Any
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Runs neovim in `folder`; ended afterwards if need be. `command` starts the server."""
    assert NVIM is not None, MISSING
    process = await asyncio.create_subprocess_exec(
        *(NVIM, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(SCRIPT)),
        cwd=folder,
        env=os.environ | {"CAIRN_WATCH": json.dumps({"command": list(command), "since": 0} | watch)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=32_000_000,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said_until(folder: Path, script: Path, end: str) -> str:
    """Runs neovim in `folder` with a script that goes on for ever; all it has said once that matches `end`."""
    assert NVIM is not None, MISSING
    process = await asyncio.create_subprocess_exec(
        *(NVIM, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-S", str(script)),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = b""
    try:
        while not re.search(end, said.decode("utf-8", "replace"), re.DOTALL):
            more = await process.stderr.read(65_536)
            assert more, f"neovim left: {said.decode('utf-8', 'replace')}"
            said += more
    finally:
        process.kill()
        await process.wait()
    return said.decode("utf-8", "replace")


async def all_events(process: asyncio.subprocess.Process) -> list[dict[str, Any]]:
    """Every event it printed, once it has left by itself."""
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode("utf-8", "replace")
    return [json.loads(line) for line in out.decode("utf-8").splitlines() if line.startswith("{")]
