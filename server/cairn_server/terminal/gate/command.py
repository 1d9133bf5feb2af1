"""`cairn gate check`: what would happen to a command or a file call here, and why. Nothing is run, no host is needed."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line

Check = Callable[[str, str, str, tuple[str, ...]], Mapping[str, Any]]
"""command, tool, path, demands: the decision. Raises ValueError in one line."""

LONGEST_LINE = 1_000_000
"""Characters of one line of a batch."""


def gate(options: Namespace, check: Check, problems: Iterable[str] = ()) -> int:
    """Prints a decision for each call that is asked about. Raises CommandFailed for bad input."""
    if getattr(options, "what", "") != "check":
        raise CommandFailed(
            "say what to do: cairn gate check [CMD | --batch FILE | --tool NAME --path P]", USAGE
        )
    for problem in problems:
        print(f"cairn: {one_line(problem)}", file=sys.stderr)
    demands = tuple(name for name in ("network", "unsandboxed") if getattr(options, name))
    write = _as_json if options.json else _for_people
    if options.batch is not None:
        return _all(options.batch, check, demands, write)
    command, tool, path = _question(options)
    try:
        write(check(command, tool, path, demands))
    except ValueError as error:
        raise CommandFailed(str(error), USAGE) from error
    return DONE


def _all(
    name: str, check: Check, demands: tuple[str, ...], write: Callable[[Mapping[str, Any]], None]
) -> int:
    """Answers each line. A bad one is told on stderr, the rest is answered all the same, and the exit code tells it."""
    code = DONE
    for number, line in enumerate(_text(name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            extra, command = _line(line.removesuffix("\r"), f"{name}:{number}")
            write({**extra, **check(command, "bash", "", demands)})
        except ValueError as error:
            print(f"cairn: {one_line(str(error))}", file=sys.stderr)
            code = USAGE
    return code


def _question(options: Namespace) -> tuple[str, str, str]:
    """command, tool, path. Raises CommandFailed unless it is one question."""
    of_file = options.tool is not None or options.path is not None
    if bool(options.cmd) == of_file:
        raise CommandFailed("give one of: a command, --batch FILE, or --tool NAME with --path P", USAGE)
    if not of_file:
        return options.cmd, "bash", ""
    if not options.tool or not options.path or options.tool == "bash":
        raise CommandFailed(
            "--tool takes a tool for files (read, write, edit, grep, glob) and --path its file", USAGE
        )
    return "", options.tool, options.path


def _text(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CommandFailed(f"{name}:{line}: not UTF-8; save it as UTF-8", USAGE) from error
    except OSError as error:
        raise CommandFailed(f"{name} cannot be read: {error.strerror}; say --batch FILE", USAGE) from error


def _line(line: str, where: str) -> tuple[dict[str, Any], str]:
    """A plain command, a JSON string, or a JSON object with `command`; its `id` is carried through. Raises ValueError."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{where}: longer than {LONGEST_LINE:,} characters; shorten it")
    if line.lstrip()[:1] not in ("{", '"'):
        return {}, line
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        return {}, line  # `{ ls; }` and `"my program" x` are commands
    if isinstance(found, str):
        return {}, found
    given = cast("dict[str, Any]", found)
    match given.get("command"):
        case str(command):
            return ({"id": given["id"]} if "id" in given else {}), command
        case _:
            raise ValueError(f'{where}: an object without a text as "command"; give {{"command": "ls"}}')


def _as_json(decision: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(decision, ensure_ascii=True) + "\n")


def _for_people(decision: Mapping[str, Any]) -> None:
    subject = decision.get("command") or f"{decision.get('tool', '')} {decision.get('path', '')}"
    print(f"{decision['decision']:5}  {one_line(str(subject))}")
    print(f"       {one_line(str(decision['reason'] or 'nothing speaks against it'))} [{decision['risk']}]")
    print(f"       by: {one_line(str(decision['rule']))}")
    if decision["grant"]:
        print(f"       an answer for more than once would allow: {one_line(str(decision['grant']))}")
    if len(decision["parts"]) > 1:
        for part in decision["parts"]:
            why = f": {part['reason']}" if part["reason"] else ""
            print(f"       - {part['decision']:5} {one_line(str(part['part']))}{one_line(why)}")
