"""MEMORY.md as a language, in an editor that knows nothing of Cairn but LSP."""

from typing import Any

import pytest
from deadlines import deadline
from documents.conftest import Editor
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = """# Memory

## Rules

- Never push to main.

## Facts

- The parser is `parse_decl` in src/parser.py:3
"""


def at(line: int, character: int) -> types.Position:
    return types.Position(line, character)


async def remembered(editor: Editor, text: str, about: str = "fact") -> str:
    kept: Any = await editor.ask("cairn/memory/remember", text=text, about=about)
    return kept.claim.id


async def test_a_path_that_is_gone_is_told_and_one_that_is_there_is_not(editor: Editor) -> None:
    found = await editor.found("# Memory\n\n## Facts\n\n- See src/gone.py and src/parser.py\n", "path-gone")
    assert [(one.message, one.range) for one in found] == [
        ("src/gone.py is not in the project.", types.Range(at(4, 6), at(4, 17)))
    ]


async def test_a_symbol_that_no_file_has_is_told(editor: Editor) -> None:
    text = "# Memory\n\n## Facts\n\n- `parse_decl` calls `parse_gone_thing`\n"
    found = await editor.found(text, "symbol-gone")
    assert ["parse_gone_thing" in one.message for one in found] == [True]


async def test_a_claim_said_twice_and_one_that_contradicts_are_told(editor: Editor) -> None:
    text = "# Memory\n\n## Rules\n\n- Push to main\n- push to  main.\n- Never push to main\n"
    (twice,) = await editor.found(text, "said-twice")
    assert twice.range.start.line == 5 and twice.related_information
    (against,) = await editor.found(text, "contradiction")
    assert against.range.start.line == 6 and "line 5" in against.message


async def test_a_citation_of_nothing_is_told(editor: Editor) -> None:
    found = await editor.found("# Memory\n\n## Facts\n\n- As e999999 shows, T99.1 is done\n", "cites-nothing")
    assert [one.message.split(":")[0] for one in found] == [
        "There is no event e999999",
        "There is no task T99.1.",
    ]


async def test_a_secret_is_told_and_its_fix_masks_it(editor: Editor) -> None:
    text = "# Memory\n\n## Facts\n\n- The key is ghp_FAKE0123456789abcdefFAKE0123456789ab\n"
    document = editor.open(text)
    async with deadline(20):
        (found,) = [one for one in await editor.told() if one.code == "secret"]
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(document, found.range, types.CodeActionContext([found]))
        )
    editor.close()
    fix = next(one for one in actions or () if one.title == "Mask the secret")
    assert isinstance(fix, types.CodeAction) and fix.edit and fix.edit.document_changes
    (change,) = fix.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit) and "FAKE0123" not in change.edits[0].new_text  # type: ignore[union-attr]


async def test_rules_beyond_what_a_window_is_told_are_told(editor: Editor) -> None:
    rules = "".join(
        f"- Rule number {n} says that thing {n} is done before thing {n + 1}.\n" for n in range(120)
    )
    (found,) = await editor.found(f"# Memory\n\n## Rules\n\n{rules}", "over-budget")
    assert "120 rules" in found.message


async def test_where_rules_are_too_many_the_one_told_least_can_go(editor: Editor) -> None:
    id = await remembered(editor, "The least of the rules", "rule")
    rules = "".join(f"- Rule number {n} says that thing {n} is done before {n + 1}.\n" for n in range(150))
    document = editor.open(f"# Memory\n\n## Rules\n\n{rules}- The least of the rules\n")
    async with deadline(20):
        (found,) = [one for one in await editor.told() if one.code == "over-budget"]
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(document, found.range, types.CodeActionContext([found]))
        )
    editor.close()
    assert [one.title for one in actions or ()] == [
        f"Forget the rule told least: The least of the rules ({id})",
        f"Promote the rule told least to user memory: The least of the rules ({id})",
    ]


async def test_the_file_that_moved_is_offered_instead(editor: Editor) -> None:
    document = editor.open("# Memory\n\n## Facts\n\n- See lib/parser.py\n")
    async with deadline(20):
        (found,) = [one for one in await editor.told() if one.code == "path-gone"]
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(document, found.range, types.CodeActionContext([found]))
        )
    editor.close()
    assert "Name src/parser.py instead" in [one.title for one in actions or ()]


async def test_hover_shows_the_evidence_behind_a_claim(editor: Editor) -> None:
    id = await remembered(editor, "The build needs make 4", "fact")
    text = editor.memory.read_text(encoding="utf-8")
    line = next(n for n, each in enumerate(text.splitlines()) if "make 4" in each)
    document = editor.open(text)
    async with deadline(20):
        hover = await editor.client.text_document_hover_async(types.HoverParams(document, at(line, 8)))
    editor.close()
    assert hover and isinstance(hover.contents, types.MarkupContent)
    assert id in hover.contents.value and "by the user" in hover.contents.value


