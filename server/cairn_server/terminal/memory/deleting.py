"""Deleting for good: a session, the project's memory, everything; what is too old; secrets in what is stored."""

import json
import sys
from argparse import Namespace
from typing import Any

from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, FAILED, USAGE, CommandFailed
from cairn_server.terminal.memory.asking import agreed
from cairn_server.terminal.memory.policy import PATIENCE, size
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import pick, reach

NAMED = 20
"""Files that are named when a text was found in them."""

Found = dict[str, Any]


def delete(dial: Dial, options: Namespace) -> int:
    """`cairn memory delete session ID | project | everything`. The exit code is 1 when something is left."""
    connection = reach(dial)
    params, question = _asked_for(connection, options)
    agreed(f"{question} This cannot be undone.", options.yes)
    done: Found = connection.request("cairn/memory/delete", params, seconds=PATIENCE)
    proof: Found = done["proof"]
    left = proof["hits"] or proof["unreadable"]
    if options.json:
        print(json.dumps(done))
        return FAILED if left else DONE
    what = f"session {done['session']}" if done["session"] else _NAMES[done["what"]]
    print(
        one_line(
            f"deleted {what}: {_many(done['events'], 'event')}, {_many(done['blobs'], 'blob')}, {_many(done['files'], 'file')}"
        )
    )
    print(
        f"proof: {_many(proof['sought'], 'text')} of it sought in {_many(proof['files'], 'file')} "
        f"({size(proof['bytes'])}): {_many(len(proof['hits']), 'hit')}"
    )
    for path in proof["hits"][:NAMED]:
        print(f"cairn: {one_line(path)} still holds some of it", file=sys.stderr)
    for path in proof["unreadable"][:NAMED]:
        print(f"cairn: {one_line(path)} could not be looked into", file=sys.stderr)
    return FAILED if left else DONE


def expire(dial: Dial, options: Namespace) -> int:
    """`cairn memory expire`: what the settings say is too old or too much goes."""
    done: Found = reach(dial).request("cairn/memory/expire", seconds=PATIENCE)
    if options.json:
        print(json.dumps(done))
        return DONE
    for session in done["sessions"]:
        print(one_line(session))
    print(
        f"{len(done['sessions']):,} sessions went, the content of {done['checkpoints']:,} old checkpoints, "
        f"and {done['orphans']:,} blobs that nothing pointed at"
    )
    return DONE


def redact(dial: Dial) -> int:
    """`cairn doctor --redact`: masks secrets in what is stored already."""
    done: Found = reach(dial).request("cairn/memory/redact", seconds=PATIENCE)
    found = {
        "events": done["events"],
        "blobs": done["blobs"],
        "files": done["files"],
        "memory files": done["memory_files"],
    }
    if any(found.values()):
        print("secrets were masked in " + ", ".join(f"{count:,} {what}" for what, count in found.items()))
    else:
        print("no secret was found in what is stored")
    for name in done["skipped"][:NAMED]:
        print(f"cairn: {one_line(name)} is no text or too large, and was not looked into", file=sys.stderr)
    return DONE


_NAMES = {"project": "the project's memory", "everything": "everything"}


def _asked_for(connection: Connection, options: Namespace) -> tuple[Found, str]:
    """What to ask the host for, and the person."""
    if options.what == "session":
        if not options.session:
            raise CommandFailed(
                "say which: cairn memory delete session ID; `cairn sessions` lists them", USAGE
            )
        info = pick(connection, options.session)
        goal = " ".join(info["goal"].split())[:80]
        name = info["session"]
        return {
            "what": "session",
            "session": name,
        }, f"Delete session {name} ({goal}) with all that belongs to it?"
    if options.session:
        raise CommandFailed(f"{options.what} takes no name; nothing was deleted", USAGE)
    if options.what == "project":
        question = "Delete the project's memory: MEMORY.md, its versions, and all tasks? Sessions stay."
    else:
        question = (
            "Delete everything of this project: all sessions, the memory, tasks and files, and what you typed at "
            "Cairn's prompt in all projects? The settings stay."
        )
    return {"what": options.what}, question


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
