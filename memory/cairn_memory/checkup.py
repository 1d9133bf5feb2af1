"""Looks the memory over for a person: files that cannot be taken, the index, claims that may be out of date."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from cairn_memory.claims import Claim
from cairn_memory.claims.text import normalised
from cairn_memory.errors import StoreError
from cairn_memory.memory import Memory
from cairn_memory.memory_files import MemoryFile, local_file, project_memory, user_memory
from cairn_memory.recall.names import names_in

NAMED = 20
"""Findings of one sort."""


class Finding(NamedTuple):
    """One thing that was looked at; `advice` says what to do, unless it is well."""

    level: Literal["ok", "warn", "fail"]
    what: str
    advice: str = ""


def memory_files(memory: Memory) -> list[MemoryFile]:
    """All files of the memory that are there or were: the two MEMORY.md first."""
    first = [project_memory(memory.workspace), user_memory(memory.user)]
    known = {file.name for file in first}
    return [
        *first,
        *(local_file(memory.workspace, name) for name in memory.versions.names if name not in known),
    ]


async def checkup(memory: Memory) -> list[Finding]:
    """What was found, in the order of importance. Changes nothing but that edits by hand are noticed."""
    claims = await memory.claims.all()
    gone = await asyncio.to_thread(_gone, memory.workspace.root, claims)
    return [*await _files(memory), await _index(memory), *_twice(claims), *gone]


async def _files(memory: Memory) -> list[Finding]:
    files = memory_files(memory)
    found: list[Finding] = []
    for file in files:
        try:
            await memory.versions.look(file)
        except StoreError as error:
            found.append(Finding("fail", str(error)))
    taken = len(files) - len(found)
    return [*found, Finding("ok", f"{taken} memory file{'' if taken == 1 else 's'} can be read")]


async def _index(memory: Memory) -> Finding:
    try:
        problem = await (await memory.index()).catch_up()
    except StoreError as error:
        return Finding("fail", str(error), "the search finds nothing until then")
    if problem:
        return Finding("warn", f"the search index: {problem}", "`cairn memory reindex` makes it anew")
    return Finding("ok", f"the search index holds everything up to e{memory.log.last_seq}")


def _twice(claims: Sequence[Claim]) -> list[Finding]:
    """Claims that say the same, in two files or with other punctuation."""
    same: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        words = "".join(each if each.isalnum() else " " for each in normalised(claim.text))
        same[" ".join(words.split())].append(claim)
    doubles = [each for each in same.values() if len(each) > 1]
    return [
        Finding(
            "warn",
            f"said twice: {', '.join(f'{each.id} ({each.scope}, line {each.line})' for each in group)}",
            _take_out(group[-1], group),
        )
        for group in doubles[:NAMED]
    ]


def _take_out(claim: Claim, group: Sequence[Claim]) -> str:
    """How to be rid of one of several; `forget` takes a claim out of both files."""
    if sum(each.id == claim.id for each in group) > 1:
        return f"`cairn memory edit {claim.scope}` and take line {claim.line} out"
    return f"`cairn memory forget {claim.id}`"


def _gone(root: Path, claims: Sequence[Claim]) -> list[Finding]:
    """Claims that name a file of the project that is not there."""
    found: list[Finding] = []
    for claim in claims:
        files, _ = names_in(claim.text)
        missing = [path for path in files if _is_relative(path) and not _is_there(root, path)]
        if missing and len(found) < NAMED:
            advice = f"is it still true? `cairn memory forget {claim.id}` takes it out"
            found.append(
                Finding(
                    "warn", f"{claim.id} names {missing[0]}, which is not there: {claim.text[:120]}", advice
                )
            )
    return found or [
        Finding("ok", f"{len(claims)} claim{'' if len(claims) == 1 else 's'}, no named file is missing")
    ]


def _is_relative(path: str) -> bool:
    return "/" in path and not path.startswith(("/", "~", "..")) and "*" not in path


def _is_there(root: Path, path: str) -> bool:
    try:
        return (root / path).exists()
    except (OSError, ValueError):
        return True  # no name that could be looked for