async def test_from_a_place_in_a_file_one_gets_to_the_file(editor: Editor) -> None:
    document = editor.open(PAGE)
    line = next(n for n, each in enumerate(PAGE.splitlines()) if "parser.py" in each)
    async with deadline(20):
        place = await editor.client.text_document_definition_async(
            types.DefinitionParams(document, at(line, PAGE.splitlines()[line].index("src/") + 2))
        )
        links = await editor.client.text_document_document_link_async(types.DocumentLinkParams(document))
    editor.close()
    assert isinstance(place, types.Location)
    assert place.uri.endswith("/src/parser.py") and place.range.start.line == 2
    assert [str(one.target).rpartition("/")[2] for one in links or ()] == ["parser.py#L3"]


async def test_a_task_is_hovered_completed_found_and_renamed_everywhere(editor: Editor) -> None:
    made: Any = await editor.ask("cairn/task/change", id="", action="create", title="mend the lexer")
    number = made.tasks[0].id
    text = f"# Memory\n\n## Decisions\n\n- {number} mend the lexer comes first\n- @\n"
    document = editor.open(text)
    async with deadline(20):
        hover = await editor.client.text_document_hover_async(types.HoverParams(document, at(4, 3)))
        offered = await editor.client.text_document_completion_async(
            types.CompletionParams(document, at(5, 3))
        )
        renamed = await editor.client.text_document_rename_async(
            types.RenameParams(document, at(4, 3), "mend the whole lexer")
        )
        mentions = await editor.client.text_document_references_async(
            types.ReferenceParams(
                text_document=document, position=at(4, 3), context=types.ReferenceContext(False)
            )
        )
        tasks: Any = await editor.ask("cairn/task/list")
    editor.close()
    assert (
        hover and isinstance(hover.contents, types.MarkupContent) and "mend the lexer" in hover.contents.value
    )
    assert isinstance(offered, types.CompletionList) and number in [one.label for one in offered.items]
    assert renamed and renamed.changes
    assert [each.new_text for edits in renamed.changes.values() for each in edits] == ["mend the whole lexer"]
    assert [one.title for one in tasks.tasks] == ["mend the whole lexer"]
    assert mentions is not None


async def test_lenses_forget_a_claim_and_promote_another(editor: Editor) -> None:
    await remembered(editor, "Tabs are four wide", "preference")
    id = await remembered(editor, "The lexer is slow", "pitfall")
    text = editor.memory.read_text(encoding="utf-8")
    document = editor.open(text)
    async with deadline(20):
        lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
        forget = next(
            one.command
            for one in lenses or ()
            if one.command and one.command.title == "forget" and id in (one.command.arguments or ())
        )
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(forget.command, forget.arguments)
        )
    editor.close()
    assert "The lexer is slow" not in editor.memory.read_text(encoding="utf-8")
    assert "Tabs are four wide" in editor.memory.read_text(encoding="utf-8")
    claim = next(
        one.command
        for one in lenses or ()
        if one.command and one.command.title.startswith("promote") and id not in (one.command.arguments or ())
    )
    async with deadline(20):
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(claim.command, claim.arguments)
        )
    assert (editor.home / "config" / "MEMORY.md").exists() or list(editor.home.rglob("MEMORY.md"))


async def test_a_claim_that_is_kept_is_not_complained_of_again(editor: Editor) -> None:
    id = await remembered(editor, "The old tool was in tools/gone_tool.py", "fact")
    text = editor.memory.read_text(encoding="utf-8")
    assert any("gone_tool" in one.message for one in await editor.found(text, "path-gone"))
    async with deadline(20):
        await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams("cairn.claim.keep", [id])
        )
    assert not any("gone_tool" in one.message for one in await editor.found(text, "path-gone"))


async def test_hints_tokens_and_symbols_come(editor: Editor) -> None:
    await remembered(editor, "Frobnication happens at night", "fact")
    text = editor.memory.read_text(encoding="utf-8")
    document = editor.open(text)
    everything = types.Range(at(0, 0), at(len(text.splitlines()), 0))
    async with deadline(20):
        hints = await editor.client.text_document_inlay_hint_async(
            types.InlayHintParams(document, everything)
        )
        tokens = await editor.client.text_document_semantic_tokens_full_async(
            types.SemanticTokensParams(document)
        )
        symbols = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("frobnication"))
        outline = await editor.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(document)
        )
    editor.close()
    assert any("tokens" in str(one.label) for one in hints or ()), hints
    assert tokens is not None and len(tokens.data) % 5 == 0
    assert any("Frobnication" in one.name for one in symbols or ()), symbols
    assert [one.name for one in outline or ()] == ["Memory"]


async def test_a_file_that_is_not_ours_is_left_alone(editor: Editor) -> None:
    path = editor.root / "README.md"
    path.write_text("- See src/gone.py and T99\n", encoding="utf-8")
    document = editor.open(path.read_text(encoding="utf-8"), path)
    async with deadline(20):
        assert await editor.client.text_document_hover_async(types.HoverParams(document, at(0, 8))) is None
        assert not await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
    assert editor.untold(path)


async def test_what_is_shown_on_a_page_is_asked_for_again_when_its_claims_change(editor: Editor) -> None:
    editor.open(PAGE)
    try:
        async with deadline(20):
            await editor.told()
            editor.asked_again.clear()
            await remembered(editor, "Stones are refreshed")
            await editor.asked_again.wait()
    finally:
        editor.close()
