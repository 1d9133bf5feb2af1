"""grep: lines that fit a regular expression. ripgrep where there is one, else our own, with the same answer."""

import asyncio
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import Field

from cairn_agents.tools import beneath
from cairn_agents.tools.base import Arguments, Kind, Plan, Result, Scope, ToolError
from cairn_agents.tools.encoding import decode
from cairn_agents.tools.masking import Mask, beginning
from cairn_agents.tools.mirror import mirror
from cairn_agents.tools.output import counted
from cairn_agents.tools.paths import missing, resolve, shown
from cairn_agents.tools.search import LINE_LENGTH, OMITTED, STRETCH
from cairn_agents.tools.walk import SKIPPED, fits, is_in_work_tree

MOST = 200
"""Lines in one result."""
TOTAL = 40_000
"""Characters of one result."""
SECONDS = 30.0
_LONGEST = 1 << 22
"""Bytes of one line of the searching program's output."""
_CUT = re.compile(r" \[\.\.\. (?:omitted end of long line|\d+ more match(?:es)?)\]$")
_NOTICE = rb'(found "\0" byte around offset '
"""What ripgrep says of a file in between."""
_COMPARED = 100
"""Characters of a line that are compared with the file's."""
_HELD = 8_000_000
"""Bytes of a file that are looked into again."""
_TITLE = 80
"""Characters of the pattern in a title."""


class GrepArguments(Arguments):
    pattern: str = Field(min_length=1, max_length=2_000)
    path: str = Field(default=".", max_length=4_000)
    glob: str = Field(default="", max_length=1_000)


class Grep:
    name: ClassVar[str] = "grep"
    kind: ClassVar[Kind] = "read"
    Args = GrepArguments

    async def plan(self, call: str, args: GrepArguments, scope: Scope) -> Plan[GrepArguments]:
        if "\0" in args.pattern or "\n" in args.pattern:
            raise ToolError("the pattern holds a NUL or the end of a line; give one that fits within a line")
        try:
            fits(args.glob)
        except ValueError as error:
            raise ToolError(f"glob {args.glob!r} is no pattern: {error}; give one like *.py") from error
        path = resolve(args.path, scope)
        return Plan(call, args, f"grep {beginning(args.pattern, _TITLE, scope.mask)}", paths=(path,))

    async def run(self, plan: Plan[GrepArguments], scope: Scope) -> Result:
        path, args = plan.paths[0], plan.args
        try:
            async with asyncio.timeout(SECONDS):
                command = await asyncio.to_thread(_command, path, args, scope)
                lines = await _search(command, path, args, scope)
                unsaved, shadowed = await _unsaved(path, args, scope)
        except TimeoutError:
            raise ToolError(
                f"the search took more than {SECONDS:.0f} s; narrow it with path or glob, or give a simpler pattern"
            ) from None
        found = [hit for hit in lines[:MOST] if hit.file.resolve() not in shadowed]
        hits = [*unsaved, *await asyncio.to_thread(lambda: list(_still_there(found)))][:MOST]
        if not hits:
            return Result(
                f"Nothing fits {args.pattern} in {shown(path, scope)}; ignored and hidden files are left out.",
                summary="no matches",
            )
        texts = await asyncio.to_thread(_texts, hits, scope)
        more = len(lines) > MOST or len(hits) > len(texts)
        note = "\n[more matches; narrow the search]" if more else ""
        names = ", ".join(sorted({shown(hit.file, scope) for hit in unsaved[: len(texts)]}))
        note += f"\n[as it stands in an editor, with changes that are not saved: {names}]" if names else ""
        return Result(
            "\n".join(texts) + note,
            summary=f"more than {len(texts)} matches" if more else counted(len(texts), "match", "matches"),
        )

    async def recover(self, plan: Plan[GrepArguments], scope: Scope) -> Result | None:
        return None


def _command(path: Path, args: GrepArguments, scope: Scope) -> list[str]:
    """What searches `path`. Sorted by path, so one thread. Raises ToolError when nothing can be searched there."""
    if not path.exists():
        raise missing(path, scope)
    if not path.is_file() and not path.is_dir():  # reading a pipe or a device could take for ever
        raise ToolError(f"{shown(path, scope)} is no ordinary file; give a file or a folder")
    ripgrep = shutil.which("rg")
    if ripgrep is None:  # -P: a module that lies in the workspace must not be imported
        return [sys.executable, "-P", "-m", "cairn_agents.tools.search", args.pattern, str(path), args.glob]
    skipped = [part for name in sorted(SKIPPED) for part in ("--glob", f"!**/{name}/**")]
    alone = [] if is_in_work_tree(path) else ["--no-require-git", "--no-ignore-parent"]
    return [
        ripgrep, "--no-config", "--line-number", "--with-filename", "--no-heading", "--color=never", "--sort=path",
        "--null", "--no-messages", f"--max-columns={STRETCH}", "--max-columns-preview", *skipped, *alone,
        "--regexp", args.pattern, "--", "." if path.is_dir() else str(path),
    ]  # fmt: skip


