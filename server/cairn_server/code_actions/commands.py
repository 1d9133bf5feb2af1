"""What the actions on code do when they are chosen: begin a run and say its id at once, or put the place into the memory."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from cairn_agents.modes import ModeName
from cairn_agents.outfit import RunSettings
from cairn_agents.prompts import prompt
from cairn_memory.versions import NO_SESSION
from cairn_server.code_actions.place import Place, place_of
from cairn_server.documents.desk import Desk, uri_of
from cairn_server.documents.feature import told

FIX, EXPLAIN, TEST, REFACTOR = (
    "cairn.code.fix",
    "cairn.code.explain",
    "cairn.code.test",
    "cairn.code.refactor",
)
TASK, REMEMBER = "cairn.code.task", "cairn.code.remember"

WORDS = 4_000
"""Characters of what somebody says to a refactoring."""
LINES = 400
"""Lines of a selection that are searched for such words."""
QUOTED = 200
"""Characters of the first selected line, in a task or a claim."""

_SAID = re.compile(r"\bcairn:\s*(\S.*?)\s*(?:\*/|-->)?\s*$", re.IGNORECASE)
_COMMENTS = {
    **dict.fromkeys(("python", "ruby", "shellscript", "yaml", "toml", "perl", "r", "makefile", "dockerfile"), ("# ", "")),
    **dict.fromkeys(("html", "xml", "markdown", "vue"), ("<!-- ", " -->")),
    **dict.fromkeys(("lua", "sql", "haskell", "elm"), ("-- ", "")),
    **dict.fromkeys(("lisp", "clojure", "scheme", "elisp"), (";; ", "")),
    **dict.fromkeys(("css",), ("/* ", " */")),
}  # fmt: skip
_HERE = "cairn: say here what to do with the lines below, then choose “Refactor as I say” again"


async def fix(desk: Desk, place: Place) -> dict[str, Any]:
    """A run that proposes a fix."""
    return await _begin(desk, place, prompt("code_fix"), "propose")


async def explain(desk: Desk, place: Place) -> dict[str, Any]:
    """A run that only reads; its document is opened."""
    began = await _begin(desk, place, prompt("code_explain"), "plan")
    path = await desk.context.host.document(str(began["session"]))
    capabilities = desk.server.client_capabilities.window
    if capabilities and capabilities.show_document:
        desk.server.window_show_document(types.ShowDocumentParams(uri_of(path), take_focus=False))
    else:
        said = types.ShowMessageParams(types.MessageType.Info, f"Cairn explains in {path}")
        desk.server.window_show_message(said)
    return began


async def test(desk: Desk, place: Place) -> dict[str, Any]:
    """A run that proposes a test."""
    return await _begin(desk, place, prompt("code_test"), "propose")


async def refactor(desk: Desk, place: Place, words: str = "") -> dict[str, Any]:
    """A run that proposes what `words` say; without them, what a comment `cairn: ...` in or above the lines says.

    Where there is no such comment one is put above them, to be filled in: then nothing is begun.
    """
    said = (words.strip() or _said(desk, place))[:WORDS]
    if not said or said == _HERE.removeprefix("cairn: "):
        if not said:
            _ask_in_a_comment(desk, place)
        return {"session": "", "since": 0}
    return await _begin(desk, place, prompt("code_refactor").replace("{words}", said), "propose")


async def task(desk: Desk, place: Place) -> dict[str, Any]:
    """A new task, with the place as its note. No model is asked."""
    tasks = desk.memory.tasks
    change = tasks.create(_about(desk, place), by="user", note=_where(desk, place))
    await desk.memory.record(NO_SESSION, change)
    desk.server.window_show_message(
        types.ShowMessageParams(types.MessageType.Info, f"Cairn: task {change.task}")
    )
    return {"task": change.task}


async def remember(desk: Desk, place: Place) -> dict[str, Any]:
    """A claim about the place. No model is asked."""
    text = f"{_where(desk, place)}: {_about(desk, place)}"
    kept = await desk.memory.claims.remember(text, "fact", by="user")
    desk.server.window_show_message(
        types.ShowMessageParams(types.MessageType.Info, f"Cairn remembers: {kept.claim.text[:QUOTED]}")
    )
    return {"claim": kept.claim.id}


async def _begin(desk: Desk, place: Place, words: str, mode: ModeName) -> dict[str, Any]:
    problem = f"The problem reported there: “{place.problem}”." if place.problem else ""
    filled = {"{place}": _where(desk, place), "{problem}": problem}
    for mark, value in filled.items():
        words = words.replace(mark, value)
    session, since = await desk.runs.start(words.strip(), desk.root, mode, RunSettings())
    return {"session": session, "since": since}


def _where(desk: Desk, place: Place) -> str:
    return f"{place.name(desk.root)}, {place.lines}"


def _about(desk: Desk, place: Place) -> str:
    """The problem, else the first selected line that is not empty."""
    if place.problem:
        return place.problem
    line = next((line.strip() for line in _lines(desk, place) if line.strip()), "")
    return line[:QUOTED] or f"look at {place.lines}"


def _lines(desk: Desk, place: Place) -> list[str]:
    """The selected lines as the editor has them."""
    try:
        lines = desk.server.workspace.get_text_document(place.uri).lines
    except (OSError, UnicodeDecodeError):
        return []
    return [line.rstrip("\r\n") for line in lines[place.first - 1 : min(place.last, place.first + LINES)]]


def _said(desk: Desk, place: Place) -> str:
    above = place.model_copy(update={"first": max(place.first - 1, 1)})
    found = (_SAID.search(line) for line in _lines(desk, above))
    return next((match[1] for match in found if match), "")


def _ask_in_a_comment(desk: Desk, place: Place) -> None:
    document = desk.server.workspace.get_text_document(place.uri)
    begin, end = _COMMENTS.get(document.language_id or "", ("// ", ""))
    first = (_lines(desk, place) or [""])[0]
    indent = first[: len(first) - len(first.lstrip())]
    at = types.Position(place.first - 1, 0)
    edit = types.TextEdit(types.Range(at, at), f"{indent}{begin}{_HERE}{end}\n")
    named = types.OptionalVersionedTextDocumentIdentifier(place.uri, document.version)
    changes = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(named, [edit])])
    desk.server.workspace_apply_edit(types.ApplyWorkspaceEditParams(changes, "Cairn: say what to do"))


Code = Callable[..., Awaitable[dict[str, Any]]]
COMMANDS: dict[str, Code] = {
    FIX: fix, EXPLAIN: explain, TEST: test, REFACTOR: refactor, TASK: task, REMEMBER: remember,
}  # fmt: skip


def offer(server: LanguageServer, desk: Desk) -> None:
    """Has pygls announce and run them. Each takes a place; refactoring also words."""
    for name, command in COMMANDS.items():
        server.command(name)(_guarded(desk, name, command))


def _guarded(desk: Desk, name: str, command: Code) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def run_it(*given: Any) -> dict[str, Any]:
        arguments = cast("tuple[object, ...]", given)
        if not 1 <= len(arguments) <= 1 + (name == REFACTOR):
            raise JsonRpcInvalidParams(f"{name}: give a place{' and words' if name == REFACTOR else ''}")
        with told():
            return await command(desk, place_of(arguments[0]), *(str(each) for each in arguments[1:]))

    return run_it
