"""The command line's surface: every command, every option. Scripts rely on it."""

import argparse
from pathlib import Path
from typing import Any

from cairn_server import __version__
from cairn_server.terminal.audit.arguments import audit
from cairn_server.terminal.memory.arguments import memory
from cairn_server.terminal.options import (
    EXITS,
    Parser,
    as_json,
    at,
    commands_of,
    flag,
    folder,
    imports,
    mode,
    prompt,
    reasoning,
    session,
    settings,
    tail,
    task_change,
    tokens,
    words,
    work,
    workspace,
)

_DESCRIPTION = "A coding agent that lives in a language server. Without a command: a prompt."


def parse(argv: list[str]) -> argparse.Namespace:
    """The options of a command; `command` is "" for the prompt. Exits with 2 on what it does not know."""
    parser = Parser(prog="cairn", description=_DESCRIPTION, epilog=EXITS, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"cairn {__version__}")
    folder(parser)
    work(parser)
    parser.set_defaults(command="", cwd=Path(), json=False, reasoning=False, **dict.fromkeys(_CHOICES))
    commands_of(parser, "COMMAND", "command", _COMMANDS)
    return parser.parse_args(argv)


_CHOICES = ("mode", "yes", "model", "base_url", "window", "max_steps")
_ID = "its id, or the beginning of it"

_COMMANDS: dict[str, tuple[Any, ...]] = {
    "run": ("Give a task to a new session and follow it.", prompt, mode, settings, reasoning, as_json, folder),
    "attach": (
        "Follow a session.", session(f"{_ID}; the working or newest one by default"), reasoning, as_json, folder
    ),
    "resume": (
        "Go on with a session at rest.",
        session(f"{_ID}; the newest unfinished one by default"),
        words, settings, reasoning, as_json, folder,
    ),
    "sessions": (
        "List the sessions of the workspace, or import some of other programs.", imports, as_json, folder
    ),
    "show": (
        "Print a session from its beginning, or the end of it.",
        session(_ID, needed=True),
        tail,
        flag("--as-replay", "as a file for `cairn replay`"),
        flag("--receipts", "what each of its windows was made of"),
        reasoning, as_json, folder,
    ),
    "memory": ("What is remembered: list, search, change and undo it.", memory, as_json, folder),
    "tasks": ("List the tasks of the workspace.", as_json, folder),
    "task": ("Change a task, or add one.", task_change, as_json, folder),
    "checkpoints": ("List the checkpoints of a session.", session(_ID, needed=True), as_json, folder),
    "checkpoint": (
        "Make a checkpoint of a session now.", session(f"{_ID}; the working or newest one by default"), as_json, folder
    ),
    "rebuild": (
        "Have a session begin a new window before its next request.",
        session(f"{_ID}; the working or newest one by default"),
        as_json, folder,
    ),
    "window": (
        "Print what a rebuilt window of a session would say.",
        session(_ID, needed=True), at, tokens,
        flag("--facts-only", "without what a model judged"),
        as_json, folder,
    ),
    "audit": ("List every command, file change and install, and what let it run.", audit),
    "status": ("Say what the workspace's host does; starts none.", as_json, folder),
    "stop": (
        "Interrupt a session, or stop the host.",
        session("the session to interrupt; without one the host is stopped, unless runs go on"),
        flag("--host", "stop the host, unless runs go on"),
        flag("--force", "stop the host and interrupt what runs; it can be resumed"),
        folder,
    ),
    "doctor": (
        "Check what Cairn needs, and say what to do.",
        flag("--redact", "mask the secrets in all that is stored already"),
        folder,
    ),
    "config": (
        "Print the settings in force and where each comes from.",
        flag("--schema", "print the JSON Schema of config.toml"),
        flag("--path", "print where the config files lie"),
        as_json, folder,
    ),
    "demo": ("Watch a recorded run, killed and resumed; needs no model.",),
    "replay": ("Serve a recorded session as a model's endpoint.",),
    "serve": ("Run the workspace's host in the foreground.", folder),
    "lsp": (
        "Relay an editor's language client to the host.",
        flag("--stdio", "over stdin and stdout, the only way there is"),
        workspace, folder,
    ),
}  # fmt: skip
"""Each command: what it is for, and what adds its options."""
