"""`cairn sessions import`: sessions of other programs become sessions of this workspace."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from cairn_server.terminal.connection import Connection, Dial, HostLost
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import reach

PATIENCE = 3_600.0
"""Seconds for one file."""


def imports(dial: Dial, files: list[Path], as_json: bool) -> int:
    """Imports each file; one that cannot be is told on stderr, and the others are imported all the same."""
    if not files:
        raise CommandFailed("say which files: cairn sessions import FILE...", USAGE)
    connection = reach(dial)
    code = DONE
    done: list[dict[str, Any]] = []
    for file in files:
        try:
            imported = _import(connection, file)
        except HostLost:
            raise
        except CommandFailed as error:
            code = error.code
            imported = {"file": str(file), "error": str(error)}
            print(f"cairn: {one_line(str(error))}", file=sys.stderr)
        done.append(imported)
        if not as_json and "error" not in imported:
            _tell(imported)
    if as_json:
        print(json.dumps(done))
    return code


def _import(connection: Connection, file: Path) -> dict[str, Any]:
    path = os.path.abspath(file.expanduser())
    imported = connection.request("cairn/session/import", {"path": path}, seconds=PATIENCE)
    return {"file": str(file)} | imported


def _tell(imported: dict[str, Any]) -> None:
    what = "was imported before" if imported["already"] else "imported"
    messages = f"{imported['messages']:,} message{'' if imported['messages'] == 1 else 's'}"
    print(f"{imported['session']}  {what}, {messages}  {one_line(imported['file'])}")
    for problem in imported["problems"]:
        print(f"  left out: {one_line(problem)}")
