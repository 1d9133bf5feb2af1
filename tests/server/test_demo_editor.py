"""The demo in an editor: a real run of the replayed model, which asks one thing and touches nothing of the user's."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from host_ending import end_host
from wire import HostProcess, Hosts, client

from cairn_server.demo import editor, short
from cairn_server.demo.run import main
from cairn_server.demo.workspace import DemoWorkspace

FAST = "import sys; from cairn_server.demo import host; host.PACE = 0.0; sys.exit(host.main(sys.argv[1:]))"


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DemoWorkspace:
    editor.new(tmp_path / "storage")
    root = Path(json.loads(capsys.readouterr().out)["root"])
    return DemoWorkspace(root, root.parent / "cairn-home")


@pytest.fixture
def host(project: DemoWorkspace, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PATH", project.environment()["PATH"])
    hosts = Hosts(project.home, ("-c", FAST))
    yield hosts.start(project.root)
    hosts.close()


async def played(host: HostProcess, decision: str) -> list[str]:
    """The kinds of the run's events, with its one question answered so."""
    kinds: list[str] = []
    state = "running"
    event: dict[str, Any] = {}
    async with client(host.file) as window:
        await window.request("cairn/events/subscribe", {"since": 0, "answers": True})
        await window.request("cairn/run/start", {"prompt": short.recording().goal})
        while state in ("running", "waiting"):
            event = await window.event()
            state = event["payload"].get("state", state) if event["kind"] == "session.state" else state
            kinds.append(event["kind"])
            if event["kind"] == "approval.requested":
                (asked,) = (await window.request("cairn/approval/list"))["approvals"]
                assert "git commit" in asked["title"]
                await window.request("cairn/approval/answer", {"id": asked["id"], "decision": decision})
        assert state == "done", event
        tasks = (await window.request("cairn/task/list", {"spending": True}))["tasks"]
        assert [(task["id"], task["state"]) for task in tasks] == [
            ("T1", "done"),
            ("T1.1", "done"),
            ("T1.2", "done"),
        ]
        session = event["session"]
        (written,) = (await window.request("cairn/checkpoint/list", {"session": session}))["checkpoints"]
        assert written["judged"] and not written["dropped"], written
        (claim,) = (await window.request("cairn/memory/list"))["claims"]
        assert "fees.py" in claim["text"]
    return kinds


def commits(root: Path) -> int:
    log = subprocess.run(
        ["git", "-C", str(root), "rev-list", "--count", "HEAD"], check=True, capture_output=True
    )
    return int(log.stdout)


@pytest.mark.parametrize(("decision", "after"), [("allow", 2), ("deny", 1)])
async def test_the_run_makes_tasks_a_checkpoint_and_a_claim_and_asks_before_the_commit_alone(
    host: HostProcess, project: DemoWorkspace, decision: str, after: int
) -> None:
    async with deadline(50):
        kinds = await played(host, decision)

    assert kinds.count("approval.requested") == 1
    assert kinds.count("model.requested") == len(short.recording().turns)
    assert project.test().green
    assert set(project.changed()) - {".cairn/MEMORY.md"} == (set() if decision == "allow" else {"fees.py"})
    assert commits(project.root) == after
    assert not (project.root.parents[2] / "cairn-home").exists(), "nothing of the user's own is touched"


def test_a_new_project_takes_the_place_of_those_that_nobody_works_on(
    project: DemoWorkspace, host: HostProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = project.root.parents[1]
    editor.new(storage)
    other = Path(json.loads(capsys.readouterr().out)["root"])
    assert project.root.exists() and other.exists()

    host.stop()
    editor.new(storage)

    last = Path(json.loads(capsys.readouterr().out)["root"])
    assert list(storage.iterdir()) == [last.parent]


@pytest.mark.parametrize("option", ["--new", "--keep"])
def test_where_no_project_can_be_made_one_line_says_what_to_do(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a file" / "demo"
    place.parent.write_text("", encoding="utf-8")

    assert main([option, str(place)]) == 1

    said = capsys.readouterr().err
    assert said.startswith(f"cairn demo: no project can be made in {place}: ")
    assert said.endswith("; name a folder that can be written\n") and "Errno" not in said


def test_a_fault_elsewhere_is_not_said_to_be_one_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "git").write_text("", encoding="utf-8")  # found, and cannot be run
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["--keep", str(tmp_path / "demo")]) == 1

    assert "no project can be made" not in capsys.readouterr().err


def test_without_git_the_demo_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--new", str(tmp_path / "demo")]) == 1
    assert "git is not on PATH" in capsys.readouterr().err


async def test_its_host_ends_by_itself_when_the_last_window_has_left(
    project: DemoWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", project.environment()["PATH"])
    hosts = Hosts(project.home, ("-c", FAST.replace("host.PACE = 0.0", "host.IDLE = 0.2")))
    try:
        host = hosts.start(project.root)
        async with deadline(20):
            async with client(host.file) as window:
                assert (await window.request("cairn/host/status"))["clients"] == 1
            assert await asyncio.to_thread(host.process.wait, 15) == 0
    finally:
        hosts.close()


def test_no_other_folder_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--stdio"]) == 1
    assert "is not a project of the demo: `cairn demo --new DIR` makes one" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_editor_is_led_to_a_host_of_its_own_with_the_replayed_model(project: DemoWorkspace) -> None:
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "cairn_server.cli", "demo", "--stdio"],
            cwd=project.root,
            env=os.environ | {"CAIRN_MODEL": "the-users-own", "OPENAI_BASE_URL": "http://127.0.0.1:9"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as relay:
            asked(relay, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
            status = asked(relay, "cairn/host/status", {})
            assert relay.stdin
            relay.stdin.close()
        assert status["model"] == "recorded-demo" and status["workspace"] == str(project.root)
        assert status["base_url"].startswith("http://127.0.0.1:") and not status["base_url"].endswith(":9")
    finally:
        end_host(project.root)


def asked(relay: "subprocess.Popen[bytes]", method: str, params: dict[str, Any]) -> Any:
    """The result of one LSP request."""
    assert relay.stdin and relay.stdout
    body = json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}).encode()
    relay.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    relay.stdin.flush()
    message: dict[str, Any] = {}
    while message.get("id") != method:
        length = 0
        while header := relay.stdout.readline().strip().lower():
            length = (
                int(header.removeprefix(b"content-length:"))
                if header.startswith(b"content-length")
                else length
            )
        message = json.loads(relay.stdout.read(length))
    return message["result"]
