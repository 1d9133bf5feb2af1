"""Changing one file: planned as bytes, refused when the file is no longer what was planned for."""

import asyncio
from contextlib import suppress
from pathlib import Path

from cairn_agents.tools.base import A, Plan, Result, Scope, ToolError
from cairn_agents.tools.diff import counts
from cairn_agents.tools.encoding import Document, digest
from cairn_agents.tools.paths import shown
from cairn_memory.events import FileEffect
from cairn_memory.files import remove_leftover, write_atomically

LARGEST = 64_000_000
"""Bytes of a file that is changed as a whole."""


def current(path: Path, scope: Scope) -> bytes | None:
    """The bytes at `path`, None when there is no file. Raises ToolError."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ToolError(
                f"{shown(path, scope)} has {size:,} bytes, too many to hold; change it with bash, e.g. sed -i"
            )
        if path.is_dir():
            raise ToolError(f"{shown(path, scope)} is a folder; give a file")
        if not path.is_file():  # reading a pipe or a device could take for ever
            raise ToolError(f"{shown(path, scope)} is no ordinary file; it is not changed")
        return path.read_bytes()
    except FileNotFoundError:
        return None
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


def encoded(document: Document, text: str, name: str) -> bytes:
    """`text` as the bytes of its file. Raises ToolError when the file's encoding cannot hold a character."""
    try:
        return document.encode(text)
    except UnicodeEncodeError as error:
        raise ToolError(
            f"{name} is {error.encoding} and cannot hold {text[error.start]!r}; write plain characters instead"
        ) from error


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
        write_atomically(path, plan.data, token=_token(effect))
    except OSError as error:
        raise ToolError(f"{shown(path, scope)} cannot be written: {error.strerror}") from error
    return Result(plan.result, summary=counts(plan.preview), effect=effect)


async def recover(plan: Plan[A], scope: Scope) -> Result | None:
    """The file itself tells whether the change was made."""
    effect = plan.effect
    if effect is None:
        return None
    path = Path(effect.path)
    with suppress(OSError):  # then it stays, and nothing else depends on it
        await asyncio.to_thread(remove_leftover, path, _token(effect))
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


def _token(effect: FileEffect) -> str:
    """Names the temporary file of this one change, so that a restart can remove it."""
    return effect.after[:12]
