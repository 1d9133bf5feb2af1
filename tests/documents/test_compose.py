"""A message written in an editor: completion behind @, a lens that sends it, and what it names goes along as data."""

import json
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from documents.conftest import Editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from scripted_provider import ScriptedProvider, say

from cairn_memory.places import Workspace

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


async def draft(editor: Editor, text: str) -> tuple[Path, types.TextDocumentIdentifier]:
    path = Path((await editor.ask("cairn/compose/open")).path)
    return path, editor.open(text, path)


async def offered(editor: Editor, text: str) -> list[str]:
    path, page = await draft(editor, text)
    try:
        at = types.Position(text.count("\n"), len(text.rpartition("\n")[2]))
        found: Any = await editor.client.text_document_completion_async(types.CompletionParams(page, at))
        return [item.text_edit.new_text for item in found.items] if found else []
    finally:
        editor.close(path)


async def sent(editor: Editor, words: str, **more: Any) -> list[dict[str, Any]]:
    """The messages of the request that a message with these words leads to."""
    async with deadline(30), ScriptedProvider([say("Heard.")]) as model:
        settings = {"base_url": model.url, "model": "scripted", "api_key": "k"}
        answer: Any = await editor.ask(
            "cairn/compose/send", words=words, session="new", settings=settings, **more
        )
        await editor.rests(answer.session)
        return model.requests[0].json["messages"][1:]


async def test_an_at_offers_files_the_selection_tasks_and_claims(editor: Editor) -> None:
    await editor.ask("cairn/task/change", action="create", title="Lay the stones")
    claim: Any = (await editor.ask("cairn/memory/remember", text="tests live in tests/", about="rule")).claim
    everything = await offered(editor, "Look at @")
    assert everything[0] == "@selection"
    assert {"@task T1", f"@memory {claim.id}", "@file:src/parser.py"} <= set(everything)
    assert "@file:src/parser.py" in await offered(editor, "first line\nnow @file:pars")
    assert await offered(editor, "me@example") == []


async def test_what_a_message_names_goes_along_as_data_masked_and_with_its_place(editor: Editor) -> None:
    (editor.root / "keys.txt").write_text(f"one\ntoken = {SECRET}\nthree\n", encoding="utf-8")
    words = "Mend @file:src/parser.py:1-2, see @file:keys.txt and @selection."
    selection = {"path": "src/parser.py", "first": 7, "last": 7, "text": "def chosen():"}

    said, enclosed = await sent(editor, words, selection=selection)

    assert said["content"] == words
    text = str(enclosed["content"])
    assert text.startswith("<from-cairn>") and "not an order" in text
    assert "@file:src/parser.py:1-2, lines 1-2 of 20" in text and "1\tdef parse_decl():" in text
    assert "3\tdef parse_decl():" not in text
    assert "@selection, src/parser.py:7-7" in text and "def chosen():" in text
    assert "2\ttoken = " in text and SECRET not in text


async def test_the_run_document_shows_the_message_as_it_was_written(editor: Editor) -> None:
    await sent(editor, "Explain @file:src/parser.py:1 to me.")
    session: Any = (await editor.ask("cairn/session/list")).sessions[0]
    name = str(getattr(session, "session", "") or session["session"])
    page = Path((await editor.ask("cairn/run/document", session=name)).path).read_text(encoding="utf-8")
    assert "Explain @file:src/parser.py:1 to me." in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("see @file:nosuch.py", "there is no such file"),
        ("see @file:../outside.txt", "there is no such file"),
        ("see @file:.cairn/local/host.json", "there is no such file"),
        ("see @file:src/parser.py:99", "it has 20 lines"),
        ("see @selection", "nothing is selected"),
        ("do @task T99.9", "there is no such task"),
        ("do @memory c0ffee0", "nothing of that name"),
        (" \n", "nothing to send"),
    ],
)
async def test_what_is_not_there_is_told_in_one_line_and_nothing_begins(
    editor: Editor, words: str, told: str
) -> None:
    (editor.root.parent / "outside.txt").write_text("x", encoding="utf-8")
    before = len((await editor.ask("cairn/session/list")).sessions)
    with pytest.raises(JsonRpcException, match=told) as refusal:
        await editor.ask("cairn/compose/send", words=words, session="new")
    assert "\n" not in refusal.value.message
    assert len((await editor.ask("cairn/session/list")).sessions) == before


async def test_any_editor_sends_the_unsaved_page_by_its_lens_and_the_page_goes(editor: Editor) -> None:
    path, page = await draft(editor, "Lay the stones.")
    async with deadline(30):
        lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(page))
        assert lenses and lenses[-1].command
        assert (lenses[-1].command.title, lenses[-1].command.command) == (
            "Send as a new task",
            "cairn.compose.send",
        )
        async with ScriptedProvider([say("Heard.")]) as model:
            (editor.home).mkdir(exist_ok=True)
            config = f"[model]\nname = 'scripted'\nbase_url = {json.dumps(model.url)}\n"
            (editor.home / "config.toml").write_text(config, encoding="utf-8")
            session: Any = await editor.client.workspace_execute_command_async(
                types.ExecuteCommandParams("cairn.compose.send", [page.uri, "new"])
            )
            await editor.rests(session)
            assert model.requests[0].json["messages"][1]["content"] == "Lay the stones."
    assert not path.exists()
    editor.close(path)


async def test_a_page_that_was_not_sent_is_opened_again(editor: Editor) -> None:
    first = (await editor.ask("cairn/compose/open")).path
    assert (await editor.ask("cairn/compose/open")).path == first
    assert Path(first).is_relative_to(Workspace.of(editor.root).local / "compose")
    await sent(editor, "Lay the stones.", path=str(editor.root / "keys.txt"))
    assert (editor.root / "keys.txt").exists(), "only a page of ours goes"
