"""Changing one file: planned as bytes, refused when the file is no longer what was planned for.

What somebody has open and unsaved is changed in the editor, as one step that they can undo, and stays unsaved:
saving is theirs. Everything else is changed on the disk, and editors that show it load it again.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cairn_agents.editors import Buffer
from cairn_agents.tools import beneath, problems, proposed
from cairn_agents.tools.base import A, Plan, Result, Scope, ToolError
from cairn_agents.tools.content import content, on_disk, plain
from cairn_agents.tools.diff import counts
from cairn_agents.tools.encoding import Document, decode, digest
from cairn_agents.tools.paths import shown
from cairn_memory.events import FileEffect
from cairn_memory.files import remove_leftover

UNSAVED = (
    "\n[The file is open in an editor with changes that are not saved. This one was made there, too, and is not "
    "saved either: until the user saves, commands see the file without it.]"
)


def require_fresh(path: Path, data: bytes, scope: Scope) -> None:
    """Raises ToolError when the file is other than the agent last saw it: somebody else's work is at stake."""
    seen = scope.seen.get(str(proposed.reading(path, scope)))
    if seen is not None and seen != digest(data):
        raise ToolError(
            f"{shown(path, scope)} changed on disk since you last read it; read it again, then redo the change"
        )


def effect_of(path: Path, before: bytes | None, after: bytes, scope: Scope) -> FileEffect:
    """What writing does: to the file, or in propose mode to the text that is proposed for it."""
    place = proposed.writing(path, scope)
    if place != proposed.reading(path, scope):
        before = None  # the first proposal for it
    return FileEffect(path=str(place), before="" if before is None else digest(before), after=digest(after))


def encoded(document: Document, text: str, name: str) -> bytes:
    """`text` as the bytes of its file. Raises ToolError when the file's encoding cannot hold a character."""
    try:
        return document.encode(text)
    except UnicodeEncodeError as error:
        raise ToolError(
            f"{name} is {error.encoding} and cannot hold {text[error.start]!r}; write plain characters instead"
        ) from error


async def apply(plan: Plan[A], scope: Scope) -> Result:
    """Makes the planned change where the file's text is now. Raises ToolError when that changed since the plan."""
    path, effect = plan.paths[0], plan.effect
    assert effect is not None
    if scope.proposal is not None:
        return await asyncio.to_thread(_propose, plan, effect, scope)
    now = await asyncio.to_thread(content, path, scope)
    if ("" if now is None else digest(now.data)) != effect.before:
        raise _moved(path, scope)
    known = await problems.known(path, scope)
    result = Result(plan.result, summary=counts(plan.preview), effect=effect)
    if now is not None and now.buffer is not None:
        await _in_the_editor(plan, now.buffer, scope)
        result = replace(result, text=plan.result + UNSAVED, summary=f"{result.summary}, unsaved")
    else:
        await asyncio.to_thread(_on_disk, plan, None if now is None else now.data, scope)
        scope.editors.written(path, plain(decode(plan.data).text))
    return replace(result, text=result.text + await problems.new(path, known, scope))


def _propose(plan: Plan[A], effect: FileEffect, scope: Scope) -> Result:
    """Keeps the planned text beside the work tree; no file changes."""
    path, place = plan.paths[0], Path(effect.path)
    now = content(path, scope)
    try:
        made = proposed.begin(plan, None if now is None else now.data, scope)
        before = on_disk(place, scope)
        if ("" if before is None else digest(before)) != effect.before:
            raise beneath.Moved
        beneath.replace(place, plan.data, before, _token(effect))
    except beneath.Moved:
        raise _moved(path, scope) from None
    except OSError as error:
        raise ToolError(f"the proposal for {shown(path, scope)} cannot be kept: {error.strerror}") from error
    return Result(plan.result, summary=counts(plan.preview), effect=effect, events=(made,))


async def _in_the_editor(plan: Plan[A], buffer: Buffer, scope: Scope) -> None:
    path = plan.paths[0]
    if not await scope.editors.apply(path, buffer, plain(decode(plan.data).text), f"Cairn: {plan.title}"):
        raise ToolError(
            f"{shown(path, scope)} is open in an editor with changes that are not saved, and the editor did not make "
            "this one: the text changed meanwhile, or the editor does not answer. Read it again before you go on"
        )


def _on_disk(plan: Plan[A], before: bytes | None, scope: Scope) -> None:
    path, effect = plan.paths[0], plan.effect
    assert effect is not None
    try:
        beneath.replace(path, plan.data, before, _token(effect))
    except beneath.Moved:
        raise _moved(path, scope) from None
    except OSError as error:
        raise ToolError(f"{shown(path, scope)} cannot be written: {error.strerror}") from error


def _moved(path: Path, scope: Scope) -> ToolError:
    return ToolError(f"{shown(path, scope)} changed underneath while this was planned; read it again")


async def recover(plan: Plan[A], scope: Scope) -> Result | None:
    """The file itself tells whether the change was made, or the editor that has it open."""
    effect = plan.effect
    if effect is None:
        return None
    path = Path(effect.path)
    with suppress(OSError):  # then it stays, and nothing else depends on it
        await asyncio.to_thread(remove_leftover, path, _token(effect))
    now = await asyncio.to_thread(content, path, scope)
    found = "" if now is None else digest(now.data)
    if found == effect.after:
        note = UNSAVED if now is not None and now.buffer is not None else ""
        return Result(plan.result + note, summary="done before the restart", effect=effect)
    if found == effect.before:
        return None
    raise ToolError(
        f"the run was killed during this call, and {shown(path, scope)} is now neither as before nor as planned; "
        "read it and decide"
    )


def _token(effect: FileEffect) -> str:
    """Names the temporary file of this one change, so that a restart can remove it."""
    return effect.after[:12]
