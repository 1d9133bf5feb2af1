"""The extension in a real VS Code: a code-server and a Chromium that `tests/e2e/editor/setup.sh` has fetched.

Each test plays one scenario of `tests/e2e/editor`, against a scripted model and a host of its own.
CAIRN_SHOTS names a folder to keep the screenshots in.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deadlines import deadline
from host_ending import end_host
from scenario import CAIRN, Scenario
from scripted_provider import ScriptedProvider, call, calls, say

pytestmark = [pytest.mark.editor, pytest.mark.timeout(300)]

WORDS = "All is done: the stones lie."
WAIT = "until [ -e go ]; do sleep 0.05; done"
WAITING = [
    calls(("read", {"path": "README.md"}), text="First I read what is there."),
    calls(("bash", {"command": WAIT}), text="Then I wait for a sign."),
    say(WORDS),
]
BURST = [
    calls(("grep", {"pattern": f"stone {number}"}), text=f"Stone {number} lies.") for number in range(40)
]
"""Many quick steps: the document grows faster than an editor draws."""

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
        [WAITING[0], *BURST, WAITING[1], *BURST, WAITING[2]],
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


async def test_no_view_is_said_to_be_empty_before_a_slow_server_has_answered(
    scenario: Scenario, tmp_path: Path
) -> None:
    (scenario.workspace / ".cairn").mkdir()
    asked, answer = str(tmp_path / "asked"), str(tmp_path / "answer")
    slow = 'touch "$0"; until [ -e "$1" ]; do sleep 0.05; done; shift; exec "$@"'

    await scenario.play(
        "slow", [], server=("sh", "-c", slow, asked, answer, str(CAIRN)), asked=asked, answer=answer
    )


async def test_an_approval_is_asked_in_one_notification_and_given_there_within_the_limits_of_the_settings(
    scenario: Scenario,
) -> None:
    turns = [call("bash", command="touch cairn.txt"), say(WORDS)]
    limits = {"maxSteps": 40, "maxTokens": 500_000, "maxCost": 2.5, "maxSeconds": 900}

    await scenario.play(
        "approval",
        turns,
        settings={f"cairn.run.{name}": value for name, value in limits.items()},
        prompt="Lay the stones",
        command="touch cairn.txt",
        words=WORDS,
    )

    assert (scenario.workspace / "cairn.txt").exists()
    events = subprocess.run(
        [CAIRN, "show", scenario.session(), "--json"], cwd=scenario.workspace, check=True, capture_output=True
    )
    budget = json.loads(events.stdout.splitlines()[0])["payload"]["budget"]
    assert (budget["max_steps"], budget["max_tokens"], budget["max_cost"], budget["max_seconds"]) == tuple(
        limits.values()
    )


async def test_the_views_follow_a_run_and_lead_through_it_by_keyboard(
    scenario: Scenario, cairn_home: Path
) -> None:
    allow_waiting(cairn_home)
    turns = [
        calls(("task", {"action": "create", "title": "Carry stones"}), text="I make a plan."),
        call("task", action="create", title="Find a flat one", parent="T1"),
        call("task", action="start", id="T1.1"),
        calls(("bash", {"command": WAIT}), text="Then I wait for a sign."),
        call("bash", command="touch cairn.txt"),
        calls(("task", {"action": "done", "id": "T1.1"}), ("task", {"action": "done", "id": "T1"})),
        say(WORDS),
        call("bash", command="rm cairn.txt"),
    ]

    await scenario.play(
        "views",
        turns,
        prompt="Lay the stones",
        task="Find a flat one",
        command="touch cairn.txt",
        other="rm cairn.txt",
        claim="Flat stones lie by the river",
        waiting="Then I wait for a sign.",
        words=WORDS,
    )


async def test_a_quick_fix_proposes_changes_that_are_reviewed_one_by_one(scenario: Scenario) -> None:
    (scenario.workspace / ".cairn").mkdir()  # Cairn has worked here: it is there from the start
    lines = [
        "{",
        '  "laid": 7 8,',
        *(f'  "stone{number}": {number},' for number in range(20)),
        '  "last": 25',
        "}",
    ]
    before = "\n".join(lines) + "\n"
    file = scenario.workspace / "stones.json"
    file.write_text(before, encoding="utf-8")
    after = before.replace("7 8", "78")
    edits = [("7 8", "78"), ('"last": 25', '"last": 26')]
    turns = [
        *(
            calls(("edit", {"path": "stones.json", "old": old, "new": new}), text=why)
            for (old, new), why in zip(edits, ["A blank split the number.", "One more came."], strict=True)
        ),
        say(WORDS),
    ]

    await scenario.play("review", turns, file=str(file), reason="25 is right", after=after)

    assert file.read_text(encoding="utf-8") == after


async def test_a_refactoring_as_the_user_says_is_edited_in_the_review_and_the_agent_is_told(
    scenario: Scenario,
) -> None:
    (scenario.workspace / ".cairn").mkdir()
    file = scenario.workspace / "stones.py"
    file.write_text("def lay(stone):\n    return stone\n", encoding="utf-8")
    turns = [
        calls(
            ("edit", {"path": "stones.py", "old": "def lay(stone)", "new": "def place(stone)"}),
            text="One places a stone.",
        ),
        say("Now it is called place."),
        say(WORDS),
    ]

    model = await scenario.play(
        "refactor",
        turns,
        words="Give it a better name",
        said="def place(stone)",
        edited="def set_down(stone)",
        file=str(file),
        reply="Look at my name for it",
        answer=WORDS,
    )

    assert file.read_text(encoding="utf-8") == "def set_down(stone):\n    return stone\n"
    assert "Give it a better name" in model.requests[0].body.decode()
    assert "Look at my name for it" in scenario.sent and "set_down" in scenario.sent


async def test_memory_is_read_mended_and_written_as_a_page_by_keyboard(scenario: Scenario) -> None:
    gone, here = "src/parser.py", "src/reading/parser.py"
    memory = scenario.workspace / ".cairn" / "MEMORY.md"
    memory.parent.mkdir()
    memory.write_text(f"# Memory\n\n## Facts\n\n- Stones are parsed in {gone}\n", encoding="utf-8")
    (scenario.workspace / here).parent.mkdir(parents=True)
    (scenario.workspace / here).write_text("def parse_stone():\n    return 1\n", encoding="utf-8")
    claim = "Lay no stone on sand"

    await scenario.play(
        "memory_page", [], gone=gone, moved=here, here="def parse_stone", about="Fact", claim=claim
    )

    assert memory.read_text(encoding="utf-8") == (
        f"# Memory\n\n## Facts\n\n- Stones are parsed in {here}\n- {claim}"
    )


async def test_the_trail_of_a_session_is_drawn_and_a_fork_goes_on_from_its_end(scenario: Scenario) -> None:
    turns = [calls(("read", {"path": "README.md"})), say("The first are laid."), say(WORDS)]

    await scenario.play(
        "trail", turns, prompt="Lay the stones", other="Lay some more", words=WORDS, told="window"
    )


async def test_what_is_typed_and_not_saved_is_read_and_edited_in_place_and_errors_reach_the_agent(
    scenario: Scenario, cairn_home: Path
) -> None:
    cairn_home.mkdir(exist_ok=True)
    (cairn_home / "config.toml").write_text('[[rules]]\ntool = "edit"\naction = "allow"\n', encoding="utf-8")
    (scenario.workspace / "stones.json").write_text('{\n  "laid": 7\n}\n', encoding="utf-8")
    edit = {"path": "stones.json", "old": '"laid": 7', "new": '"laid": 8 8'}
    turns = [call("read", path="stones.json"), call("edit", **edit), call("diagnostics"), say(WORDS)]

    await scenario.play(
        "unsaved", turns, file="stones.json", typed="// typed", edited='"laid": 8 8', words=WORDS
    )

    document = scenario.run_document()
    assert "with changes that are not saved" in document
    assert "New errors since this change:\\nstones.json:2:" in scenario.sent


async def test_each_folder_of_a_window_has_its_host_and_its_row_in_the_views(
    scenario: Scenario, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    docs = scenario.workspace / "docs"
    docs.mkdir()
    subprocess.run(["git", "init", "-q", str(second)], check=True)
    window = tmp_path / "both.code-workspace"
    folders = [{"path": str(path)} for path in (scenario.workspace, docs, second)]
    window.write_text(json.dumps({"folders": folders}), encoding="utf-8")
    try:
        await scenario.play(
            "folders", [say(WORDS)] * 3, workspace=str(window), prompt="Lay the stones", words=WORDS
        )
    finally:
        end_host(second)

    runs = [
        len(list(folder.glob(".cairn/local/sessions/*/run.md"))) for folder in (scenario.workspace, second)
    ]
    assert runs == [2, 1] and not (docs / ".cairn").exists()


async def test_an_interrupted_session_is_offered_and_a_message_written_in_an_editor_is_sent_with_the_key_for_its_address(
    scenario: Scenario, cairn_home: Path, tmp_path: Path
) -> None:
    await interrupted_session(scenario.workspace)
    (scenario.workspace / "README.md").write_text("# other\n", encoding="utf-8")
    key = "cairn-key-5f1e9d3b7a"

    model = await scenario.play(
        "compose",
        [say(WORDS)],
        settings={"cairn.trace.server": "verbose"},
        key=key,
        named="README.md",
        words=WORDS,
    )

    said, enclosed = model.requests[0].json["messages"][1:]
    assert said["content"] == "Lay the stones of @file:README.md"
    assert "1\t# other" in enclosed["content"]
    assert model.requests[0].header("authorization") == f"Bearer {key}"
    assert holding(key, scenario.workspace, cairn_home, tmp_path / "scratch") == []


async def interrupted_session(workspace: Path) -> None:
    """A session that read a file and was interrupted by the end of its host."""
    turns = [calls(("read", {"path": "README.md"})), call("bash", command="sleep 60")]
    async with ScriptedProvider(turns) as model, deadline(60):
        environment = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "none", "CAIRN_MODEL": "scripted"}
        run = await asyncio.create_subprocess_exec(
            *(str(CAIRN), "run", "Build the cairn", "--yes"),
            cwd=workspace,
            env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert run.stdout
        while b"README.md" not in await run.stdout.readline():
            pass
        stop = await asyncio.create_subprocess_exec(str(CAIRN), "stop", "--force", cwd=workspace)
        await stop.wait()
        await run.wait()


def holding(key: str, *folders: Path) -> list[Path]:
    """Files that hold the key. The browser's own profile is where VS Code in a browser keeps its secrets."""
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        and "profile" not in path.relative_to(folder).parts[:1]
        and key.encode() in path.read_bytes()
    ]


