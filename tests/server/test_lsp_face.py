"""The LSP face as an editor meets it: pygls' own manners, and where they had to be better."""

from typing import Any

import pytest
from deadlines import deadline
from wire import HostProcess, Refusal, client

from cairn_server.methods import METHODS
from cairn_server.protocol import VERSION


async def test_the_methods_are_announced_at_initialize(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        announced = editor.initialized["capabilities"]["experimental"]["cairn"]
        assert announced == {"version": VERSION, "methods": [method.name for method in METHODS]}


async def test_a_value_with_a_jsonrpc_key_is_not_taken_for_a_message(host: HostProcess) -> None:
    inner = {"jsonrpc": "2.0", "id": 1, "method": "exit"}
    async with deadline(), client(host.file, "lsp") as editor:
        with pytest.raises(Refusal, match=r"settings\.jsonrpc: there is no such field"):
            await editor.request("cairn/run/start", {"prompt": "x", "settings": inner})


async def test_keys_that_are_no_names_reach_the_check(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        for key in ("type_name", "a b", "class", "1"):
            with pytest.raises(Refusal, match=f"{key}: there is no such field"):
                await editor.request("cairn/host/status", {key: 1})


async def test_a_standard_request_with_bad_params_gets_an_error_reply(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        with pytest.raises(Refusal) as refusal:
            await editor.request("workspace/executeCommand", {"command": []})
        assert refusal.value.code in (-32602, -32603)


async def test_a_cancelled_request_is_answered_as_cancelled(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        request: dict[str, Any] = {
            "jsonrpc": "2.0", "id": "to-cancel", "method": "cairn/run/start", "params": {"prompt": "done"}
        }  # fmt: skip
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "to-cancel"}}
        editor.send(request)
        editor.send(cancel)
        reply = await editor.orphans.get()
        assert reply["id"] == "to-cancel"
        # Whichever came first; a run that was begun is not left half begun.
        assert reply.get("error", {"code": -32800})["code"] == -32800


async def test_shutdown_and_exit_end_this_connection_only(host: HostProcess) -> None:
    async with deadline(20), client(host.file) as terminal, client(host.file, "lsp") as editor:
        assert await editor.request("shutdown") is None
        with pytest.raises(Refusal, match="shut down"):
            await editor.request("cairn/host/status")
        editor.send({"jsonrpc": "2.0", "method": "exit"})
        await editor.ended()
        assert (await terminal.request("cairn/host/status"))["pid"] == host.process.pid


async def test_an_editor_that_exits_without_shutdown_ends_only_itself(host: HostProcess) -> None:
    async with deadline(20), client(host.file) as terminal, client(host.file, "lsp") as editor:
        editor.send({"jsonrpc": "2.0", "method": "exit"})
        await editor.ended()
        assert (await terminal.request("cairn/host/status"))["pid"] == host.process.pid


async def test_an_unknown_notification_is_ignored(host: HostProcess) -> None:
    async with deadline(), client(host.file, "lsp") as editor:
        for params in ({"a": 1}, [1], None):
            editor.send({"jsonrpc": "2.0", "method": "cairn/nobody/knows", "params": params})
            editor.send({"jsonrpc": "2.0", "method": "$/unknown", "params": params})
        assert (await editor.request("cairn/host/status"))["pid"] == host.process.pid
        assert editor.orphans.empty()
