"""Whether identifiers stand anywhere in the project: one search for all of them, within a deadline."""

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path

DEADLINE = 2.0
"""Seconds; when the project is too large for that nothing is said."""
MOST = 200
"""Identifiers of one search."""
LARGEST = "1M"
OUTPUT = 1_000_000
"""Bytes of findings that are read; beyond them nothing is said."""


async def symbols_there(root: Path, names: Collection[str]) -> set[str] | None:
    """Those of `names` that a file below `root` has as a word; None when that could not be found out.

    With ripgrep, else git's own search. Our own folder is left out: it would find what it tells of.
    """
    command = _command(sorted(names)[:MOST])
    if command is None or len(names) > MOST:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(DEADLINE):
            assert process.stdout is not None
            found = await process.stdout.read(OUTPUT + 1)
            while len(found) <= OUTPUT and (more := await process.stdout.read(OUTPUT)):
                found += more
            if len(found) > OUTPUT:
                return None
            code = await process.wait()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return (
        {line for line in found.decode("utf-8", "replace").splitlines() if line} if code in (0, 1) else None
    )


def _command(names: list[str]) -> list[str] | None:
    patterns = [part for name in names for part in ("-e", name)]
    if rg := shutil.which("rg"):
        own = ["--no-config", "--hidden", "--glob", "!.cairn", "--glob", "!.git", "--max-filesize", LARGEST]
        return [rg, *own, "-oIFw", "--no-filename", "--no-line-number", *patterns, "."]
    if git := shutil.which("git"):
        return [git, "grep", "--no-index", "--exclude-standard", "-ohFwI", *patterns, "--", ":!.cairn"]
    return None
