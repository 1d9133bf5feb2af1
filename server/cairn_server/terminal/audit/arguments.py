"""The options of `cairn audit`. Scripts rely on them."""

import argparse
from datetime import datetime
from pathlib import Path

from cairn_server.terminal.options import as_json, folder, session

KINDS = ("command", "file", "install")


def audit(parser: argparse.ArgumentParser) -> None:
    """Everything there is, as a table, unless something else is asked for."""
    session("only of this session: its id, or the beginning of it")(parser)
    parser.add_argument("--since", metavar="DATE|EVENT", type=moment, default=("since", 0),
                        help="only what ended after it: 2026-11-21, 2026-11-21T09:30, or e123")  # fmt: skip
    parser.add_argument("--kind", choices=KINDS, action="append", default=None,
                        help="only this; may be said more than once")  # fmt: skip
    parser.add_argument("--markdown", action="store_true", default=False, help="as a table for a report")
    parser.add_argument("--output", type=Path, metavar="FILE", default=None, help="into a file (.md, .jsonl)")
    as_json(parser)
    folder(parser)


def moment(text: str) -> tuple[str, int]:
    """An event's number, or a local date and time as Unix milliseconds."""
    number = text.removeprefix("e")
    if number.isascii() and number.isdigit():
        return "since", int(number)
    return "after", round(datetime.fromisoformat(text).timestamp() * 1_000)


moment.__name__ = "date or event number"
