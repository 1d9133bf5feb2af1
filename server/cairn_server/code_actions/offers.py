"""The actions that are offered: stubs that cost no model call and no look at a disk. Choosing one runs a command."""

import asyncio
import time
from collections.abc import Iterator, Sequence

from lsprotocol import types
from pygls.uris import to_fs_path

from cairn_server.code_actions.commands import EXPLAIN, FIX, REFACTOR, REMEMBER, TASK, TEST
from cairn_server.code_actions.place import Place, at_problem, selected
from cairn_server.documents import fixes
from cairn_server.documents.desk import Desk
from cairn_server.documents.diagnostics import SOURCE
from cairn_server.documents.feature import Feature

PROBLEMS = 5
"""Problems of one request that actions are offered for."""
TITLE = 60
"""Characters of a problem in a title."""
STALE = 5.0
"""Seconds after which the setting is looked up again, beside the answer."""

_OTHER = types.CodeActionKind.Empty
_Offer = tuple[str, str, "types.CodeActionKind | str"]
_ON_PROBLEMS: tuple[_Offer, ...] = (
    ("Fix this", FIX, types.CodeActionKind.QuickFix),
    ("Explain", EXPLAIN, types.CodeActionKind.QuickFix),
    ("Make it a task", TASK, types.CodeActionKind.QuickFix),
    ("Remember this", REMEMBER, types.CodeActionKind.QuickFix),
)
_ON_SELECTIONS: tuple[_Offer, ...] = (
    ("Explain", EXPLAIN, _OTHER),
    ("Write a test", TEST, _OTHER),
    ("Refactor as I say…", REFACTOR, types.CodeActionKind.Refactor),
    ("Make it a task", TASK, _OTHER),
    ("Remember this", REMEMBER, _OTHER),
)


class Offers:
    """For one editor. `shown` is the user's setting, read beside the answers and never for one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown = True
        self._looked = 0.0
        self._looking: asyncio.Task[None] | None = None

    @property
    def features(self) -> tuple[Feature, ...]:
        kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor]
        options = types.CodeActionOptions(code_action_kinds=kinds)
        return (Feature(types.TEXT_DOCUMENT_CODE_ACTION, self.answer, options, []),)

    async def close(self) -> None:
        """Stops looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def answer(self, desk: Desk, params: types.CodeActionParams) -> list[types.CodeAction]:
        """What a person may do about the problems and the selection; on our own pages their own fixes."""
        uri = params.text_document.uri
        if desk.page(uri) is not None:
            return await fixes.fixes(desk, params)
        self._look_again()
        path = to_fs_path(uri) if uri.startswith("file:") else None
        root = str(desk.root)
        if not self._shown or not path or not path.startswith((root + "/", root + "\\")):
            return []
        only = params.context.only
        return [action for action in stubs(uri, params) if _wanted(action, only)]

    def _look_again(self) -> None:
        if time.monotonic() - self._looked > STALE and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(), name="setting of code actions")

    async def _look(self) -> None:
        loaded = await asyncio.to_thread(self._desk.runs.config)
        self._shown = loaded.config.editor.code_actions
        self._looked = time.monotonic()


def stubs(uri: str, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    """All that is offered, whatever the editor asked for."""
    for found in [each for each in params.context.diagnostics if each.source != SOURCE][:PROBLEMS]:
        place = at_problem(uri, found)
        for title, command, kind in _ON_PROBLEMS:
            yield _action(f"Cairn: {title}: {place.problem[:TITLE]}", command, kind, place, [found])
    if params.range.start != params.range.end:
        place = selected(uri, params.range)
        for title, command, kind in _ON_SELECTIONS:
            yield _action(f"Cairn: {title}", command, kind, place, None)


def _action(
    title: str,
    command: str,
    kind: "types.CodeActionKind | str",
    place: Place,
    found: "list[types.Diagnostic] | None",
) -> types.CodeAction:
    """Never a preferred one: nobody's key for the obvious fix shall begin a run."""
    run = types.Command(title=title, command=command, arguments=[place.argument()])
    return types.CodeAction(title=title, kind=kind, diagnostics=found, command=run)


def _wanted(action: types.CodeAction, only: "Sequence[types.CodeActionKind | str] | None") -> bool:
    """Whether the editor asked for actions of this kind, or of any."""
    if not only:
        return True
    kind = str(getattr(action.kind, "value", action.kind) or "")
    asked = [str(getattr(each, "value", each)) for each in only]
    return any(kind == each or not each or kind.startswith(f"{each}.") for each in asked)
