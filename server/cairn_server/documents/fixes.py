"""Quick fixes: for each finding what a person would do about it, as an edit to look at or a command."""

from collections.abc import Iterator
from typing import Any, cast

from lsprotocol import types
from pygls.workspace import TextDocument

from cairn_server.documents.bullets import Shown, bullets
from cairn_server.documents.commands import FORGET, KEEP, PROMOTE
from cairn_server.documents.desk import Desk
from cairn_server.documents.diagnostics import SOURCE

TITLE = 50
"""Characters of a claim in the title of an action."""


async def fixes(desk: Desk, params: types.CodeActionParams) -> list[types.CodeAction]:
    """For the findings under the cursor or in the selection."""
    document = desk.document(params.text_document.uri)
    if document is None:
        return []
    ours = [one for one in params.context.diagnostics if one.source == SOURCE]
    if not ours:
        return []
    shown = await bullets(desk, document)
    return [action for each in ours for action in _of(desk, document, each, shown)]


def _of(
    desk: Desk, document: TextDocument, found: types.Diagnostic, shown: list[Shown]
) -> Iterator[types.CodeAction]:
    line = found.range.start.line
    claim = next((one for one in shown if one.first <= line <= one.last), None)
    about = str(_data(found, "about") or "")
    for path in cast(list[str], _data(found, "moved") or []):
        yield _edit(document, found, f"Name {path} instead", found.range, path)
    if found.code == "secret":
        text = document.lines[line].rstrip("\r\n")
        masked = desk.memory.log.masker.mask(text)
        yield _edit(document, found, "Mask the secret", desk.whole(document, line), masked)
    if found.code in ("said-twice", "cites-nothing") or claim is None:
        yield _edit(document, found, "Remove this line", _line(document, line, claim), "")
    if found.code == "over-budget":
        yield from _told_least(found, about, shown)
        return
    if found.code == "contradiction" and about:
        yield _command(found, f"Forget the other one ({about})", FORGET, about)
    if claim is not None and claim.claim is not None and found.code != "said-twice":
        yield _command(found, f"Forget this claim ({claim.claim.id})", FORGET, claim.claim.id)
        if found.code in ("path-gone", "symbol-gone", "contradiction"):
            yield _command(found, "Keep it: it is as it should be", KEEP, claim.claim.id)


def _told_least(found: types.Diagnostic, id: str, shown: list[Shown]) -> Iterator[types.CodeAction]:
    """Forget, or move to the user's own memory, the rule that the fewest windows were told of."""
    rule = next((one.claim for one in shown if one.claim and one.claim.id == id), None)
    if rule is not None:
        text = rule.text if len(rule.text) <= TITLE else f"{rule.text[: TITLE - 1]}…"
        yield _command(found, f"Forget the rule told least: {text} ({id})", FORGET, id)
        if rule.scope == "project":
            yield _command(found, f"Promote the rule told least to user memory: {text} ({id})", PROMOTE, id)


def _data(found: types.Diagnostic, name: str) -> Any:
    """What `diagnostics` gave the finding on its way, as the client gave it back."""
    data: Any = found.data
    return cast(dict[str, Any], data).get(name) if isinstance(data, dict) else getattr(data, name, None)


def _line(document: TextDocument, line: int, claim: Shown | None) -> types.Range:
    """The whole line with its end, or all lines of the claim."""
    last = claim.last if claim is not None and claim.first <= line <= claim.last else line
    return types.Range(types.Position(line, 0), types.Position(last + 1, 0))


def _edit(
    document: TextDocument, found: types.Diagnostic, title: str, span: types.Range, text: str
) -> types.CodeAction:
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    edit = types.TextDocumentEdit(identifier, [types.TextEdit(span, text)])
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[found],
        edit=types.WorkspaceEdit(document_changes=[edit]),
    )


def _command(found: types.Diagnostic, title: str, command: str, argument: str) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[found],
        command=types.Command(title=title, command=command, arguments=[argument]),
    )
