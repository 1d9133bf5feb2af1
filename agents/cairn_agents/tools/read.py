"""read: lines of a file with their numbers, or the entries of a folder."""

import asyncio
import codecs
import errno
import hashlib
import os
from dataclasses import replace
from io import BufferedReader
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from cairn_agents.tools import beneath, proposed
from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.content import LARGEST, content
from cairn_agents.tools.encoding import decode, digest, is_binary
from cairn_agents.tools.excerpt import Excerpt, from_file, from_text
from cairn_agents.tools.magic import kind_of
from cairn_agents.tools.output import counted
from cairn_agents.tools.paths import missing, resolve, shown, visible
from cairn_memory.events import FileEffect

LINES = 2_000
HELD = 8_000_000
"""Bytes. A larger file is streamed."""
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
        await scope.editors.diagnostics(plan.paths, 0.0)  # who looks at it begins to: it may be changed next
        return await asyncio.to_thread(_read, plan.paths[0], plan.args, scope)

    async def recover(self, plan: Plan[ReadArguments], scope: Scope) -> Result | None:
        return None


def _read(path: Path, args: ReadArguments, scope: Scope) -> Result:
    name, path = shown(path, scope), proposed.reading(path, scope)
    try:
        if path.is_dir():
            return _folder(path, scope)
        if (there := _unsaved(path, args, scope)) is not None:
            return there
        with beneath.opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > HELD:
                return _large(file, path, name, size, args, scope)
            return _held(file, path, name, args, scope)
    except FileNotFoundError:
        raise missing(path, scope) from None
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENXIO):
            raise ToolError(f"{name} is no ordinary file; look at it with bash") from error
        raise ToolError(f"{name} cannot be read: {error.strerror}") from error


def _unsaved(path: Path, args: ReadArguments, scope: Scope) -> Result | None:
    """Out of the document that somebody has open with other text than the file's; None where nobody has."""
    open_in = scope.editors.buffer(path)
    there = content(path, scope) if open_in is not None and open_in.unsaved else None
    if there is None or there.buffer is None:
        return None
    lines = from_text(there.buffer.text, args.offset, args.limit, scope.mask)
    result = _shown(lines, shown(path, scope), _seen(path, digest(there.data)))
    return replace(
        result,
        text=f"{result.text}\n[as it stands in an editor, with changes that are not saved]",
        summary=f"{result.summary}, unsaved",
    )


def _held(file: BufferedReader, path: Path, name: str, args: ReadArguments, scope: Scope) -> Result:
    data = file.read()
    effect = _seen(path, digest(data))
    if is_binary(data):
        return _binary(data, len(data), name, effect)
    return _shown(from_text(decode(data).text, args.offset, args.limit, scope.mask), name, effect)


def _large(
    file: BufferedReader, path: Path, name: str, size: int, args: ReadArguments, scope: Scope
) -> Result:
    """By range, in little memory. What is too large to be changed as a whole need not be known by its hash."""
    beginning = file.read(8_192)
    file.seek(0)
    effect = _seen(path, hashlib.file_digest(file, "sha256").hexdigest()) if size <= LARGEST else None
    if is_binary(beginning):
        return _binary(beginning, size, name, effect)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ToolError(
            f"{name} is UTF-16 and has {size:,} bytes; pick from it with bash: iconv, then sed -n"
        )
    file.seek(0)
    return _shown(from_file(file, args.offset, args.limit, scope.mask), name, effect)


def _seen(path: Path, content: str) -> FileEffect:
    return FileEffect(path=str(path), before=content, after=content)


def _binary(beginning: bytes, size: int, name: str, effect: FileEffect | None) -> Result:
    kind = kind_of(beginning)
    named = f" ({kind})" if kind else ""
    return Result(f"{name} is a binary file of {size:,} bytes{named}.", "binary", effect=effect)


def _shown(lines: Excerpt, name: str, effect: FileEffect | None) -> Result:
    if lines.total == 0:
        return Result(f"{name} is empty.", summary="empty", effect=effect)
    if lines.first > lines.total:
        raise ToolError(
            f"{name} has {counted(lines.total, 'line')}; offset {lines.first} is after its end, give a smaller one"
        )
    text, whole = lines.text, lines.first == 1 and lines.last == lines.total
    if lines.last < lines.total:
        text += f"\n[lines {lines.first}-{lines.last} of {lines.total}; read on with offset={lines.last + 1}]"
    elif not whole:
        text += f"\n[lines {lines.first}-{lines.last} of {lines.total}, the end]"
    count = lines.last - lines.first + 1
    return Result(
        text, counted(lines.total, "line") if whole else f"{count} of {lines.total} lines", effect=effect
    )


def _folder(path: Path, scope: Scope) -> Result:
    names = sorted(f"{each.name}/" if each.leads_to_folder else each.name for each in beneath.entries(path))
    more = f"\n[{len(names) - _ENTRIES} more]" if len(names) > _ENTRIES else ""
    listing = "\n".join(map(visible, names[:_ENTRIES])) or "(empty)"
    return Result(
        f"{shown(path, scope)} is a folder:\n{listing}{more}", summary=counted(len(names), "entry", "entries")
    )
