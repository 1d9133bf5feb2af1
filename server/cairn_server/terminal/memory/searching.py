"""`cairn memory search`: one query, or a file of them in few requests."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.sessions import reach

AT_ONCE = 50
"""Queries of one request."""
PATIENCE = 600.0
"""Seconds for one request: a first search may have to wait for the index."""
LONGEST = 2_000
"""Characters of a query that are sent."""

Answer = dict[str, Any]


def search(dial: Dial, options: Namespace) -> int:
    """Prints the hits of each query: with --json one JSON line a query, in their order."""
    queries = _queries(options)
    answers = _answers(reach(dial), queries, options)
    for number, answer in enumerate(answers):
        if options.json:
            print(json.dumps(answer), flush=True)
            continue
        if options.batch is not None:
            print(("\n" if number else "") + one_line(f"# {answer['query']}"))
        _print(answer)
    return DONE


def _queries(options: Namespace) -> list[str]:
    if options.batch is None:
        if not options.query:
            raise CommandFailed("say what to search for: cairn memory search QUERY...", USAGE)
        return [" ".join(options.query)]
    if options.query:
        raise CommandFailed("give a query or --batch FILE, not both", USAGE)
    try:
        data = sys.stdin.buffer.read() if options.batch == "-" else Path(options.batch).read_bytes()
    except OSError as error:
        raise CommandFailed(f"the queries could not be read: {error}", USAGE) from error
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def _answers(connection: Connection, queries: list[str], options: Namespace) -> Iterator[Answer]:
    params = {
        "scope": options.scope,
        "limit": options.limit,
        "session": options.session,
        "literal": options.literal,
    }
    for start in range(0, len(queries), AT_ONCE):
        some = queries[start : start + AT_ONCE]
        asked = params | {"queries": [query[:LONGEST] for query in some]}
        found = connection.request("cairn/memory/search", asked, PATIENCE)["answers"]
        for query, answer in zip(some, found, strict=True):
            yield answer | {"query": query}


def _print(answer: Answer) -> None:
    for problem in answer["problems"]:
        print(f"cairn: {one_line(problem)}", file=sys.stderr)
    if not answer["hits"]:
        print("nothing was found")
    for hit in answer["hits"]:
        when = words.ago(hit["time"]) if hit["time"] else ""
        line = f"line {hit['line']}" if hit["line"] else ""
        head = words.joined(hit["ref"], hit["who"], hit["title"], hit["session"], line, when)
        if not is_live():
            print("\t".join((hit["ref"], hit["session"], hit["who"], one_line(hit["snippet"]))))
            continue
        print(one_line(head))
        for line in hit["snippet"].splitlines():
            print(f"    {one_line(line)}")
