"""The views over the wire: rows that are ready to be shown, and word of when they changed."""

import asyncio
import json
import socket
import time
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from deadlines import deadline
from wire import Client, HostProcess, Hosts, client

from cairn_agents.runs import RunInfo, Runs
from cairn_memory.events import ApprovalRequested, State, TaskState
from cairn_memory.log import EventLog
from cairn_memory.tasks import TaskTree
from cairn_server.outbox import Outbox, as_line
from cairn_server.protocol.views import ApprovalShown
from cairn_server.views.news import EVERY, OFTEN_SECONDS, ViewNews, changed_by
from cairn_server.views.question import QUESTION, question
from cairn_server.views.row import LABEL, LOOKS, TOOLTIP, bounded, row
from cairn_server.views.standing import standing
from cairn_server.views.tasks import left


@pytest.fixture
def own(hosts: Hosts, workspace: Path) -> HostProcess:
    """A host in which nothing has happened yet."""
    return hosts.start(workspace)


async def rows(attached: Client, view: str, **params: Any) -> list[dict[str, Any]]:
    return (await attached.request("cairn/views/show", {"view": view, **params}))["rows"]


async def started(attached: Client, prompt: str) -> str:
    return (await attached.request("cairn/run/start", {"prompt": prompt}))["session"]


async def told(attached: Client, view: str) -> dict[str, Any]:
    """The next word that this view changed."""
    while True:
        notice = await attached.notices.get()
        if notice["method"] == "cairn/views/changed" and view in notice["params"]["views"]:
            return notice["params"]


# --- what changed ---------------------------------------------------------------------------


