"""The memory over the wire: what an editor may ask of it, through a host in a process of its own."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from deadlines import deadline
from wire import Client, HostProcess, Refusal, client

from cairn_memory.places import Workspace


@pytest.fixture
async def editor(host: HostProcess) -> AsyncGenerator[Client]:
    """A client of the module's host, in which nothing is remembered yet: what a test leaves is deleted."""
    async with deadline(30), client(host.file, "lsp") as attached:
        yield attached
        for run in (await attached.request("cairn/host/status"))["running"]:
            await attached.request("cairn/run/interrupt", {"session": run["session"]})
        await attached.request("cairn/memory/delete", {"what": "everything"})


async def refused(editor: Client, method: str, **params: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await editor.request(method, params)
    assert "\n" not in refusal.value.message
    return refusal.value.message


async def remember(editor: Client, text: str, **more: Any) -> dict[str, Any]:
    return await editor.request("cairn/memory/remember", {"text": text, **more})


async def test_a_claim_can_supersede_another_and_both_say_so(editor: Client) -> None:
    old = (await remember(editor, "the gate is green", about="decision"))["claim"]
    again = await remember(editor, "The gate is GREEN.")
    assert (again["added"], again["claim"]["id"]) == (False, old["id"])
    new = (await remember(editor, "the gate is blue", replaces=[old["id"][:4]]))["claim"]
    listed = await editor.request("cairn/memory/list", {"history": True})
    assert {claim["id"]: claim["superseded_by"] for claim in listed["claims"]} == {
        new["id"]: "",
        old["id"]: new["id"],
    }


async def test_what_is_remembered_is_an_event_that_every_client_hears_of(editor: Client) -> None:
    await editor.request("cairn/events/subscribe", {"since": 0})
    claim = (await remember(editor, "mind the gap", about="rule"))["claim"]
    while (event := await editor.event())["kind"] != "claim.remembered":
        pass
    assert (event["payload"]["claim"], event["payload"]["by"]) == (claim["id"], "user")


async def test_an_id_that_could_be_several_is_refused_with_their_names(editor: Client) -> None:
    ids = [(await remember(editor, f"fact number {number}"))["claim"]["id"] for number in range(18)]
    message = await refused(editor, "cairn/memory/forget", id="c")
    assert "could be" in message and any(each in message for each in ids)
    assert "no claim 'c!'" in await refused(editor, "cairn/memory/forget", id="c!")


async def test_more_queries_than_a_request_may_hold_are_refused(editor: Client) -> None:
    assert "queries" in await refused(editor, "cairn/memory/search", queries=["x"] * 101)
    assert "queries" in await refused(editor, "cairn/memory/search", queries=[])
    answers = (await editor.request("cairn/memory/search", {"queries": ["x"] * 100}))["answers"]
    assert len(answers) == 100


async def test_a_file_outside_of_the_memory_has_no_name(editor: Client) -> None:
    for name in (
        "/etc/passwd",
        "../config.toml",
        "sessions/../../x/notes.md",
        "cairn.db",
        "sessions/nobody/notes.md",
    ):
        for method in ("cairn/memory/log", "cairn/memory/undo", "cairn/memory/diff"):
            assert "no " in await refused(editor, method, file=name)
        assert "no " in await refused(editor, "cairn/memory/show", ref=name)


async def test_a_secret_that_stands_in_a_memory_file_is_not_shown(editor: Client, host: HostProcess) -> None:
    workspace = Workspace.of(host.folder)
    (workspace.folder / "MEMORY.md").write_text("# Memory\n\n## Facts\n\n- the key is sk-secret\n")
    for method, params in (
        ("cairn/memory/list", {}),
        ("cairn/memory/show", {"ref": "project"}),
        ("cairn/memory/diff", {}),
        ("cairn/memory/search", {"queries": ["key"]}),
    ):
        found = str(await editor.request(method, params))
        assert "masked:test" in found and "sk-secret" not in found, method


async def test_a_task_that_the_user_changes_is_followed_by_the_tree_and_its_page(editor: Client) -> None:
    made = await editor.request(
        "cairn/task/change", {"action": "create", "title": "paint", "criteria": ["it is dry"]}
    )
    assert [(task["id"], task["by"]) for task in made["tasks"]] == [("T1", "user")]
    assert "say in `note`" in await refused(editor, "cairn/task/change", id="T1", action="block")
    blocked = {"id": "T1", "action": "block", "note": "no paint"}
    (task,) = (await editor.request("cairn/task/change", blocked))["tasks"]
    assert (task["state"], task["note"], task["criteria"]) == ("blocked", "no paint", ["it is dry"])
    assert (await editor.request("cairn/task/list"))["tasks"] == [task]
    shown = await editor.request("cairn/memory/show", {"ref": "t1"})
    assert shown["facts"] == ["done when: it is dry", "note: no paint"]


async def test_a_task_names_the_agent_that_is_at_work_on_it(editor: Client) -> None:
    started = await editor.request("cairn/run/start", {"prompt": "task lay the stones"})
    await editor.request("cairn/events/subscribe", {"since": started["since"]})
    while (event := await editor.event())["kind"] != "task.changed" or event["payload"]["state"] == "open":
        pass
    (task,) = (await editor.request("cairn/task/list", {"spending": True}))["tasks"]
    assert (task["agent"], task["at_work"], task["session"]) == ("build", True, started["session"])
    await editor.request("cairn/run/interrupt", {"session": started["session"]})
    (task,) = (await editor.request("cairn/task/list"))["tasks"]
    assert (task["agent"], task["at_work"]) == ("build", False)


async def test_what_a_search_names_is_found_in_its_file(editor: Client, host: HostProcess) -> None:
    memory = Workspace.of(host.folder).folder / "MEMORY.md"
    claim = (await remember(editor, "mind the gap"))["claim"]
    line = memory.read_text(encoding="utf-8").splitlines().index("- mind the gap") + 1
    assert await editor.request("cairn/memory/locate", {"ref": claim["id"]}) == {
        "path": str(memory),
        "line": line,
    }
    page = await editor.request("cairn/memory/locate", {"ref": "project#Facts"})
    assert page["path"] == str(memory) and page["line"] < line
    started = await editor.request("cairn/run/start", {"prompt": "work"})
    run = await editor.request("cairn/memory/locate", {"ref": f"e{started['since'] + 1}"})
    assert run["path"].endswith("run.md") and run["line"] >= 1
    for gone in ("e999999", "c0000000", "T99", "no such page"):
        assert "no" in await refused(editor, "cairn/memory/locate", ref=gone)


async def test_an_undo_says_what_it_changed_and_can_be_undone(editor: Client) -> None:
    first = (await remember(editor, "one"))["claim"]["id"]
    second = (await remember(editor, "two"))["claim"]["id"]
    undone = await editor.request("cairn/memory/undo")
    assert undone["version"]["number"] == 3 and "-- two" in undone["diff"]
    assert [claim["id"] for claim in (await editor.request("cairn/memory/list"))["claims"]] == [first]
    again = await editor.request("cairn/memory/undo")
    assert again["version"]["number"] == 4 and "+- two" in again["diff"]
    assert [claim["id"] for claim in (await editor.request("cairn/memory/list"))["claims"]] == [first, second]


async def test_a_checkpoint_tells_what_was_dropped_and_a_window_may_be_asked_for(editor: Client) -> None:
    session = (await editor.request("cairn/run/start", {"prompt": "work"}))["session"]
    made = await editor.request("cairn/session/checkpoint", {"session": session})
    assert (made["checkpoint"]["number"], made["checkpoint"]["dropped"]) == (1, ["untrue"])
    shown = await editor.request("cairn/checkpoint/show", {"session": session})
    assert shown["text"].startswith("# Checkpoint 1")
    assert "no checkpoint 9" in await refused(editor, "cairn/checkpoint/show", session=session, number=9)
    assert (await editor.request("cairn/session/rebuild", {"session": session}))["waits"] is False
    both = {"session": session, "tokens": 500, "at": 1, "line": 1}
    assert "not both" in await refused(editor, "cairn/window/preview", **both)


async def test_a_proposal_waits_until_the_user_says_yes_or_no(editor: Client) -> None:
    for words in ("mind the gap", "use tabs"):
        started = await editor.request("cairn/run/start", {"prompt": f"propose {words}"})
        await editor.request("cairn/events/subscribe", {"since": started["since"]})
        while (await editor.event())["kind"] != "session.state":
            pass
    first, second = (await editor.request("cairn/memory/proposals"))["proposals"]
    assert (first["text"], first["by"], first["forget"]) == ("mind the gap", "agent", False)
    listed = await editor.request("cairn/memory/list")
    assert (listed["claims"], listed["proposals"]) == ([], 2)
    yes = await editor.request("cairn/memory/answer", {"id": first["id"][:5], "accepted": True})
    assert (yes["claim"]["id"], yes["claim"]["about"]) == (first["id"], "rule")
    no = await editor.request("cairn/memory/answer", {"id": second["id"], "accepted": False})
    assert no["claim"] is None
    listed = await editor.request("cairn/memory/list")
    assert ([claim["id"] for claim in listed["claims"]], listed["proposals"]) == ([first["id"]], 0)
    assert "no proposal" in await refused(editor, "cairn/memory/answer", id=first["id"], accepted=True)
