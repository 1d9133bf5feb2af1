"""What changed while a session rested, shown before it goes on; a person may then leave it at rest."""

import json
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Connection
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.sanitise import one_line

Found = dict[str, Any]

COMMITS = 8
"""Commits that are named."""
_WIDE = 16
"""Cells of the first column."""


def look(connection: Connection, session: str) -> Found:
    """The wire's `SessionDrift`. No token is spent."""
    return connection.request("cairn/session/drift", {"session": session})


def changed(found: Found) -> bool:
    """Whether anything is other than the session left it."""
    return bool(found["lines"] or found["commits"] or found["moved"])


def show(found: Found, as_json: bool = False) -> None:
    """Prints it: a row for each thing that is other."""
    if as_json:
        print(json.dumps(found))
    else:
        write(told(found))


def told(found: Found) -> list[Line]:
    """The table, or that nothing changed."""
    since = words.ago(found["rested"])
    if not changed(found):
        return [line("", Span(f"nothing changed since {found['session']} came to rest, {since}", "dim"))]
    rows = [line("", Span(f"since {found['session']} came to rest, {since}:", "bold"))]
    if found["moved"]:
        rows.append(_row("moved", f"its work tree lay in {found['moved']}"))
    rows += [_row(each["kind"] or "note", each["what"]) for each in found["lines"]]
    rows += [_row("commit", each) for each in found["commits"][:COMMITS]]
    if (more := len(found["commits"]) - COMMITS) > 0:
        rows.append(_row("", f"and {more} more commits"))
    return rows


def agreed() -> bool:
    """Whether the person at the keys says that it goes on; Enter does."""
    try:
        return input("Go on? [Y/n] ").strip().lower() in ("", "y", "yes")
    except EOFError:
        return False


def _row(kind: str, what: str) -> Line:
    return line("", Span(f"  {kind:<{_WIDE}}", "yellow"), Span(one_line(what)), hang=_WIDE + 2)
