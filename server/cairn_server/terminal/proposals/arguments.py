"""The options of `cairn proposals`, action by action. Scripts rely on them."""

import argparse
from typing import Any

from cairn_server.terminal.options import as_json, commands_of, folder


def proposals(parser: argparse.ArgumentParser) -> None:
    """Without an action it lists."""
    parser.set_defaults(action="list")
    commands_of(parser, "ACTION", "action", _ACTIONS)


def _session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", nargs="?", default="",
                        help="its id, or the beginning of it; the newest one that proposes something by default")  # fmt: skip


def _parts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help="its id, or the beginning of it")
    parser.add_argument("parts", metavar="PART", nargs="*", default=[],
                        help="a number or id as `cairn proposals show` prints them; all by default")  # fmt: skip
    parser.add_argument("--file", metavar="PATH", default="", help="only what is proposed for this file")


def _words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; the agent is told")


_ACTIONS: dict[str, tuple[Any, ...]] = {
    "list": ("What waits for your answer.", as_json, folder),
    "show": ("Print a proposal as a diff, its parts numbered.", _session, as_json, folder),
    "accept": ("Take parts into the files.", _parts, as_json, folder),
    "reject": ("Take parts out of the proposal; the files stay.", _parts, _words, as_json, folder),
}
