"""`cairn audit`: the rows asked for page by page, and written as they come."""

import contextlib
import sys
from argparse import Namespace
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TextIO

from cairn_server.terminal.audit.forms import Form, JsonLines, Markdown, Table
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, FAILED, CommandFailed
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.sessions import pick, reach

PATIENCE = 120.0
"""Seconds for one page: the host may look at many events for it."""
LIMIT = 500


def audit(dial: Dial, options: Namespace) -> int:
    """Every command, file change and install, with what let it run."""
    connection = reach(dial)
    session = pick(connection, options.session)["session"] if options.session else None
    with _target(options.output) as out:
        form = _form(options, out, session)
        for rows in _pages(connection, session, options):
            form.rows(rows)
        form.end()
    return DONE


def _pages(connection: Connection, session: str | None, options: Namespace) -> Iterator[list[dict[str, Any]]]:
    params: dict[str, Any] = {"session": session, "kinds": options.kind or [], "limit": LIMIT}
    params |= dict([options.since])
    more = True
    while more:
        page = connection.request("cairn/audit/list", params, PATIENCE)
        yield page["rows"]
        more = page["more"]
        params["since"] = page["since"]


def _form(options: Namespace, out: TextIO, session: str | None) -> Form:
    ending = options.output.suffix.lower() if options.output else ""
    if options.json or (ending in (".json", ".jsonl") and not options.markdown):
        return JsonLines(out)
    if options.markdown or ending in (".md", ".markdown"):
        return Markdown(out, session)
    return Table(out, out is sys.stdout and is_live())


@contextlib.contextmanager
def _target(path: Path | None) -> Generator[TextIO]:
    """Where the rows go. Raises CommandFailed when the file cannot be written."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
    except OSError as error:
        raise CommandFailed(f"{path} could not be written: {error.strerror or error}", FAILED) from error
