"""With `memory.enabled = false` a session is told nothing of what is remembered, and has no tool for it."""

from pathlib import Path

import pytest
from harness import harness
from scripted_provider import say

REMEMBERED = "the quartz lamp is green"


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_session_is_told_what_is_remembered_only_while_that_is_on(
    tmp_path: Path, enabled: bool
) -> None:
    config = f"[memory]\nenabled = {str(enabled).lower()}\n"
    async with harness(tmp_path, [say("Done.")], config=config) as h:
        await h.runs.memory.claims.remember(REMEMBERED, "rule", by="user")
        assert (await h.run("Look at the quartz lamp.")).state == "done"
        asked = h.provider.requests[-1].json
        tools = {tool["function"]["name"] for tool in asked["tools"]}
        assert (REMEMBERED in asked["messages"][0]["content"]) == enabled
        assert ({"memory", "history"} <= tools, "note" in tools, "task" in tools) == (enabled, True, True)
        assert tools.isdisjoint({"memory", "history"}) != enabled