OUTSIDE = {name: "http://127.0.0.1:9" for name in ("PIP_INDEX_URL", "http_proxy", "https_proxy")}
"""Nothing answers there."""


async def test_the_extension_brings_its_server_along_sets_it_up_offline_and_runs_a_task(
    scenario: Scenario,
) -> None:
    path = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), "/usr/bin", "/bin"])
    assert shutil.which("cairn", path=path) is None

    await scenario.play(
        "bundled",
        [say(WORDS)],
        (),
        extensions="bundled",
        environment=OUTSIDE | {"PATH": path},
        patience=200_000,
        prompt="Lay the stones",
        words=WORDS,
        origin="from the wheels that came with the extension",
    )


async def test_an_untrusted_folder_has_no_say_in_which_server_is_set_up(scenario: Scenario) -> None:
    programs = scenario.workspace / "bin"
    programs.mkdir()
    for name in ("python3.13", "python3", "cairn", "uv"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {scenario.workspace}/was-run\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    (scenario.workspace / ".vscode").mkdir()
    named = {"cairn.server.command": [str(programs / "cairn")]}
    (scenario.workspace / ".vscode" / "settings.json").write_text(json.dumps(named), encoding="utf-8")

    await scenario.play(
        "untrusted_box",
        [],
        (),
        extensions="bundled",
        environment={
            "PATH": os.pathsep.join([str(programs), str(Path(sys.base_prefix) / "bin"), "/usr/bin"])
        },
        untrusted=True,
        patience=200_000,
        origin="from the wheels that came with the extension",
    )

    assert not (scenario.workspace / "was-run").exists()


async def test_without_python_one_message_says_where_it_was_looked_for_and_what_to_do(
    scenario: Scenario, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()

    says = ["needs Python 3.11 or newer: none on PATH as python3.13, python3.12", "cairn.server.command"]
    await scenario.play(
        "no_python", [], (), extensions="bundled", environment={"PATH": str(tmp_path / "bin")}, says=says
    )


@pytest.mark.parametrize("empty", [False, True], ids=["beside a folder", "without a folder"])
async def test_the_walkthrough_leads_to_a_real_run_that_touches_nothing_of_the_users(
    scenario: Scenario, cairn_home: Path, empty: bool
) -> None:
    try:
        await scenario.play(
            "demo",
            [],
            empty=empty,
            title="Begin with Cairn",
            task="Correct the fees",
            command="git commit",
            words="That was the demo.",
        )
    finally:
        for project in (scenario.workspace.parent / "scratch").rglob("harbour-fees"):
            end_host(project)

    assert not cairn_home.exists() and not (scenario.workspace / ".cairn").exists()
    status = ["git", "-C", str(scenario.workspace), "status", "--porcelain"]
    assert subprocess.run(status, check=True, capture_output=True).stdout == b""


async def test_a_folder_that_is_not_trusted_names_no_server(scenario: Scenario, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    settings = scenario.workspace / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"cairn.server.command": ["touch", str(evil)]}), encoding="utf-8")

    await scenario.play(
        "untrusted", [say(WORDS)], untrusted=True, evil=str(evil), prompt="Lay the stones", words=WORDS
    )

    assert not evil.exists()


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
