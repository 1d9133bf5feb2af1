"""What each action of `cairn proposals` does."""

import json
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, FAILED, USAGE, CommandFailed
from cairn_server.terminal.proposals.forms import answered, diff, row
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.table import table

PATIENCE = 120.0
"""Seconds."""

Found = dict[str, Any]


def proposals(dial: Dial, options: Namespace) -> int:
    """Does the action that `options` name. Returns the exit code."""
    actions: dict[str, Callable[[Connection, Namespace], int]] = {
        "list": _list,
        "show": _show,
        "accept": _accept,
        "reject": _reject,
    }
    return actions[options.action](reach(dial), options)


def _list(connection: Connection, options: Namespace) -> int:
    found: Found = connection.request("cairn/proposal/list", {}, PATIENCE)
    if options.json:
        print(json.dumps(found))
    elif found["proposals"]:
        table([row(each) for each in found["proposals"]])
    else:
        print("nothing is proposed; cairn run --mode propose TASK begins")
    return DONE


def _show(connection: Connection, options: Namespace) -> int:
    shown = _shown(connection, options.session)
    if options.json:
        print(json.dumps(shown))
    else:
        write(diff(shown))
    return DONE


def _accept(connection: Connection, options: Namespace) -> int:
    return _answer(connection, options, "cairn/proposal/accept", {})


def _reject(connection: Connection, options: Namespace) -> int:
    return _answer(connection, options, "cairn/proposal/reject", {"words": options.reason})


def _answer(connection: Connection, options: Namespace, method: str, more: Found) -> int:
    """Exits with 1 when some part was refused."""
    parts = _named(_shown(connection, options.session), options.parts) if options.parts else []
    params = {"session": options.session, "path": options.file, "parts": parts, **more}
    done: Found = connection.request(method, params, PATIENCE)
    if options.json:
        print(json.dumps(done))
    else:
        write(answered(done, "accepted" if method.endswith("accept") else "rejected"))
    return FAILED if done["refused"] else DONE


def _shown(connection: Connection, session: str) -> Found:
    if not session:
        found: Found = connection.request("cairn/proposal/list", {}, PATIENCE)
        if not found["proposals"]:
            raise CommandFailed("nothing is proposed; cairn run --mode propose TASK begins", USAGE)
        session = found["proposals"][0]["session"]
    return connection.request("cairn/proposal/show", {"session": session}, PATIENCE)


def _named(shown: Found, wanted: list[str]) -> list[str]:
    """The ids of parts that are given by number or id."""
    ids = [part["id"] for file in shown["files"] for part in file["parts"]]
    found = [
        ids[int(each) - 1] if each.isdecimal() and 0 < int(each) <= len(ids) else each for each in wanted
    ]
    if missing := [each for each in found if each not in ids]:
        raise CommandFailed(
            f"there is no part {missing[0]} of {len(ids)}; `cairn proposals show {shown['session']}` numbers them",
            USAGE,
        )
    return found
