"""Where files that are gone may have gone: those of the project that are called the same."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

DEADLINE = 2.0
"""Seconds; when the project is too large for that nothing is offered."""
OUTPUT = 8_000_000
"""Bytes of file names that are looked through."""
MOST = 3


async def moved(root: Path, paths: Collection[str]) -> dict[str, list[str]]:
    """For each of `paths` at most three files below `root` of that name; in one search, without what git ignores."""
    if not paths:
        return {}
    listed = await _files(root)
    wanted = {path: path.rpartition("/")[2] for path in paths}
    by_name = defaultdict[str, list[str]](list)
    names = frozenset(wanted.values())
    for file in listed:
        name = file.rpartition("/")[2]
        if name in names and len(by_name[name]) < MOST:
            by_name[name].append(file)
    return {path: by_name[name] for path, name in wanted.items()}


async def _files(root: Path) -> list[str]:
    tool = ["rg", "--no-config", "--files"] if shutil.which("rg") else ["git", "ls-files"]
    try:
        process = await asyncio.create_subprocess_exec(
            *tool,
            cwd=root,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=OUTPUT,
        )
    except OSError:
        return []
    assert process.stdout is not None
    found = b""
    try:
        async with asyncio.timeout(DEADLINE):
            while len(found) < OUTPUT and (more := await process.stdout.read(OUTPUT)):
                found += more
    except TimeoutError:
        return []
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [line.replace("\\", "/") for line in found.decode("utf-8", "replace").splitlines()]
