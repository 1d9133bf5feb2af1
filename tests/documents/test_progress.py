"""What runs shows as progress in any editor, and can be stopped there."""

from typing import Any

import pytest
from deadlines import deadline
from documents.conftest import Editor
from lsprotocol import types
from scripted_provider import ScriptedProvider, call

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def begun(editor: Editor, url: str, goal: str) -> str:
    settings = {"base_url": url, "model": "scripted", "api_key": "none", "approve_all": True}
    run: Any = await editor.ask("cairn/run/start", prompt=goal, settings=settings)
    return run.session


async def shown(editor: Editor, session: str, wanted: str) -> list[tuple[str, dict[str, Any]]]:
    """All that is shown of a session up to what has `wanted` in it."""
    said: list[tuple[str, dict[str, Any]]] = []
    async with deadline(20):
        while not said or wanted not in f"{said[-1][1]['kind']} {said[-1][1].get('message')}":
            token, value = await editor.progress.get()
            if session in token:
                said.append((token, value))
    return said


async def test_a_run_is_shown_from_its_begin_to_its_end(editor: Editor) -> None:
    async with ScriptedProvider([call("bash", command="echo stone"), "stall"]) as model:
        session = await begun(editor, model.url, "Lay the stones")
        said = await shown(editor, session, "step 1, window")
        await editor.ask("cairn/run/interrupt", session=session)
        said += await shown(editor, session, "end ")
    begin, end = said[0][1], said[-1][1]
    assert begin["title"] == "Cairn: Lay the stones" and begin["cancellable"]
    assert end["message"].startswith("interrupted") and len({token for token, _ in said}) == 1


async def test_cancelling_it_stops_the_run_and_nothing_is_lost(editor: Editor) -> None:
    async with ScriptedProvider([call("bash", command="echo stone"), "stall"]) as model:
        session = await begun(editor, model.url, "Lay them slowly")
        token, _ = (await shown(editor, session, "step 1, window"))[-1]
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        _, end = (await shown(editor, session, "end "))[-1]
    assert end["message"] == "interrupted: interrupted (the editor's progress)"
    sessions: Any = await editor.ask("cairn/session/list")
    assert next(one.state for one in sessions.sessions if one.session == session) == "interrupted"
