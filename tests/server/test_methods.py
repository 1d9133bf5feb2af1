"""Every method of the table, on both faces: the same answers, and an error reply to all bad params."""

import inspect
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, get_args

import pytest
from deadlines import deadline
from wire import Client, HostProcess, Refusal, client

from cairn_server.call import FAILED, INVALID_PARAMS, Method
from cairn_server.methods import METHODS
from cairn_server.transport import Face

FACES: tuple[Face, ...] = get_args(Face)
WRONG: Any = {"not": "this"}

needs_params = [m for m in METHODS if any(f.is_required() for f in m.params.model_fields.values())]
takes_nothing = [m for m in METHODS if not m.params.model_fields]


def _name(value: object) -> str:
    return value.name if isinstance(value, Method) else str(value)


@pytest.fixture(params=FACES)
async def attached(request: pytest.FixtureRequest, host: HostProcess) -> AsyncGenerator[Client]:
    async with deadline(20), client(host.file, request.param) as found:
        yield found


async def _refused(attached: Client, method: str, params: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await attached.request(method, params)
    assert refusal.value.code == INVALID_PARAMS
    assert "\n" not in refusal.value.message
    return refusal.value.message


@pytest.mark.parametrize("method", METHODS, ids=_name)
async def test_an_unknown_field_is_refused_by_name(attached: Client, method: Method[Any, Any]) -> None:
    assert "surprise" in await _refused(attached, method.name, _valid(method) | {"surprise": 1})


@pytest.mark.parametrize("params", [[], [1], 5, "text", True], ids=repr)
@pytest.mark.parametrize("method", METHODS, ids=_name)
async def test_params_that_are_no_object_are_refused(
    attached: Client, method: Method[Any, Any], params: Any
) -> None:
    assert "must be an object" in await _refused(attached, method.name, params)


@pytest.mark.parametrize(
    ("method", "field"), [(m, f) for m in METHODS for f in m.params.model_fields], ids=_name
)
async def test_a_field_of_the_wrong_type_is_refused_by_name(
    attached: Client, method: Method[Any, Any], field: str
) -> None:
    wrong = [WRONG] if field == "settings" else WRONG
    assert field in await _refused(attached, method.name, _valid(method) | {field: wrong})


@pytest.mark.parametrize("method", needs_params, ids=_name)
@pytest.mark.parametrize("params", [None, {}], ids=["absent", "empty"])
async def test_a_missing_field_is_refused_by_name(
    attached: Client, method: Method[Any, Any], params: Any
) -> None:
    message = await _refused(attached, method.name, params)
    required = [name for name, field in method.params.model_fields.items() if field.is_required()]
    assert any(name in message for name in required)


@pytest.mark.parametrize("method", takes_nothing, ids=_name)
@pytest.mark.parametrize("params", [None, {}], ids=["absent", "empty"])
async def test_a_method_that_needs_nothing_may_be_called_without_params(
    attached: Client, method: Method[Any, Any], params: Any
) -> None:
    method.result.model_validate(await attached.request(method.name, params))


async def test_a_key_in_refused_params_is_not_repeated(attached: Client) -> None:
    settings = {"api_key": "sk-secret", "window": "sk-secret"}
    message = await _refused(attached, "cairn/run/start", {"prompt": "x", "settings": settings})
    assert "settings.window" in message
    assert "sk-secret" not in message


async def test_an_unknown_method_is_an_error(attached: Client) -> None:
    with pytest.raises(Refusal) as refusal:
        await attached.request("cairn/run/fly", {})
    assert refusal.value.code == -32601


async def test_what_a_run_cannot_do_is_told_in_one_line(attached: Client) -> None:
    with pytest.raises(Refusal) as refusal:
        await attached.request("cairn/run/start", {"prompt": "done", "settings": {"model": "none"}})
    assert (refusal.value.code, refusal.value.message) == (FAILED, "no model is configured")


async def test_a_root_outside_of_the_workspace_is_refused(attached: Client, tmp_path: Path) -> None:
    for root, word in (
        (str(tmp_path), "another workspace"),
        (str(tmp_path / "gone"), "gone"),
        ("src", "absolute"),
    ):
        with pytest.raises(Refusal, match=word):
            await attached.request("cairn/run/start", {"prompt": "done", "root": root})


async def test_a_file_to_import_is_named_by_an_absolute_path(attached: Client, tmp_path: Path) -> None:
    assert "absolute" in await _refused(attached, "cairn/session/import", {"path": "session.jsonl"})
    assert "path" in await _refused(attached, "cairn/session/import", {"path": ""})
    with pytest.raises(Refusal, match="gone cannot be read"):
        await attached.request("cairn/session/import", {"path": str(tmp_path / "gone")})
    assert await attached.request("cairn/session/import", {"path": str(tmp_path / "here")}) == {
        "session": "here",
        "messages": 3,
        "problems": ["line 2: broken"],
        "already": False,
    }


async def test_both_faces_give_equal_results_for_every_method(host: HostProcess) -> None:
    async with deadline(20), client(host.file, "rpc") as terminal, client(host.file, "lsp") as editor:
        prepared = await terminal.request("cairn/run/start", {"prompt": "ask"})
        session = prepared["session"]
        await _asked(terminal, prepared["since"])
        for method in METHODS:
            params = _valid(method)
            if "session" in method.params.model_fields:
                params["session"] = session
            results = [await _outcome(attached, method.name, params) for attached in (terminal, editor)]
            assert _comparable(results[0]) == _comparable(results[1]), method.name


async def _asked(terminal: Client, since: int) -> None:
    await terminal.request("cairn/events/subscribe", {"since": since})
    while (await terminal.event())["kind"] != "approval.requested":
        pass


async def _outcome(attached: Client, name: str, params: dict[str, Any]) -> dict[str, Any]:
    reply = await attached.reply(name, params)
    return {key: reply.get(key) for key in ("result", "error")}


def _comparable(outcome: dict[str, Any]) -> Any:
    """What changes by asking again is only compared by its type."""
    moving = {"uptime", "memory_mb", "last_seq", "since", "interrupted", "events", "sessions", "running"}
    moving |= {"seconds", "checkpoint", "checkpoints", "files", "proof"}
    if outcome["error"]:
        return outcome
    result: dict[str, Any] = outcome["result"]
    shown: dict[str, Any] = {key: "moving" if key in moving else value for key, value in result.items()}
    return shown | {"session": "new"} if "since" in shown else shown


async def test_an_approval_asked_by_one_client_is_answered_by_another(host: HostProcess) -> None:
    async with deadline(), client(host.file, "rpc") as terminal, client(host.file, "lsp") as editor:
        await editor.request("cairn/events/subscribe", {"since": 0, "answers": True})
        started = await terminal.request("cairn/run/start", {"prompt": "ask"})
        await _asked(terminal, started["since"])
        waiting = await editor.request("cairn/approval/list")
        (approval,) = [a for a in waiting["approvals"] if a["session"] == started["session"]]
        assert (approval["agent"], approval["reason"]) == ("build", "attended")
        assert approval["time"] > 0
        answer = {"id": approval["id"], "decision": "allow", "words": "go"}
        assert (await editor.request("cairn/approval/answer", answer))["accepted"]
        while (event := await terminal.event())["kind"] != "approval.answered":
            pass
        assert event["payload"]["by"] == "test"


async def test_a_page_of_events_ends_at_its_limit_and_goes_on_after_it(host: HostProcess) -> None:
    async with deadline(), client(host.file) as terminal:
        started = await terminal.request("cairn/run/start", {"prompt": "notes 7 1"})
        session = started["session"]
        await terminal.request("cairn/events/subscribe", {"since": started["since"], "session": session})
        while (await terminal.event())["kind"] != "session.state":
            pass
        found: list[dict[str, Any]] = []
        more, since = True, 0
        while more:
            show = {"session": session, "since": since, "limit": 4}
            page = await terminal.request("cairn/session/show", show)
            assert len(page["events"]) <= 4
            found += page["events"]
            more, since = page["more"], found[-1]["seq"]
        assert [event["kind"] for event in found] == [
            "session.started", "message.user", *["note.added"] * 7, "session.state"
        ]  # fmt: skip


async def test_a_page_of_large_events_stays_small(host: HostProcess) -> None:
    async with deadline(20), client(host.file) as terminal:
        started = await terminal.request("cairn/run/start", {"prompt": "notes 100 60000"})
        session = started["session"]
        await terminal.request("cairn/events/subscribe", {"since": started["since"], "session": session})
        while (await terminal.event())["kind"] != "session.state":
            pass
        page = await terminal.request("cairn/session/show", {"session": session, "limit": 2_000})
        assert page["more"] is True
        assert 60 < len(page["events"]) < 70


def test_names_follow_the_pattern_and_are_unique() -> None:
    names = [method.name for method in METHODS]
    assert len(set(names)) == len(names)
    assert all(name.count("/") == 2 and name.startswith("cairn/") for name in names)
    assert all(inspect.iscoroutinefunction(method.handler) for method in METHODS)


def _valid(method: Method[Any, Any]) -> dict[str, Any]:
    """Params that are accepted, for what comes on top of them."""
    required: dict[str, dict[str, Any]] = {
        "cairn/run/start": {"prompt": "done"},
        "cairn/run/resume": {"session": "nobody"},
        "cairn/approval/answer": {"id": "nothing", "decision": "deny"},
        "cairn/session/import": {"path": "/nowhere/gone"},
        "cairn/memory/search": {"queries": ["a word"]},
        "cairn/memory/show": {"ref": "nothing"},
        "cairn/memory/locate": {"ref": "nothing"},
        "cairn/memory/remember": {"text": "?!"},  # says nothing
        "cairn/memory/forget": {"id": "nothing"},
        "cairn/memory/answer": {"id": "nothing", "accepted": True},
        "cairn/memory/export": {"path": "/"},
        "cairn/memory/import": {"path": "/nowhere/gone"},
        "cairn/memory/delete": {"what": "session", "session": "nobody"},
        "cairn/editor/diagnostics": {"files": []},
        "cairn/compose/send": {"words": "@task:T99"},
        "cairn/gate/revoke": {"pattern": "nothing *"},
        "cairn/gate/past": {"tool": "bash", "pattern": "make *"},
        "cairn/gate/contract": {"text": "goal = 'to see'"},
        "cairn/gate/draft": {"goal": "to see", "allowed": ["run"]},
        "cairn/trust/set": {"digest": ""},
        "cairn/rewind/preview": {"session": "nobody", "to": "start"},
        "cairn/rewind/apply": {"session": "nobody", "to": "start"},
        "cairn/snapshots/compare": {"session": "nobody", "at": "c1"},
        "cairn/snapshots/content": {"content": "0" * 40},
        "cairn/proposal/edit": {"session": "nobody", "path": "a", "text": ""},
        "cairn/fork/start": {"session": "nobody", "at": "c1"},
        "cairn/task/change": {"id": "T99", "action": "start"},
        "cairn/views/show": {"view": "runs"},
        "cairn/views/find": {"query": "a word"},
        "cairn/approval/show": {"id": "nothing"},
        "cairn/window/preview": {"session": "nobody", "tokens": 1_000},
    }
    if method.name in required:
        return dict(required[method.name])
    needed = any(f.is_required() for f in method.params.model_fields.values())
    return {"session": "nobody"} if needed else {}


async def test_the_end_of_a_session_is_shown_without_its_beginning(host: HostProcess) -> None:
    async with deadline(), client(host.file, "rpc") as terminal:
        started = await terminal.request("cairn/run/start", {"prompt": "notes 300 10"})
        session = started["session"]
        await terminal.request("cairn/events/subscribe", {"session": session, "since": started["since"]})
        while (event := await terminal.event())["payload"].get("state") != "done":
            pass
        page = await terminal.request("cairn/session/show", {"session": session, "limit": 3, "newest": True})
        assert [each["seq"] for each in page["events"]] == [event["seq"] - 2, event["seq"] - 1, event["seq"]]
        assert page["more"]


async def test_whoever_follows_anything_is_told_what_waits_in_every_session(host: HostProcess) -> None:
    async with deadline(), client(host.file, "rpc") as terminal, client(host.file, "lsp") as editor:
        other = await terminal.request("cairn/run/start", {"prompt": "done"})
        await editor.request("cairn/events/subscribe", {"session": other["session"], "since": other["since"]})
        started = await terminal.request("cairn/run/start", {"prompt": "ask"})
        notice: dict[str, Any] = {"method": "", "params": {}}
        while started["session"] not in notice["params"].get("sessions", ()):
            notice = await editor.notices.get()
        assert notice["method"] == "cairn/waiting"
        assert notice["params"]["approvals"] >= 1 and notice["params"]["title"]
