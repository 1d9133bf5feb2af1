"""The command line's surface: every command, every option. Scripts rely on it."""

import argparse
from pathlib import Path
from typing import Any

from cairn_server import __version__
from cairn_server.terminal.audit.arguments import audit
from cairn_server.terminal.gate.arguments import gate
from cairn_server.terminal.memory.arguments import memory
from cairn_server.terminal.options import (
    EXITS,
    Parser,
    as_json,
    at,
    commands_of,
    contract,
    decision,
    flag,
    folder,
    grants,
    imports,
    mode,
    optional_prompt,
    reasoning,
    redact,
    session,
    settings,
    shell_command,
    tail,
    task_change,
    tokens,
    words,
    work,
    workspace,
)
from cairn_server.terminal.proposals.arguments import proposals
from cairn_server.terminal.rewind.arguments import diff, fork, rewind

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


_CHOICES = ("mode", "yes", "model", "base_url", "window", "max_steps", "contract")
_ID = "its id, or the beginning of it"

_COMMANDS: dict[str, tuple[Any, ...]] = {
    "run": (
        "Give a task to a new session and follow it.",
        optional_prompt, mode, settings, contract, reasoning, as_json, folder,
    ),
    "attach": (
        "Follow a session.", session(f"{_ID}; the working or newest one by default"), reasoning, as_json, folder
    ),
    "resume": (
        "Go on with a session at rest.",
        session(f"{_ID}; the newest unfinished one by default"),
        words, settings, contract,
        flag("--drift", "only say what changed while it rested; it stays at rest"),
        reasoning, as_json, folder,
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
    "trail": (
        "Draw how full a session's window was after each step, and what happened on the way.",
        session(f"{_ID}; the working or newest one by default"), as_json, folder,
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
    "redact": ("Mask the secrets in a text: stdin or files to stdout.", redact, as_json, folder),
    "why": ("Say why a call was let through, asked about or refused.", decision, as_json, folder),
    "report": (
        "Say what became of a run that nobody watched: automatic answers, costs, what is left to decide.",
        session(f"{_ID}; the newest one by default"),
        flag("--markdown", "as Markdown"),
        as_json, folder,
    ),
    "grants": ("List what runs unasked since you answered so, or take some of it back.", grants, as_json, folder),
    "trust": (
        "Show what the project's settings want beyond tightening, and trust them as they are now.",
        flag("--yes", "trust them without asking"),
        flag("--revoke", "trust them no more"),
        as_json, folder,
    ),
    "diff": ("Show what the agent changed.", diff, as_json, folder),
    "proposals": ("What agents propose: show it, accept or reject it part by part.", proposals, as_json, folder),
    "rewind": (
        "Take back what the agent did, in files and conversation; your own later work stays.", rewind, as_json, folder
    ),
    "fork": (
        "Start another session from a checkpoint; this one stays as it is.", fork, settings, reasoning, as_json, folder
    ),
    "audit": ("List every command, file change and install, and what let it run.", audit),
    "gate": ("Ask what would be let run, and why.", gate),
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
    "sandbox": (
        "Run a command exactly as an agent's would run.",
        flag("--network", "with the network granted"),
        shell_command,
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
