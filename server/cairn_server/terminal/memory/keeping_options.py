"""The options of what concerns where things are kept, and how they go."""

import argparse
from pathlib import Path
from typing import Any

from cairn_server.terminal.options import as_json, flag, folder

_yes = flag("--yes", "do not ask")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session", metavar="SESSION", nargs="?", default=None, help="a session; the whole project by default"
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="the file to write; one that is there is replaced"
    )


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="an archive, or a MEMORY.md")
    parser.add_argument(
        "--user",
        action="store_true",
        default=False,
        help="a MEMORY.md goes into your own, for all your projects",
    )


def _delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("session", "project", "everything"), help="what shall go")
    parser.add_argument("session", metavar="ID", nargs="?", default=None, help="the session's id")


ACTIONS: dict[str, tuple[Any, ...]] = {
    "where": ("Say what is kept where, how much, who may read it, and for how long.", as_json, folder),
    "export": ("Write a session, or the whole project, into one file.", _export, as_json, folder),
    "import": ("Take in what was exported, or merge a MEMORY.md.", _import, _yes, as_json, folder),
    "delete": (
        "Delete a session, the project's memory, or everything, for good.",
        _delete,
        _yes,
        as_json,
        folder,
    ),
    "expire": ("Let go of what is too old or too much, by your settings.", as_json, folder),
}
"""Each action: what it is for, and what adds its options."""