class Hit(NamedTuple):
    """One line that fits, from 1, as the searching program printed it."""

    file: Path
    number: str
    text: str


async def _search(command: list[str], path: Path, args: GrepArguments, scope: Scope) -> list[Hit]:
    """Places and lines, one more than are shown when there are more: it is cut off as soon as there is enough."""
    folder = path if await asyncio.to_thread(path.is_dir) else None
    spec = (
        fits(args.glob) if args.glob and folder else None
    )  # ripgrep's own --glob would let ignored files in
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder or path.parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST,
    )
    assert process.stdout is not None and process.stderr is not None
    lines: list[Hit] = []
    begun = b""  # of a file's name that has a newline in it
    try:
        while len(lines) <= MOST and (line := begun + await process.stdout.readline()) != begun:
            found, separator, rest = line.partition(b"\0")
            begun = b"" if separator or _NOTICE in line else line
            name = found.decode("utf-8", "surrogateescape")
            if not separator or (spec is not None and not spec.match_file(name.removeprefix("./"))):
                continue
            number, _, text = rest.decode("utf-8", "replace").rstrip("\n").partition(":")
            file = path if folder is None else folder / name.removeprefix("./")
            lines.append(Hit(file, number, text.rstrip("\r")))
        if len(lines) <= MOST:
            said = scope.mask((await process.stderr.read(8_000)).decode("utf-8", "replace").rstrip())
            code = await process.wait()
            if code not in (0, 1) and not lines and (said or code != 2):  # 2 alone: a file it may not read
                raise ToolError(
                    f"{args.pattern!r} could not be searched for; mend the pattern. {said[-2_000:]}"
                )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines


async def _unsaved(path: Path, args: GrepArguments, scope: Scope) -> tuple[list[Hit], set[Path]]:
    """The lines that fit in documents that are open and unsaved, and the files that those stand for."""
    if not scope.editors.unsaved():
        return [], set()
    bare = args.model_copy(update={"glob": ""})
    copies = await asyncio.to_thread(mirror, path, args.glob, scope)
    if copies is None:
        return [], set()
    try:
        hits = await _search(_command(copies.folder, bare, scope), copies.folder, bare, scope)
    finally:
        await asyncio.to_thread(copies.remove)
    files = copies.files
    return [hit._replace(file=files[hit.file]) for hit in hits if hit.file in files], set(files.values())


def _still_there(hits: list[Hit]) -> Iterator[Hit]:
    """Those that stand in the files that were judged: the searching program opens them by name, and a link may have come
    in between. So each line is looked up again, in a file that is opened through no link."""
    found: dict[Path, list[str] | None] = {}
    for hit in hits:
        if hit.file not in found:
            found[hit.file] = _lines_of(hit.file)
        lines, number = found[hit.file], int(hit.number) if hit.number.isdecimal() else 0
        if lines is None:
            continue
        line = lines[number - 1] if 0 < number <= len(lines) else None
        if not lines or (line is not None and line.startswith(_CUT.sub("", hit.text)[:_COMPARED])):
            yield hit


def _lines_of(file: Path) -> list[str] | None:
    """None for a file that is not there, no list of a file that is too large to be held."""
    try:
        with beneath.opened(file) as opened:
            data = opened.read(_HELD + 1)
    except OSError:
        return None
    return [] if len(data) > _HELD else decode(data).text.split("\n")


def _texts(hits: Iterable[Hit], scope: Scope) -> list[str]:
    """The lines as they are shown, as many as there is room for."""
    texts: list[str] = []
    used = 0
    for hit in hits:
        text = f"{shown(hit.file, scope)}:{hit.number}: {_shortened(hit.text, scope.mask)}"
        used += len(text) + 1
        if used > TOTAL and texts:
            break
        texts.append(text)
    return texts


def _shortened(line: str, mask: Mask) -> str:
    kept = _CUT.sub("", line) if len(line) > LINE_LENGTH else line
    whole = kept == line
    if whole and len(line) <= LINE_LENGTH:
        return line
    return beginning(kept, LINE_LENGTH, mask, margin=STRETCH - LINE_LENGTH, whole=whole) + OMITTED
