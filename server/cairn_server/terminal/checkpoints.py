"""`cairn checkpoints`, `cairn checkpoint`, `cairn rebuild`: what keeps a session's place, looked at and made on demand."""

import json
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import pick, reach
from cairn_server.terminal.table import table

PATIENCE = 60.0
"""Seconds: whoever asks for a checkpoint waits for its writer."""

Found = dict[str, Any]


def checkpoints(dial: Dial, session: str, as_json: bool) -> int:
    """`cairn checkpoints SESSION`: oldest first."""
    found: Found = reach(dial).request("cairn/checkpoint/list", {"session": session})
    if as_json:
        print(json.dumps(found))
    elif not found["checkpoints"]:
        print(f"{found['session']} has no checkpoint yet; cairn checkpoint {found['session']} makes one")
    else:
        table([_checkpoint(each) for each in found["checkpoints"]])
    return DONE


def checkpoint(dial: Dial, session: str | None, as_json: bool) -> int:
    """`cairn checkpoint [SESSION]`: makes one now."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    found: Found = connection.request("cairn/session/checkpoint", {"session": name}, PATIENCE)
    made = found["checkpoint"]
    if as_json:
        print(json.dumps(found))
    elif made is None:
        print(f"the writer still works on the checkpoint of {name}; cairn checkpoints {name} will show it")
    else:
        print(one_line(words.joined(name, *_checkpoint(made)[:-1])))
        print(f"  cairn memory show {name}/checkpoint.md prints it")
    return DONE


def rebuild(dial: Dial, session: str | None, as_json: bool) -> int:
    """`cairn rebuild [SESSION]`: has it begin a new window before its next request."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    found: Found = connection.request("cairn/session/rebuild", {"session": name})
    waits = f"{name} rests: its window is rebuilt when it goes on, as long as this host runs"
    now = f"{name} begins a new window before its next request"
    print(json.dumps(found) if as_json else waits if found["waits"] else now)
    return DONE


def _checkpoint(each: Found) -> list[str]:
    trouble = each["problem"] or (
        f"{len(each['dropped'])} lines of the judgement left out" if each["dropped"] else ""
    )
    return [
        f"checkpoint {each['number']}",
        f"up to e{each['covers']}",
        "facts and judgement" if each["judged"] else "facts only",
        words.ago(each["time"]),
        words.joined(
            words.duration(each["ms"] / 1_000),
            words.money(each["cost"]),
            "its text is gone" if each["expired"] else "",
            trouble,
        ),
    ]
