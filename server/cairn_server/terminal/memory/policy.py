"""What is kept, for a person: where it lies, and taking it elsewhere and back."""

import json
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.memory.asking import agreed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.table import table

PATIENCE = 3_600.0
"""Seconds for one of these: a large project takes minutes."""
ARCHIVE = b"PK"
"""How a ZIP file, which an archive is, begins."""

Found = dict[str, Any]


def where(dial: Dial, options: Namespace) -> int:
    """`cairn memory where`: one row for each thing that is kept, then how long it is."""
    found: Found = reach(dial).request("cairn/memory/where", seconds=PATIENCE)
    if options.json:
        print(json.dumps(found))
        return DONE
    heads = ["WHAT", "SIZE", "FILES", "READERS", "GIT", "WHERE"]
    table([heads, *(_row(each) for each in found["things"])])
    print(f"retention: {_retention(found)}")
    switched = "on" if found["enabled"] else "off: no session is told of it, and no index is kept"
    print(f"memory: {switched}; what the agent would have remembered: {found['remember']}")
    return DONE


def export(dial: Dial, options: Namespace) -> int:
    """`cairn memory export [SESSION] FILE`."""
    params = {"path": _absolute(options.file), "session": options.session}
    done: Found = reach(dial).request("cairn/memory/export", params, seconds=PATIENCE)
    if options.json:
        print(json.dumps(done))
        return DONE
    what = f"session {done['session']}" if done["session"] else "the project"
    counts = f"{_count(done['events'], 'event')}, {_count(done['blobs'], 'blob')}, {_count(done['files'], 'memory file')}"
    print(one_line(f"{what} is in {done['path']}: {counts}, {size(done['bytes'])}"))
    if missing := done["missing"]:
        print(
            f"cairn: {_count(len(missing), 'blob')} were gone or damaged, and are not in it", file=sys.stderr
        )
    return DONE


def imports(dial: Dial, options: Namespace) -> int:
    """`cairn memory import FILE`: an archive, or a MEMORY.md to merge with ours."""
    path = _absolute(options.file)
    params: Found = {"path": path}
    connection = reach(dial)
    if not _is_archive(path):
        params["merge"] = "user" if options.user else "project"
        agreed(
            f"Take the rules, decisions and facts of {path} into {_whose(options.user)} memory? Its rules bind every session.",
            options.yes,
        )
    done: Found = connection.request("cairn/memory/import", params, seconds=PATIENCE)
    if options.json:
        print(json.dumps(done))
    elif "merge" in params:
        _tell_claims(done["claims"])
    else:
        _tell_restored(connection, done)
    return DONE


def size(count: int) -> str:
    """0 B, 950 B, 4.2 kB, 128 MB."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1_000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"


def _row(each: Found) -> list[str]:
    count = f"{each['files']:,}" + ("" if each["whole"] else "+")
    amount = size(each["bytes"]) + ("" if each["whole"] else "+")
    name = each["name"] if each["scope"] == "project" else f"your {each['name']}"
    git = "" if each["scope"] == "user" else "commits it" if each["committed"] else "no"
    return [name, amount, count, each["readers"] or "-", git, f"{each['path']}  ({each['holds']})"]


def _retention(found: Found) -> str:
    days, megabytes = found["keep_days"], found["keep_mb"]
    limits = [
        f"a session at rest goes after {_count(days, 'day')}" if days else "",
        f"above {megabytes:,} MB the sessions longest at rest go" if megabytes else "",
    ]
    return "; ".join(each for each in limits if each) or "everything is kept until you delete it"


def _tell_claims(claims: list[Found]) -> None:
    print(
        f"{_count(len(claims), 'claim')} came" if claims else "it says nothing that is not remembered already"
    )
    table([[each["id"], each["scope"], each["about"], each["text"]] for each in claims])


def _tell_restored(connection: Connection, done: Found) -> None:
    for there, here in sorted(done["sessions"].items()):
        print(one_line(here if there == here else f"{here}  ({there} in the archive)"))
    print(f"{_count(len(done['sessions']), 'session')}, {_count(done['events'], 'event')}, "
          f"{_count(done['files'], 'memory file')} came")  # fmt: skip
    if done["present"]:
        print(f"{_count(len(done['present']), 'session')} were here already")
    for name in done["left"]:
        print(one_line(f"  left out, since there is one here: {name}"))


def _is_archive(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(ARCHIVE)) == ARCHIVE
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be read ({error.strerror or error}); nothing was imported", USAGE
        ) from error


def _absolute(path: Path) -> str:
    return os.path.abspath(path.expanduser())


def _whose(user: bool) -> str:
    return "your" if user else "the project's"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
