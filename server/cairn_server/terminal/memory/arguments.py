"""The options of `cairn memory`, action by action. Scripts rely on them."""

import argparse
from collections.abc import Sequence
from typing import Any

from cairn_server.terminal.memory import keeping_options
from cairn_server.terminal.options import Add, as_json, commands_of, flag, folder, number

KINDS = ("rule", "fact", "decision", "preference", "pitfall")


def memory(parser: argparse.ArgumentParser) -> None:
    """Without an action it lists."""
    parser.set_defaults(action="list", scope="all", history=False)
    commands_of(parser, "ACTION", "action", _ACTIONS)


def _scope(choices: Sequence[str]) -> Add:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--scope", choices=choices, default="all")

    return add


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", dest="history", action="store_true", default=False, help="also what is remembered no more"
    )


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", nargs="*", default=[], help="words; any of them suffices")
    parser.add_argument("--session", metavar="SESSION", default=None, help="only in this session")
    parser.add_argument(
        "--limit", metavar="K", type=number, default=10, help="at most so many hits (10; up to 100)"
    )
    parser.add_argument(
        "--batch", metavar="FILE", default=None, help="one query a line; - reads them from stdin"
    )


def _remember(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="+", help="one plain sentence")
    parser.add_argument("--kind", choices=KINDS, default="fact", help="a rule binds every session")
    parser.add_argument("--user", action="store_true", default=False, help="for all your projects")
    parser.add_argument(
        "--replaces", metavar="ID", action="append", default=[], help="the claim that it supersedes"
    )


def _named(name: str, about: str) -> Add:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(name, metavar=name.upper(), help=about)

    return add


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default="project",
        help="project (the default), user, checkpoint, notes, T1.2, or a name from `cairn memory files`",
    )


def _numbers(*names: str) -> Add:
    def add(parser: argparse.ArgumentParser) -> None:
        for name in names:
            parser.add_argument(
                name, metavar=name.upper(), nargs="?", type=number, default=None, help="a version's number"
            )

    return add


_CLAIM = _named("id", "a claim's id, or the beginning of it")

_ACTIONS: dict[str, tuple[Any, ...]] = {
    "list": ("List what is remembered.", _scope(("project", "user", "all")), _history, as_json, folder),
    "search": (
        "Search all that happened and all that is remembered.",
        _search, _scope(("history", "memory", "all")),
        flag("--literal", "the text itself, letter by letter"),
        as_json, folder,
    ),
    "show": ("Print a claim, an event (e123), a task (T1.2) or a page.", _named("ref", "what to show"), as_json, folder),
    "remember": ("Have something remembered.", _remember, as_json, folder),
    "forget": ("Have a claim forgotten; its file keeps its versions.", _CLAIM, as_json, folder),
    "edit": ("Open a memory file in your editor, and say what changed.", _file, folder),
    "files": ("List the files of the memory.", as_json, folder),
    "log": ("List the versions of a file.", _file, as_json, folder),
    "diff": ("Print what changed between two versions of a file.", _file, _numbers("old", "new"), as_json, folder),
    "undo": ("Bring back a version of a file; it becomes the newest.", _file, _numbers("number"), as_json, folder),
    "proposals": ("List what waits for your yes or no.", as_json, folder),
    "accept": ("Say yes to a proposal.", _named("id", "a proposal's id, or the beginning of it"), as_json, folder),
    "reject": ("Say no to a proposal.", _named("id", "a proposal's id, or the beginning of it"), as_json, folder),
    "reindex": ("Make the search index anew.", as_json, folder),
    "doctor": ("Look the memory over.", as_json, folder),
    **keeping_options.ACTIONS,
}  # fmt: skip
"""Each action: what it is for, and what adds its options."""
