"""A session that is resumed keeps the window it was given, as it keeps its model and its endpoint."""

from pathlib import Path

from harness import harness
from scripted_provider import say

from cairn_memory.events import SessionResumed


async def test_a_window_chosen_for_a_session_holds_after_a_restart_until_another_is_chosen(
    tmp_path: Path,
) -> None:
    async with harness(tmp_path, [say("so far")]) as h:
        session = (await h.run("Look after the mill.", model="scripted", window=16_384)).session
    async with harness(tmp_path, [say("on"), say("and on"), say("elsewhere")]) as h:
        await h.resume(session, "go on")
        await h.resume(session, "go on", window=20_000)
        await h.resume(session, "go on", model="another")
        windows = [
            each.window for each in await h.payloads("session.resumed") if isinstance(each, SessionResumed)
        ]
    assert windows[:2] == [16_384, 20_000]
    assert windows[2] not in (16_384, 20_000), "another model has a window of its own"
