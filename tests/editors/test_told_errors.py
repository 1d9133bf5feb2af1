"""The errors that an editor shows reach the agent: when it asks, and with the change that brought them."""

from typing import Any

import pytest
from editing import Editor
from scripted_provider import call

pytestmark = pytest.mark.asyncio(loop_scope="module")

A = "src/a.py"


def error(message: str, line: int = 1, **more: Any) -> dict[str, Any]:
    return {"line": line, "severity": "error", "message": message, "source": "pyright", **more}


async def tell(editor: Editor, name: str, *found: dict[str, Any]) -> None:
    """What the editor's languages say of a file, sent as a notification."""
    files = [{"uri": editor.uri(editor.root / name), "diagnostics": list(found)}]
    editor.client.protocol.notify("cairn/editor/diagnostics", {"files": files})
    await editor.told()


async def test_the_tool_is_offered_once_somebody_looks_at_files_and_says_what_they_show(
    editor: Editor,
) -> None:
    await editor.work()
    offered = [tool["function"]["name"] for tool in editor.model.requests[-1].json["tools"]]
    assert "diagnostics" not in offered
    editor.renew()

    await tell(
        editor, A, error("no such name\nx", 2, column=5, code="undefined"), error("bad", source="cairn")
    )
    of_file, of_all, of_none = await editor.work(
        call("diagnostics", path=A), call("diagnostics"), call("diagnostics", path="windows.txt")
    )

    assert "diagnostics" in [tool["function"]["name"] for tool in editor.model.requests[-1].json["tools"]]
    assert of_file.text == f"{A}:2:5: error: no such name x (pyright undefined)" == of_all.text
    assert "Nobody looks at windows.txt" in of_none.text
    assert of_file.source == "diagnostics"


async def test_an_error_that_a_change_brings_is_told_with_its_result_and_an_old_one_is_not(
    editor: Editor,
) -> None:
    await tell(editor, A, error("old"))
    shown = await editor.open(A)
    await editor.type(shown, "first", "erste")
    editor.after_edit = lambda: tell(editor, A, error("old", 2), error("new", 3))

    (edit,) = await editor.work(call("edit", path=A, old="third = 3", new="third = bad"))

    assert "New errors since this change:" in edit.text
    assert f"{A}:3:1: error: new (pyright)" in edit.text and "old" not in edit.text.split("New errors")[1]


async def test_a_change_waits_only_a_moment_for_a_client_that_says_nothing(editor: Editor) -> None:
    await tell(editor, A, error("old"))

    (edit,) = await editor.work(call("edit", path=A, old="third = 3", new="third = 4"))

    assert edit.outcome == "ok" and "New errors" not in edit.text
    assert 1_000 < edit.ms < 5_000


async def test_bad_diagnostics_are_refused_with_one_line(editor: Editor) -> None:
    with pytest.raises(Exception, match=r"files\.0\.diagnostics\.0\.line"):
        files = [{"uri": "file:///a", "diagnostics": [{"line": 0, "severity": "error", "message": "m"}]}]
        await editor.ask("cairn/editor/diagnostics", files=files)


async def test_an_editor_is_asked_about_our_own_pages_alone(editor: Editor) -> None:
    methods = {one.method for one in editor.registered}
    assert {"textDocument/hover", "textDocument/codeLens", "textDocument/completion"} <= methods
    assert editor.capabilities.hover_provider is None and editor.capabilities.code_action_provider
    selectors: list[Any] = [one.register_options for one in editor.registered]
    assert all("MEMORY.md" in str(options) for options in selectors)