async def test_word_of_a_change_comes_within_100_ms_with_how_things_stand(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor, client(own.file) as terminal:
        followed = await editor.request("cairn/views/follow")
        assert (followed["standing"]["runs"], followed["interrupted"]) == (0, None)
        assert followed["workspace"] == (await terminal.request("cairn/host/status"))["workspace"]
        took: list[float] = []
        for number in range(8):
            began = time.monotonic()
            await terminal.request("cairn/memory/remember", {"text": f"stone {number} is flat"})
            await told(editor, "memory")
            took.append(time.monotonic() - began)
        assert min(took) < 0.1
        await started(terminal, "work")
        standing = (await told(editor, "runs"))["standing"]
        while not standing["active"]:
            standing = (await told(editor, "runs"))["standing"]
        assert (standing["label"], standing["action"]) == ("running · step 1 · 0%", "openRun")


async def test_who_did_not_ask_is_not_told_and_who_asked_no_more_neither(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor, client(own.file) as terminal:
        await terminal.request("cairn/events/subscribe", {"since": 0})
        await editor.request("cairn/views/follow")
        await started(terminal, "done")
        await told(editor, "runs")
        await editor.request("cairn/views/follow", {"on": False})
        async with client(own.file, "lsp") as other:
            await other.request("cairn/views/follow")
            while not editor.notices.empty():
                editor.notices.get_nowait()
            await started(terminal, "done")
            await told(other, "runs")
        assert (await editor.request("cairn/host/status"))["clients"] >= 2
        assert editor.notices.empty()
        assert "cairn/views/changed" not in terminal.order


async def test_many_events_in_a_row_are_few_words(own: HostProcess) -> None:
    async with deadline(40), client(own.file, "lsp") as editor:
        await editor.request("cairn/views/follow")
        began = time.monotonic()
        await started(editor, "notes 500 10")
        while (await told(editor, "runs"))["standing"]["label"][:4] != "done":
            pass
        passed = time.monotonic() - began
        words = [method for method in editor.order if method == "cairn/views/changed"]
        assert len(words) <= passed / OFTEN_SECONDS + 2


async def test_what_comes_late_is_told_when_it_is_there() -> None:
    ours, theirs = socket.socketpair()
    reader, peer = await asyncio.open_connection(sock=theirs)
    _, writer = await asyncio.open_connection(sock=ours)
    news = ViewNews(cast(EventLog, None), lambda: standing(cast(Runs, NoRuns())))
    there = asyncio.Event()
    outbox = Outbox(writer, as_line, 5.0)
    async with deadline():
        news.follow(outbox)
        news.later(there.wait(), "tasks")
        there.set()
        notice = json.loads(await reader.readline())
    assert (notice["method"], notice["params"]["views"]) == ("cairn/views/changed", ["tasks"])
    assert notice["params"]["standing"]["action"] == "runTask"
    news.leave(outbox)
    for each in (writer, peer):
        each.close()
        await each.wait_closed()


class NoRuns:
    """Nothing has run here."""

    def approvals(self) -> list[tuple[str, ApprovalRequested]]:
        return []

    def list(self) -> list[RunInfo]:
        return []


def test_each_view_hears_of_what_it_shows_and_of_no_more() -> None:
    assert changed_by(["tool.finished", "gate.decided", "message.host"]) == set()
    assert changed_by(["task.changed"]) == {"tasks"}
    assert changed_by(["session.state"]) == {"approvals", "tasks", "runs", "checkpoints"}
    assert changed_by(["model.replied"]) == {"tasks", "runs"}
    assert changed_by(["approval.answered"]) == {"approvals", "runs"}
    assert changed_by(["checkpoint.written", "claim.forgotten"]) == {"checkpoints", "memory"}
    assert changed_by(["log.rewritten"]) == set(EVERY)


# --- rows -----------------------------------------------------------------------------------


def test_a_row_has_marks_for_what_would_act_or_hide_and_a_bound_for_each_text() -> None:
    made = row("a", "safe\u202efas\x1b[2J\nnext", "claim", tooltip="t\u200bt\n" * 100_000)
    assert made.label == "safe<202e>fas␛[2J next"
    assert made.tooltip.startswith("t<200b>t\nt") and len(made.tooltip) <= TOOLTIP
    long = row("b", "x" * 1_000_000, "claim")
    assert len(long.label) == LABEL and long.label.endswith("…")


def test_what_a_view_leaves_out_is_counted_and_said_where_it_is() -> None:
    few = [row("a", "a", "claim")]
    assert bounded(few, 0, "elsewhere") == few
    assert [each.label for each in bounded(few, 1_200, "elsewhere")] == ["a", "1,200 more"]


def test_every_state_of_a_session_and_a_task_has_a_look() -> None:
    assert {*get_args(State), *get_args(TaskState)} - {"in progress"} <= LOOKS.keys()


def test_of_too_many_tasks_those_that_are_left_come_with_what_they_belong_to() -> None:
    tree = TaskTree()
    for title in ("Carry", "Lay"):
        tree.apply(tree.create(title), "s", 1)
    tree.apply(tree.create("Find", "T2"), "s", 1)
    tree.apply(tree.change("T1", state="in progress"), "s", 1)
    tree.apply(tree.change("T1", state="done", evidence=(1,)), "s", 1)
    assert [task.id for task in left(tree.order())] == ["T2", "T2.1"]


async def test_tasks_are_a_tree_whose_words_say_what_can_be_done(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor:
        for title, parent in (("Carry stones", ""), ("Find a flat one", "T1")):
            await editor.request("cairn/task/change", {"action": "create", "id": parent, "title": title})
        await editor.request("cairn/task/change", {"action": "block", "id": "T1.1", "note": "no river"})
        (top,) = await rows(editor, "tasks")
        (below,) = top["children"]
        assert (top["id"], top["label"], top["kinds"]) == ("T1", "T1 Carry stones", "task left")
        assert (below["label"], below["state"]) == ("T1.1 Find a flat one", "blocked")
        assert (below["description"], below["kinds"]) == ("no river", "task left closed")
        assert (below["action"], below["ref"], below["icon"]) == ("openTaskProgress", "T1.1", "circle-slash")


async def test_runs_that_rest_are_earlier_and_a_goal_cannot_hide_anything(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor:
        await editor.request("cairn/views/follow")
        first = await started(editor, "done \u202e\x1b[31m")
        second = await started(editor, "work")
        active, earlier = await rows(editor, "runs")
        while not earlier["children"]:
            await told(editor, "runs")
            active, earlier = await rows(editor, "runs")
        assert (active["ref"], active["kinds"]) == (second, "run active newest")
        assert active["description"] == "running · step 1 · 0%"
        (resting,) = earlier["children"]
        assert (resting["ref"], resting["label"]) == (first, "done <202e>␛[31m")
        assert (resting["kinds"], resting["icon"]) == ("run resting", "pass")


async def test_checkpoints_are_of_the_chosen_session_else_of_the_run_to_speak_of(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor:
        assert await rows(editor, "checkpoints") == []
        first, second = await started(editor, "work"), await started(editor, "work")
        await editor.request("cairn/session/checkpoint", {"session": first})
        assert await rows(editor, "checkpoints") == []
        (group,) = await rows(editor, "checkpoints", session=first)
        (one,) = group["children"]
        assert (one["label"], one["ref"], one["session"], one["at"]) == ("Checkpoint 1", "c1", first, 1)
        assert "left out: untrue" in one["tooltip"]
        assert await rows(editor, "checkpoints", session="deleted") == await rows(editor, "checkpoints")
        assert second != first


async def test_memory_is_grouped_and_a_search_finds_rows_that_lead_there(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor:
        claim = {"text": "Flat stones lie by the river", "about": "rule"}
        kept = (await editor.request("cairn/memory/remember", claim))["claim"]
        await editor.request("cairn/views/follow")
        await started(editor, "propose Round stones roll")
        while len(groups := await rows(editor, "memory")) < 2:
            await told(editor, "memory")
        assert [(each["label"], each["kinds"]) for each in groups] == [
            ("Proposals", "group"),
            ("Project", "memory"),
        ]
        (proposal,), (rule,) = (each["children"] for each in groups)
        assert (proposal["label"], proposal["kinds"]) == ("Round stones roll", "proposal")
        assert (rule["state"], rule["ref"]) == ("rule", kept["id"])
        assert rule["description"] == "rule · just now · not used yet"
        found = await editor.request("cairn/views/find", {"query": "flat river"})
        assert claim["text"] in found["rows"][0]["label"]
        located = await editor.request("cairn/memory/locate", {"ref": found["rows"][0]["ref"]})
        assert located["path"].endswith("MEMORY.md")
        assert await editor.request("cairn/views/find", {"query": "  "}) == {"rows": []}


async def test_a_session_that_its_host_did_not_survive_is_offered(hosts: Hosts, workspace: Path) -> None:
    before = hosts.start(workspace)
    async with deadline(), client(before.file) as terminal:
        session = await started(terminal, "work")
    before.kill()
    after = hosts.start(workspace)
    async with deadline(), client(after.file, "lsp") as editor:
        followed = await editor.request("cairn/views/follow")
        assert followed["interrupted"]["session"] == session
        assert "resumable" in followed["interrupted"]["kinds"]
        assert followed["standing"]["label"].startswith("interrupted")


# --- approvals ------------------------------------------------------------------------------


async def test_an_approval_is_a_row_and_a_question_until_somebody_answers(own: HostProcess) -> None:
    async with deadline(), client(own.file, "lsp") as editor, client(own.file) as terminal:
        await editor.request("cairn/views/follow")
        session = await started(editor, "ask")
        standing = (await told(editor, "approvals"))["standing"]
        while not standing["approvals"]:
            standing = (await told(editor, "approvals"))["standing"]
        assert standing["label"].startswith("1 approval waits") and standing["urgent"]
        (asked,) = standing["asked"]
        (waiting,) = await rows(editor, "approvals")
        assert (waiting["ref"], waiting["session"], waiting["kinds"]) == (asked, session, "approval")
        assert waiting["description"].startswith("build agent") and "just now" in waiting["description"]
        shown = await editor.request("cairn/approval/show", {"id": asked})
        assert (shown["question"], shown["brief"]) == ("Cairn's build agent asks: rm", True)
        assert [choice["name"] for choice in shown["choices"]] == ["allow", "deny", "words"]
        await terminal.request("cairn/approval/answer", {"id": asked, "decision": "deny"})
        while (await told(editor, "approvals"))["standing"]["approvals"]:
            pass
        gone = await editor.request("cairn/approval/show", {"id": asked})
        assert (gone["open"], gone["choices"], gone["page"]) == (
            False,
            [],
            "This approval has been answered.\n",
        )


def asked(title: str, detail: str = "", grant: str = "", demands: tuple[str, ...] = ()) -> ApprovalShown:
    request = ApprovalRequested(
        id="s:c1", call="c1", name="bash", title=title, detail=detail, grant=grant, demands=demands
    )
    return question(request, "build")


def test_a_question_that_may_be_answered_in_passing_says_all_of_the_call() -> None:
    shown = asked("touch a", "touch a", "bash touch *", ("unsandboxed",))
    assert shown.brief
    assert shown.question == (
        "Cairn's build agent asks: touch a It wants to run outside of the sandbox, with all your rights."
        " (for the session: bash touch *)"
    )


@pytest.mark.parametrize(
    ("title", "detail"),
    [("x" * 950, ""), ("a", "y" * 5_000), ("a", "two\nlines"), ("rm -rf\n/", "")],
    ids=["long title", "long detail", "lines", "lines in the title"],
)
def test_what_does_not_fit_is_not_answered_in_passing_and_stands_on_the_page(title: str, detail: str) -> None:
    shown = asked(title, detail, demands=("network",))
    assert not shown.brief
    assert len(shown.question) <= QUESTION and "It wants the network." in shown.question
    assert title in shown.page and detail in shown.page


def test_blanks_that_are_none_to_a_shell_are_marked_in_a_question_and_on_its_page() -> None:
    shown = asked("rm\u00a0-rf", "rm\u00a0-rf\u202e")
    assert "rm<00a0>-rf" in shown.question and "rm<00a0>-rf<202e>" in shown.page


def test_only_what_can_be_allowed_for_more_than_once_is_offered_so() -> None:
    lasting = {choice.name: choice for choice in asked("touch a", grant="bash touch *").choices}
    assert list(lasting) == ["allow", "session", "always", "deny", "words"]
    assert (lasting["always"].value, lasting["always"].asks) == ("touch *", "pattern")
    assert [choice.name for choice in asked("rm a").choices] == ["allow", "deny", "words"]
