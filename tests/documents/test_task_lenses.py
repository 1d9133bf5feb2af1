"""Over a task in a page: run, pause, and the changes made for it."""

from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from documents.conftest import Editor
from lsprotocol import types
from scripted_provider import ScriptedProvider, call, say

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def worked_on(editor: Editor, url: str) -> str:
    """The task of a run that wrote a file for it, once the run is done."""
    settings = {"base_url": url, "model": "scripted", "api_key": "none", "approve_all": True}
    run: Any = await editor.ask("cairn/run/start", prompt="Lay a stone", settings=settings)
    async with deadline(30):
        while True:
            sessions: Any = await editor.ask("cairn/session/list")
            if next(one.state for one in sessions.sessions if one.session == run.session) == "done":
                break
    tasks: Any = await editor.ask("cairn/task/list")
    return next(one.id for one in tasks.tasks if one.title == "lay a stone")


async def test_the_changes_of_a_task_are_shown_as_a_diff(editor: Editor) -> None:
    turns = [
        call("task", action="create", title="lay a stone"),
        call("task", action="start", id="T1"),
        call("write", path="pile.txt", content="stone\n"),
        call("task", action="abandon", id="T1", note="one is enough"),
        say("Done."),
    ]
    async with ScriptedProvider(turns) as model:
        task = await worked_on(editor, model.url)
    page = editor.root / ".cairn" / "local" / "tasks" / task / "progress.md"
    document = editor.open(f"# {task} lay a stone\n", page)
    async with deadline(20):
        lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document))
        command = next(
            one.command for one in lenses or () if one.command and one.command.title == "show diff"
        )
        path = await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command.command, command.arguments)
        )
    editor.close(page)
    assert editor.shown == [editor.uri(Path(str(path)))]
    assert Path(str(path)).read_text(encoding="utf-8").splitlines() == [
        "--- /dev/null",
        "+++ b/pile.txt",
        "@@ -0,0 +1 @@",
        "+stone",
    ]
