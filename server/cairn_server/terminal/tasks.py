"""`cairn tasks` and `cairn task`: the task tree, and a person's changes to it."""

import json
from argparse import Namespace
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import reach

PATIENCE = 120.0
"""Seconds: what tasks cost is counted from all replies there are."""

Found = dict[str, Any]


def tasks(dial: Dial, as_json: bool) -> int:
    """The tree, each task with what it cost; what is worked on now is marked."""
    found: Found = reach(dial).request("cairn/task/list", {"spending": True}, PATIENCE)
    if as_json:
        print(json.dumps(found["tasks"]))
        return DONE
    if not found["tasks"]:
        print("there are no tasks yet; cairn task --add TITLE makes one")
    depths: dict[str, int] = {}
    for task in found["tasks"]:
        depth = depths[task["id"]] = depths.get(task["id"].rpartition(".")[0], -1) + 1
        spent = f"{words.tokens(task['tokens'])} tokens" if task["tokens"] else ""
        at_work = f"in {task['session']}" if task["current"] else ""
        figures = words.joined(at_work, spent, words.money(task["cost"]))
        print(one_line(f"{'  ' * depth}{task['line']}" + (f"  [{figures}]" if figures else "")))
    return DONE


def task(dial: Dial, options: Namespace) -> int:
    """One change by the user."""
    found: Found = reach(dial).request("cairn/task/change", _params(options))
    if options.json:
        print(json.dumps(found["tasks"]))
        return DONE
    for each in found["tasks"]:
        print(one_line(each["line"].removeprefix("- ")))
    return DONE


def _params(options: Namespace) -> Found:
    note = " ".join(options.note)
    if options.add is not None:
        params: Found = {"action": "create", "title": options.add, "id": options.under}
    elif not options.id:
        raise CommandFailed("say which task: cairn task T1.2 done; cairn tasks lists them", USAGE)
    else:
        changes = options.title is not None or options.needs is not None
        if options.action is None and not changes:
            raise CommandFailed(
                f"say what to do with {options.id}: done, block, abandon, reopen, start, change", USAGE
            )
        params = {"action": options.action or "change", "id": options.id, "title": options.title}
    return params | {"note": note or None, "needs": options.needs, "evidence": options.evidence}
