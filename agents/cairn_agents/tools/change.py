"""Changing one file: planned as bytes, refused when the file is no longer what was planned for."""

import asyncio
import difflib
from pathlib import Path

from cairn_agents.tools.base import A, Plan, Result, Scope, ToolError
from cairn_agents.tools.encoding import digest
from cairn_agents.tools.paths import shown
from cairn_memory.events import FileEffect
from cairn_memory.files import write_atomically

_PREVIEW = 60_000
"""Characters of a diff that a person is shown."""
_DIFFABLE = 2_000_000
"""Characters. Larger texts are not compared line by line: it would take minutes."""


def current(path: Path, scope: Scope) -> bytes | None:
    """The bytes at `path`, None when there is no file. Raises ToolError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise ToolError(f"{shown(path, scope)} is a folder; give a file") from None
    except OSError as error:
        raise ToolError(f"{shown(path, scope)} cannot be read: {error.strerror}") from error


def require_fresh(path: Path, data: bytes, scope: Scope) -> None:
    """Raises ToolError when the file is other than the agent last saw it: somebody else's work is at stake."""
    seen = scope.seen.get(str(path))
    if seen is not None and seen != digest(data):
        raise ToolError(
            f"{shown(path, scope)} changed on disk since you last read it; read it again, then redo the change"
        )


def effect_of(path: Path, before: bytes | None, after: bytes) -> FileEffect:
    return FileEffect(path=str(path), before="" if before is None else digest(before), after=digest(after))


def diff(path: Path, before: str, after: str, scope: Scope) -> str:
    """A unified diff for a person, bounded."""
    if len(before) + len(after) > _DIFFABLE:
        return f"{shown(path, scope)}: {len(before):,} characters become {len(after):,}"
    name = shown(path, scope)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}", n=3
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)[:_PREVIEW]


def counts(preview: str) -> str:
    """ "+3 -1" out of a diff, for the line a person sees."""
    lines = preview.splitlines()[2:]
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return f"+{added} -{removed}"


async def apply(plan: Plan[A], scope: Scope) -> Result:
    """Writes the planned bytes. Raises ToolError when the file changed since the plan was made."""
    return await asyncio.to_thread(_apply, plan, scope)


def _apply(plan: Plan[A], scope: Scope) -> Result:
    path, effect = plan.paths[0], plan.effect
    assert effect is not None
    before = current(path, scope)
    if ("" if before is None else digest(before)) != effect.before:
        raise ToolError(f"{shown(path, scope)} changed underneath while this was planned; read it again")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, plan.data)
    except OSError as error:
        raise ToolError(f"{shown(path, scope)} cannot be written: {error.strerror}") from error
    return Result(plan.result, summary=counts(plan.preview), effect=effect)


async def recover(plan: Plan[A], scope: Scope) -> Result | None:
    """The file itself tells whether the change was made."""
    effect = plan.effect
    if effect is None:
        return None
    path = Path(effect.path)
    before = await asyncio.to_thread(current, path, scope)
    now = "" if before is None else digest(before)
    if now == effect.after:
        return Result(plan.result, summary="done before the restart", effect=effect)
    if now == effect.before:
        return None
    raise ToolError(
        f"the run was killed during this call, and {shown(path, scope)} is now neither as before nor as planned; "
        "read it and decide"
    )
