"""The command line's surface: every command, every option. Scripts rely on it."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from cairn_server import __version__

_DESCRIPTION = "A coding agent that lives in a language server. Without a command: a prompt."
_EXITS = "Exit codes: 0 done, 1 failed, 2 usage, 3 waiting for a person, 4 budget, 130 interrupted."


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"cairn: {message}; see `{self.prog} --help`\n")


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of a command; `command` is "" for the prompt. Exits with 2 on what it does not know."""
    parser = _Parser(prog="cairn", description=_DESCRIPTION, epilog=_EXITS, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"cairn {__version__}")
    _folder(parser)
    _work(parser)
    parser.set_defaults(command="", cwd=Path(), json=False, reasoning=False, **dict.fromkeys(_CHOICES))
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    for name, (about, *options) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=about,
            description=about,
            epilog=_EXITS,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,  # what stands before the command stays
        )
        command.set_defaults(command=name)
        for add in options:
            add(command)
    return parser.parse_args(argv)


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cwd", type=Path, metavar="DIR", help="work in this folder instead of the current one"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs: JSON on stdout and nothing else")


def _reasoning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reasoning", action="store_true", help="the model's reasoning in full, not folded")


def _work(parser: argparse.ArgumentParser) -> None:
    """What may be chosen for a run."""
    _mode(parser)
    _settings(parser)


def _mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=("build", "plan"), help="plan only reads")


def _settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="answer every question with yes")
    parser.add_argument("--model", metavar="NAME", help="the model, as its provider calls it (CAIRN_MODEL)")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible endpoint (OPENAI_BASE_URL)")
    parser.add_argument("--window", type=_number, metavar="TOKENS", help="what the model's context holds")
    parser.add_argument(
        "--max-steps", type=_number, metavar="N", help="stop after so many steps; 0: no limit"
    )


def _number(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 0:
        raise ValueError("negative")
    return number


_number.__name__ = "number"  # argparse names the type by it when a value is wrong


def _prompt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what there is to do; - reads it from stdin")


def _words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", metavar="TEXT", default=None, help="your next words to it")


def _session(about: str, needed: bool = False) -> "Add":
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "session", metavar="SESSION", nargs=None if needed else "?", default=None, help=about
        )

    return add


def _flag(name: str, about: str) -> "Add":
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(name, action="store_true", default=False, help=about)

    return add


def _workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", dest="cwd", type=Path, metavar="DIR", help="the folder to work in")


Add = Callable[[argparse.ArgumentParser], None]
_CHOICES = ("mode", "yes", "model", "base_url", "window", "max_steps")
_ID = "its id, or the beginning of it"

_COMMANDS: dict[str, tuple[Any, ...]] = {
    "run": ("Give a task to a new session and follow it.", _prompt, _mode, _settings, _reasoning, _json, _folder),
    "attach": (
        "Follow a session.", _session(f"{_ID}; the working or newest one by default"), _reasoning, _json, _folder
    ),
    "resume": (
        "Go on with a session at rest.",
        _session(f"{_ID}; the newest unfinished one by default"),
        _words, _settings, _reasoning, _json, _folder,
    ),
    "sessions": ("List the sessions of the workspace.", _json, _folder),
    "show": (
        "Print a session from its beginning.",
        _session(_ID, needed=True),
        _flag("--as-replay", "as a file for `cairn replay`"),
        _reasoning, _json, _folder,
    ),
    "status": ("Say what the workspace's host does; starts none.", _json, _folder),
    "stop": (
        "Interrupt a session, or stop the host.",
        _session("the session to interrupt; without one the host is stopped, unless runs go on"),
        _flag("--host", "stop the host, unless runs go on"),
        _flag("--force", "stop the host and interrupt what runs; it can be resumed"),
        _folder,
    ),
    "doctor": ("Check what Cairn needs, and say what to do.", _folder),
    "config": (
        "Print the settings in force and where each comes from.",
        _flag("--schema", "print the JSON Schema of config.toml"),
        _flag("--path", "print where the config files lie"),
        _json, _folder,
    ),
    "demo": ("Watch a recorded run, killed and resumed; needs no model.",),
    "replay": ("Serve a recorded session as a model's endpoint.",),
    "serve": ("Run the workspace's host in the foreground.", _folder),
    "lsp": (
        "Relay an editor's language client to the host.",
        _flag("--stdio", "over stdin and stdout, the only way there is"),
        _workspace, _folder,
    ),
}  # fmt: skip
"""Each command: what it is for, and what adds its options."""
