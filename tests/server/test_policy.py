"""What is kept, through a real host: taken elsewhere and found there again, deleted with proof, masked, let go of."""

import json
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import pytest
from deadlines import deadline
from raw_server import raw_server
from wire import REAL_HOST, Client, HostProcess, Hosts, Refusal, client
from works import at_work

from cairn_memory.events import Event, SessionStarted, StateChanged, UserMessage
from cairn_memory.places import Workspace
from cairn_memory.proof import seek

SAID = "Make the quartz lighthouse blink twice before the ferry comes in."
DYING = (str(Path(__file__).parents[1] / "dying_host.py"),)


@pytest.fixture
def real(cairn_home: Path) -> Generator[Hosts]:
    hosts = Hosts(cairn_home, REAL_HOST)
    yield hosts
    hosts.close()


@pytest.fixture
async def attached(workspace: Path, real: Hosts) -> AsyncGenerator[Client]:
    async with deadline(60), client(real.start(workspace).file) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[HostProcess]:
    """One real host for what is refused and so changes nothing."""
    base = tmp_path_factory.mktemp("shared")
    (base / "project").mkdir()
    hosts = Hosts(base / "home", REAL_HOST)
    yield hosts.start(base / "project")
    hosts.close()


async def with_session(attached: Client, folder: Path, said: str = SAID) -> str:
    """A session at rest in which somebody said this."""
    file = folder / f"session-{len(said)}.jsonl"
    lines = [
        {"meta": {"source": "invented"}},
        {"role": "user", "content": said, "time": "2026-03-01T10:00:00.000Z"},
        {"role": "assistant", "content": f"I shall: {said}", "time": "2026-03-01T10:00:02.000Z"},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    imported = await attached.request("cairn/session/import", {"path": str(file)})
    file.unlink()
    return imported["session"]


async def found(attached: Client, query: str) -> list[dict[str, Any]]:
    (answer,) = (await attached.request("cairn/memory/search", {"queries": [query]}))["answers"]
    return answer["hits"]


async def sessions(attached: Client) -> list[str]:
    return [each["session"] for each in (await attached.request("cairn/session/list"))["sessions"]]


async def test_what_was_exported_and_deleted_is_found_again_where_it_is_imported(
    attached: Client, workspace: Path, real: Hosts, tmp_path: Path
) -> None:
    session = await with_session(attached, tmp_path)
    await attached.request("cairn/memory/remember", {"text": "the quartz lamp is green"})
    assert await found(attached, "quartz lighthouse")
    archive = str(tmp_path / "all.cairn")
    exported = await attached.request("cairn/memory/export", {"path": archive})
    assert exported["events"] > 3 and exported["missing"] == []

    done = await attached.request("cairn/memory/delete", {"what": "session", "session": session})
    assert done["proof"]["hits"] == [] and done["proof"]["sought"] > 0 and done["proof"]["files"] > 2
    assert seek([SAID], [workspace / ".cairn"]).hits == ()
    assert await sessions(attached) == []
    assert session not in {hit["session"] for hit in await found(attached, "quartz lighthouse")}
    (claim,) = (await attached.request("cairn/memory/list"))["claims"]
    assert claim["text"] == "the quartz lamp is green", "what was remembered stays"

    done = await attached.request("cairn/memory/delete", {"what": "everything"})
    assert done["proof"]["hits"] == []
    assert (await attached.request("cairn/memory/list"))["claims"] == []

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with client(real.start(elsewhere).file) as other:
        imported = await other.request("cairn/memory/import", {"path": archive})
        assert imported["sessions"] == {session: session}
        assert session in {hit["session"] for hit in await found(other, "quartz lighthouse")}
        assert [each["text"] for each in (await other.request("cairn/memory/list"))["claims"]] == [
            "the quartz lamp is green"
        ]
        again = await other.request("cairn/memory/import", {"path": archive})
        assert (again["events"], again["present"]) == (0, [session])


async def test_a_session_at_work_is_not_deleted_and_nothing_is_masked_meanwhile(
    workspace: Path, real: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deadline(60), raw_server() as silent:
        monkeypatch.setenv("OPENAI_BASE_URL", silent.url)
        monkeypatch.setenv("CAIRN_MODEL", "silent")
        async with client(real.start(workspace).file) as attached:
            params = {"prompt": SAID, "root": str(workspace)}
            session = (await attached.request("cairn/run/start", params))["session"]
            for method, asked in (
                ("cairn/memory/delete", {"what": "session", "session": session}),
                ("cairn/memory/delete", {"what": "everything"}),
                ("cairn/memory/delete", {"what": "project"}),
                ("cairn/memory/redact", {}),
            ):
                with pytest.raises(Refusal, match=f"session {session} is at work; nothing was") as refusal:
                    await attached.request(method, asked)
                assert "\n" not in refusal.value.message
            assert await sessions(attached) == [session]
            await attached.request("cairn/run/interrupt", {"session": session})
            done = await attached.request("cairn/memory/delete", {"what": "session", "session": session})
            assert done["proof"]["hits"] == []
            assert await sessions(attached) == []


async def test_a_deletion_that_a_kill_cut_off_is_finished_by_the_next_host(
    workspace: Path, real: Hosts, cairn_home: Path, tmp_path: Path
) -> None:
    dying = Hosts(cairn_home, DYING)
    try:
        host = dying.start(workspace)
        async with deadline(60):
            async with client(host.file) as attached:
                session = await with_session(attached, tmp_path)
                await attached.request("cairn/run/document", {"session": session})
                attached.send(
                    {
                        "jsonrpc": "2.0",
                        "id": 900,
                        "method": "cairn/memory/delete",
                        "params": {"what": "session", "session": session},
                    }
                )
                await attached.ended()
            assert host.process.wait(20) == -9
            assert seek([SAID], [workspace / ".cairn"]).hits, "its document is still there"
            async with client(real.start(workspace).file) as attached:
                assert await sessions(attached) == []
                assert (await attached.request("cairn/host/status"))["problems"] == []
            assert seek([SAID], [workspace / ".cairn"]).hits == ()
    finally:
        dying.close()


async def test_the_projects_memory_goes_with_its_tasks_and_sessions_stay(
    attached: Client, workspace: Path, tmp_path: Path
) -> None:
    session = await with_session(attached, tmp_path)
    await attached.request("cairn/memory/remember", {"text": "the quartz lamp is green"})
    await attached.request("cairn/task/change", {"action": "create", "title": "Mend the quartz lamp"})
    done = await attached.request("cairn/memory/delete", {"what": "project"})
    assert done["proof"]["hits"] == []
    assert not (workspace / ".cairn/MEMORY.md").exists()
    assert (await attached.request("cairn/memory/list", {"history": True}))["claims"] == []
    assert (await attached.request("cairn/task/list"))["tasks"] == []
    assert await sessions(attached) == [session]
    await attached.request("cairn/memory/remember", {"text": "a new lamp came"})
    versions = (await attached.request("cairn/memory/log"))["versions"]
    assert [each["number"] for each in versions] == [1], "the memory begins anew"


async def test_a_host_lets_go_of_what_is_too_old_at_its_start(
    workspace: Path, real: Hosts, cairn_home: Path, tmp_path: Path
) -> None:
    async with deadline(60):
        await _said_long_ago(workspace, "s-old")
        host = real.start(workspace)
        async with client(host.file) as attached:
            new = await with_session(attached, tmp_path, "a word of today")
            assert (await attached.request("cairn/memory/expire"))["sessions"] == [], "there is no limit"
            assert set(await sessions(attached)) == {"s-old", new}
        assert host.stop() == 0
        (cairn_home / "config.toml").write_text("[memory]\nkeep_days = 1\n", encoding="utf-8")
        async with client(real.start(workspace).file) as attached:
            done = await attached.request("cairn/memory/expire")  # waits for the one that is under way
            assert done["sessions"] == [], "it went at the start"
            assert await sessions(attached) == [new]
        assert seek([SAID], [workspace / ".cairn"]).hits == ()


async def test_a_document_that_is_open_is_written_anew_when_secrets_are_masked(
    workspace: Path, real: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "correct-horse-battery-staple-77"
    async with deadline(60):
        first = real.start(workspace)
        async with client(first.file) as attached:
            session = await with_session(attached, tmp_path, f"the word is {secret}, tell nobody")
        assert first.stop() == 0
        monkeypatch.setenv("DEPLOY_TOKEN", secret)  # from now on it is known for one
        async with client(real.start(workspace).file) as attached:
            path = Path((await attached.request("cairn/run/document", {"session": session}))["path"])
            assert secret in path.read_text(encoding="utf-8")
            done = await attached.request("cairn/memory/redact")
            assert done["events"] > 0
            assert secret not in path.read_text(encoding="utf-8")
            assert "tell nobody" in path.read_text(encoding="utf-8")
            assert seek([secret], [workspace / ".cairn"]).hits == ()


async def test_where_names_every_file_and_the_retention(attached: Client, workspace: Path) -> None:
    said = await attached.request("cairn/memory/where")
    local = Workspace.of(workspace).local
    log = next(each for each in said["things"] if each["name"] == "log")
    assert (log["readers"], log["committed"]) == ("you", False) and log["bytes"] > 0
    assert str(local) in log["path"]
    assert (said["keep_days"], said["keep_mb"], said["enabled"]) == (0, 0, True)


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("cairn/memory/export", {"path": "somewhere.cairn"}, "no absolute path"),
        ("cairn/memory/export", {"path": "/"}, "is a folder"),
        ("cairn/memory/export", {"path": "/tmp/x", "session": "nobody"}, "no session 'nobody'"),
        ("cairn/memory/import", {"path": "/nowhere/at/all"}, "is no whole archive"),
        ("cairn/memory/import", {"path": "/nowhere/MEMORY.md", "merge": "project"}, "there is no file"),
        ("cairn/memory/import", {"path": "/a\0b"}, "no absolute path"),
        ("cairn/memory/delete", {"what": "session"}, "no session is named"),
        ("cairn/memory/delete", {"what": "session", "session": "nobody"}, "no session 'nobody'"),
    ],
)
async def test_what_cannot_be_done_is_told_in_one_line(
    shared: HostProcess, method: str, params: dict[str, Any], says: str
) -> None:
    async with deadline(20), client(shared.file) as attached:
        with pytest.raises(Refusal, match=says) as refusal:
            await attached.request(method, params)
    assert "\n" not in refusal.value.message


async def test_with_the_memory_off_there_is_no_index_and_a_search_says_so(
    workspace: Path, real: Hosts, cairn_home: Path, tmp_path: Path
) -> None:
    async with deadline(60):
        host = real.start(workspace)
        async with client(host.file) as attached:
            await with_session(attached, tmp_path)
            assert await found(attached, "quartz")
        assert host.stop() == 0
        (cairn_home / "config.toml").write_text("[memory]\nenabled = false\n", encoding="utf-8")
        host = real.start(workspace)
        assert not list(host.local.glob("index.db*"))
        async with client(host.file) as attached:
            with pytest.raises(Refusal, match="switched off"):
                await found(attached, "quartz")
            assert not list(host.local.glob("index.db*"))


async def _said_long_ago(workspace: Path, session: str) -> None:
    payloads = (
        SessionStarted(goal=SAID, root=str(workspace)),
        UserMessage(text=SAID),
        StateChanged(state="done"),
    )
    async with at_work(workspace) as (log, _):
        await log.adopt(
            lambda first: (
                Event(seq, session, "main", payload.kind, 1_000_000, payload.model_dump_json())
                for seq, payload in enumerate(payloads, start=first)
            )
        )
