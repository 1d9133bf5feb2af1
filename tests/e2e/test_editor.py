"""The extension in a real VS Code: a code-server and a Chromium that `tests/e2e/editor/setup.sh` has fetched.

Each test plays one scenario of `tests/e2e/editor`, against a scripted model and a host of its own.
CAIRN_SHOTS names a folder to keep the screenshots in.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deadlines import deadline
from host_ending import end_host
from scripted_provider import ScriptedProvider, Turn, call, calls, say

pytestmark = [pytest.mark.editor, pytest.mark.timeout(300)]

HERE = Path(__file__).parent / "editor"
RIG = Path(os.environ.get("CAIRN_RIG", HERE.parents[2] / ".rig"))
CAIRN = Path(sys.executable).with_name("cairn")
WORDS = "All is done: the stones lie."
WAIT = "until [ -e go ]; do sleep 0.05; done"
WAITING = [
    calls(("read", {"path": "README.md"}), text="First I read what is there."),
    calls(("bash", {"command": WAIT}), text="Then I wait for a sign."),
    say(WORDS),
]
ALLOW_WAITING = f"""
[[rules]]
tool = "bash"
match = "{WAIT}"
action = "allow"
"""


@pytest.fixture
def workspace(repository: Path) -> Iterator[Path]:
    yield repository
    (repository / "go").touch()  # a command outlives a host that was killed
    end_host(repository)


class Scenario:
    """Plays a scenario in a window on `workspace`."""

    def __init__(self, workspace: Path, scratch: Path, test: str) -> None:
        self.workspace = workspace
        self._scratch = scratch
        self._test = test

    async def play(
        self, name: str, turns: list[Turn], server: tuple[str, ...] = (str(CAIRN),), **given: str
    ) -> None:
        """Fails with what the scenario says when it does not come to its end."""
        assert (RIG / ".extension.stamp").exists(), f"nothing is set up in {RIG}; run {HERE / 'setup.sh'}"
        self._scratch.mkdir()
        facts = {
            "rig": str(RIG),
            "folder": str(self.workspace),
            "scratch": str(self._scratch),
            "server": server,
        }
        async with ScriptedProvider(turns) as model, deadline(270):
            environment = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none", "CAIRN_MODEL": "scripted"}
            process = await asyncio.create_subprocess_exec(
                *("node", str(HERE / f"{name}.mjs"), json.dumps(facts | given)),
                env=os.environ | environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                said = (await process.communicate())[0].decode("utf-8", "replace")
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()
        self._keep_screenshots()
        assert process.returncode == 0, said

    def run_document(self) -> str:
        (document,) = self.workspace.glob(".cairn/local/sessions/*/run.md")
        return document.read_text(encoding="utf-8")

    def _keep_screenshots(self) -> None:
        if shots := os.environ.get("CAIRN_SHOTS"):
            Path(shots).mkdir(parents=True, exist_ok=True)
            for shot in self._scratch.glob("*.png"):
                shutil.copy(shot, Path(shots) / f"{self._test}-{shot.name}")


@pytest.fixture
def scenario(workspace: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Scenario:
    return Scenario(workspace, tmp_path / "scratch", request.node.name)


def allow_waiting(cairn_home: Path) -> None:
    cairn_home.mkdir(exist_ok=True)
    (cairn_home / "config.toml").write_text(ALLOW_WAITING, encoding="utf-8")


async def test_a_task_from_the_palette_fills_its_document_and_the_status_bar(
    scenario: Scenario, cairn_home: Path
) -> None:
    allow_waiting(cairn_home)

    await scenario.play(
        "run_task",
        WAITING,
        prompt="Lay the stones",
        shown="README.md`: 1 line",
        waiting="Then I wait for a sign.",
        words=WORDS,
    )

    document = scenario.run_document()
    assert "# Lay the stones" in document
    assert "**read** `README.md`" in document and WAIT in document and WORDS in document


async def test_a_reloaded_window_finds_the_run_that_goes_on(scenario: Scenario, cairn_home: Path) -> None:
    allow_waiting(cairn_home)

    await scenario.play(
        "reload", WAITING, prompt="Lay the stones", waiting="Then I wait for a sign.", words=WORDS
    )

    document = scenario.run_document()
    assert document.count(f"`{WAIT}` is running") == document.count(f"`{WAIT}`: ") == 1


async def test_a_run_begun_in_the_terminal_shows_up_in_an_open_window(scenario: Scenario) -> None:
    await scenario.play(
        "elsewhere", WAITING, prompt="Lay the stones", waiting="Then I wait for a sign.", words=WORDS
    )


async def test_a_killed_host_is_started_again_and_tells_what_became_of_the_run(
    scenario: Scenario, cairn_home: Path
) -> None:
    allow_waiting(cairn_home)

    await scenario.play(
        "crash", WAITING, prompt="Lay the stones", waiting="Then I wait for a sign.", words=WORDS
    )


async def test_an_approval_is_asked_in_one_notification_and_given_there(scenario: Scenario) -> None:
    turns = [call("bash", command="touch cairn.txt"), say(WORDS)]

    await scenario.play("approval", turns, prompt="Lay the stones", command="touch cairn.txt", words=WORDS)

    assert (scenario.workspace / "cairn.txt").exists()


async def test_a_server_command_that_does_not_work_says_so_and_leads_to_the_setting(
    scenario: Scenario,
) -> None:
    await scenario.play(
        "wrong_server", [], (sys.executable, "-c", "exit('no cairn here')"), prompt="Lay the stones"
    )


async def test_a_scenario_fails_when_the_server_cannot_run(scenario: Scenario) -> None:
    """The tests above would notice an extension that does nothing."""
    with pytest.raises(AssertionError, match="hasText: 'Run '"):
        await scenario.play("run_task", [], (sys.executable, "-c", "exit(1)"), prompt="x", patience="5000")
