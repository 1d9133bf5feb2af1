"""read: lines of a file with their numbers, or the entries of a folder."""

import asyncio
import hashlib
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.encoding import decode, is_binary
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_memory.events import FileEffect

LINES = 2_000
LINE_LENGTH = 2_000
"""Characters of one line that are shown."""
TOTAL = 48_000
"""Characters of one result."""
LARGEST = 64_000_000
"""Bytes. A larger file is read with a shell command that picks from it."""
_ENTRIES = 500


class ReadArguments(Arguments):
    path: str = Field(max_length=4_000)
    offset: int = Field(default=1, ge=1)
    limit: int = Field(default=LINES, ge=1, le=20_000)


class Read:
    name: ClassVar[str] = "read"
    kind: ClassVar[Kind] = "read"
    Args = ReadArguments

    async def plan(self, call: str, args: ReadArguments, scope: Scope) -> Plan[ReadArguments]:
        path = resolve(args.path, scope)
        return Plan(call, args, f"read {shown(path, scope)}", paths=(path,))

    async def run(self, plan: Plan[ReadArguments], scope: Scope) -> Result:
        return await asyncio.to_thread(_read, plan.paths[0], plan.args, scope)

    async def recover(self, plan: Plan[ReadArguments], scope: Scope) -> Result | None:
        return None


def _read(path: Path, args: ReadArguments, scope: Scope) -> Result:
    try:
        if path.is_dir():
            return _folder(path, scope)
        size = path.stat().st_size
        if not path.is_file():
            raise ToolError(f"{shown(path, scope)} is no ordinary file")
        if size > LARGEST:
            raise ToolError(
                f"{shown(path, scope)} has {size:,} bytes; pick from it with bash: head, tail, grep, sed -n"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise missing(path, scope) from None
    except OSError as error:
        raise ToolError(f"{shown(path, scope)} cannot be read: {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    effect = FileEffect(path=str(path), before=digest, after=digest)
    if is_binary(data):
        return Result(
            f"{shown(path, scope)} is a binary file of {len(data):,} bytes.", "binary", effect=effect
        )
    text, count, total = _numbered(decode(data).text, args)
    if total == 0:
        return Result(f"{shown(path, scope)} is empty.", summary="empty", effect=effect)
    if args.offset > total:
        raise ToolError(f"{shown(path, scope)} has {total} lines; offset {args.offset} is after its end")
    if (last := args.offset + count - 1) < total:
        text += f"\n[lines {args.offset}-{last} of {total}; read on with offset={last + 1}]"
    return Result(
        text, summary=f"{count} of {total} lines" if count < total else f"{total} lines", effect=effect
    )


def _numbered(text: str, args: ReadArguments) -> tuple[str, int, int]:
    """The lines asked for, how many they are, and how many the file has."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    shown_lines: list[str] = []
    used = 0
    for number, line in enumerate(lines[args.offset - 1 : args.offset - 1 + args.limit], start=args.offset):
        if len(line) > LINE_LENGTH:
            line = f"{line[:LINE_LENGTH]} [... {len(line) - LINE_LENGTH:,} more characters]"
        used += len(line) + 8
        if used > TOTAL and shown_lines:
            break
        shown_lines.append(f"{number}\t{line}")
    return "\n".join(shown_lines), len(shown_lines), len(lines)


def _folder(path: Path, scope: Scope) -> Result:
    names = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in path.iterdir())
    more = f"\n[{len(names) - _ENTRIES} more]" if len(names) > _ENTRIES else ""
    listing = "\n".join(names[:_ENTRIES]) or "(empty)"
    return Result(f"{shown(path, scope)} is a folder:\n{listing}{more}", summary=f"{len(names)} entries")
