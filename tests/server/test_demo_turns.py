"""The recorded turns fit the project: what they change, with the real tools, makes its tests pass."""

import asyncio
import json
from pathlib import Path

from demo_script import script

from cairn_agents.recording import Recording, read
from cairn_agents.tools.base import Arguments, Plan, Scope, ToolError
from cairn_agents.tools.toolbox import Toolbox
from cairn_memory.blobs import BlobStore
from cairn_memory.events import ToolCall
from cairn_server.demo.run import RECORDING
from cairn_server.demo.story import MANY, PROTECTED, RULE
from cairn_server.demo.watch import step_to_kill
from cairn_server.demo.workspace import DemoWorkspace, SuiteRun


async def test_what_the_recording_changes_makes_every_test_pass(tmp_path: Path) -> None:
    project = DemoWorkspace.make(tmp_path)
    tools = _Tools(project.root, tmp_path / "session")
    errors = [
        error for turn in read(RECORDING).turns for call in turn.calls if (error := await tools.run(call))
    ]
    assert await asyncio.to_thread(project.test) == SuiteRun(86, 0)
    assert len(errors) == 1 and "old stands 3 times" in errors[0], "one edit goes wrong, and only that one"
    assert not any(name.startswith(("tests/", PROTECTED)) for name in project.changed())


def test_the_recording_says_what_its_script_says() -> None:
    recording, wanted = read(RECORDING), script()
    assert _spoken(recording) == _spoken(wanted), "make it anew: python tests/demo/record.py"
    assert {turn.text for turn in recording.side} <= {turn.text for turn in wanted.side}


def test_the_rule_is_the_users_own_and_the_recording_is_small() -> None:
    assert RULE in read(RECORDING).goal
    assert RECORDING.stat().st_size < 300_000


def test_the_run_is_long_uses_every_tool_and_is_killed_while_a_command_runs() -> None:
    recording = read(RECORDING)
    calls = [call for turn in recording.turns for call in turn.calls]
    assert len(recording.turns) > MANY
    assert {call.name for call in calls} == set(Toolbox().names) - {"diagnostics"}, (
        "no editor looks at files there"
    )
    assert any(len(turn.calls) > 2 for turn in recording.turns), "some calls come together"
    assert any(json.loads(call.arguments).get("background") for call in calls)
    killed = recording.turns[step_to_kill(recording) - 1]
    assert [call.name for call in killed.calls] == ["bash"]
    assert "for seed in" in killed.calls[0].arguments, "a command that takes long enough to be caught"


class _Tools:
    """Runs calls with the real tools; commands and memory are left to the whole demo."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._seen: dict[str, str] = {}
        self._scope = Scope("s", root, folder, BlobStore(folder / "blobs"), self._seen)
        self._toolbox = Toolbox()

    async def run(self, call: ToolCall) -> str:
        """What went wrong, or nothing."""
        args = self._toolbox.parse(call.name, json.loads(call.arguments))
        if call.name in ("bash", "task", "memory", "history"):
            return ""
        tool = self._toolbox.tool(call.name)
        try:
            plan: Plan[Arguments] = await tool.plan(call.id, args, self._scope)
            result = await tool.run(plan, self._scope)
        except ToolError as error:
            return str(error)
        if result.effect is not None:
            self._seen[result.effect.path] = result.effect.after
        return "" if result.outcome == "ok" else result.text


def _spoken(recording: Recording) -> list[object]:
    return [(turn.text, turn.reasoning, turn.calls) for turn in recording.turns]
