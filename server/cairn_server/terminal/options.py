"""Pieces of the command line: options that several commands have, each added to a parser by a function."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

Add = Callable[[argparse.ArgumentParser], None]
EXITS = "Exit codes: 0 done, 1 failed, 2 usage, 3 waiting for a person, 4 budget, 130 interrupted."


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"cairn: {message}; see `{self.prog} --help`\n")


def commands_of(
    parser: argparse.ArgumentParser, metavar: str, name: str, table: Mapping[str, tuple[Any, ...]]
) -> None:
    """Adds the commands of `table`, each with what it is for and what adds its options. Which it is goes to `name`."""
    commands = parser.add_subparsers(metavar=metavar, parser_class=Parser)
    for each, (about, *options) in table.items():
        command = commands.add_parser(
            each,
            help=about,
            description=about,
            epilog=EXITS,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,  # what stands before the command stays
        )
        command.set_defaults(**{name: each})
        for add in options:
            add(command)


def folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cwd", type=Path, metavar="DIR", help="work in this folder instead of the current one"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs: JSON on stdout and nothing else")


def tail(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tail", type=number, default=0, metavar="N", help="only its newest N events")


def reasoning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reasoning", action="store_true", help="the model's reasoning in full, not folded")


def shell_command(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(network=False)
    parser.add_argument(
        "cmd", nargs="+", metavar="CMD", help="after --: the command, or one line of shell in quotes"
    )


def work(parser: argparse.ArgumentParser) -> None:
    """What may be chosen for a run."""
    mode(parser)
    settings(parser)


def mode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mode",
        choices=("build", "plan", "propose"),
        help="plan only reads; propose changes nothing before your yes",
    )


def settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="answer every question with yes")
    parser.add_argument("--model", metavar="NAME", help="the model, as its provider calls it (CAIRN_MODEL)")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible endpoint (OPENAI_BASE_URL)")
    parser.add_argument("--window", type=number, metavar="TOKENS", help="what the model's context holds")
    parser.add_argument("--max-steps", type=number, metavar="N", help="stop after so many steps; 0: no limit")


def number(text: str) -> int:
    found = int(text.replace("_", "").replace(",", ""))
    if found < 0:
        raise ValueError("negative")
    return found


number.__name__ = "number"  # argparse names the type by it when a value is wrong


def prompt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what there is to do; - reads it from stdin")


def words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", metavar="TEXT", default=None, help="your next words to it")


def session(about: str, needed: bool = False) -> Add:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "session", metavar="SESSION", nargs=None if needed else "?", default=None, help=about
        )

    return add


def imports(parser: argparse.ArgumentParser) -> None:
    """`sessions` alone lists; `sessions import FILE...` brings sessions in."""
    parser.add_argument(
        "action", metavar="import", nargs="?", choices=("import",), default=None, help="import FILE..."
    )
    parser.add_argument(
        "files",
        type=Path,
        metavar="FILE",
        nargs="*",
        default=[],
        help="a session's file of Claude Code, Codex or OpenCode",
    )


def redact(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="*", default=[], help="what to mask; - or nothing for stdin"
    )
    parser.add_argument(
        "--batch",
        metavar="FILE",
        default=None,
        help='JSON lines, each a text or {"text": ..., "id": ...}; - for stdin. Answers are JSON lines with '
        "id, text (masked) and found (kind, start, end); a bad line is told on stderr, the rest is answered, exit code 2",
    )


def flag(name: str, about: str) -> Add:
    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(name, action="store_true", default=False, help=about)

    return add


def workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", dest="cwd", type=Path, metavar="DIR", help="the folder to work in")


# --- tasks and windows ----------------------------------------------------------------------

ACTIONS = ("start", "block", "done", "abandon", "reopen", "change")


def task_change(parser: argparse.ArgumentParser) -> None:
    """`task T1.2 done`, `task T1.2 block waits for the key`, `task --add TITLE --under T1`."""
    parser.add_argument("id", metavar="ID", nargs="?", default="", help="T1.2, say")
    parser.add_argument(
        "action", metavar="ACTION", nargs="?", choices=ACTIONS, default=None, help=", ".join(ACTIONS)
    )
    parser.add_argument(
        "note", metavar="NOTE", nargs="*", default=[], help="why; to block one says what it waits for"
    )
    parser.add_argument("--add", metavar="TITLE", default=None, help="a new task")
    parser.add_argument("--under", metavar="ID", default="", help="the task that the new one belongs to")
    parser.add_argument("--title", metavar="TITLE", default=None, help="another title")
    parser.add_argument(
        "--needs", metavar="ID", action="append", default=None, help="what must be done before it"
    )
    parser.add_argument("--evidence", metavar="EVENT", type=event, action="append", default=None,
                        help="what shows that it is done: e123")  # fmt: skip


def event(text: str) -> int:
    return int(text.removeprefix("e"))


event.__name__ = "event number"


def at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", metavar="EVENT", type=place, default=None,
                        help="as of this event (e123), or line:N of the file it was imported from; now by default")  # fmt: skip


def place(text: str) -> tuple[str, int]:
    """An event number, or a line of an imported file."""
    if text.startswith("line:"):
        return "line", int(text.removeprefix("line:"))
    return "at", event(text)


place.__name__ = "event number or line:N"


def tokens(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tokens", metavar="N", type=number, required=True, help="what it may take")


# --- what may happen ------------------------------------------------------------------------


def optional_prompt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "prompt",
        metavar="PROMPT",
        nargs="?",
        default=None,
        help="what there is to do; - reads it from stdin; with --contract its goal by default",
    )


def contract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--contract",
        metavar="FILE",
        help="what it may do unattended: goal, stop rules, budget, answers (TOML); on resume `none` takes it away",
    )


def decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "event",
        metavar="EVENT",
        help="an event of the call (e123), or the call: step and place (3.0), or its id",
    )
    parser.add_argument(
        "--session",
        metavar="SESSION",
        default=None,
        help="whose call that is; the newest session's by default",
    )


def grants(parser: argparse.ArgumentParser) -> None:
    """`grants` alone lists; `grants revoke PATTERN` takes one back."""
    parser.add_argument("action", metavar="revoke", nargs="?", choices=("revoke",), default=None,
                        help="revoke PATTERN")  # fmt: skip
    parser.add_argument("pattern", metavar="PATTERN", nargs="*", default=[], help="as the list shows it")
