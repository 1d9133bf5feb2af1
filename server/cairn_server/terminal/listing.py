"""Tables for a person, tabs for a pipe: the sessions of a workspace, and the host's own state."""

import json
import sys
from collections.abc import Sequence

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.wire import HostStatus, SessionInfo

STATE_STYLES = {
    "running": "cyan",
    "waiting": "yellow",
    "done": "green",
    "failed": "red",
    "budget": "yellow",
    "interrupted": "yellow",
}
FIGURES = ("steps", "tokens", "cost")
NARROW = 76
"""Columns of a terminal below which the figures are left out."""
COLUMNS = ("session", "state", "steps", "tokens", "cost", "last", "goal")


def sessions(dial: Dial, as_json: bool) -> int:
    """`cairn sessions`: all of the workspace, newest first."""
    found: list[SessionInfo] = reach(dial).request("cairn/session/list")["sessions"]
    if as_json:
        print(json.dumps(found))
    elif not found:
        print("no sessions yet; begin one with: cairn run PROMPT")
    elif is_live():
        _table(found)
        for line in waiting(found):
            print(one_line(line))
    else:
        for each in found:
            print("\t".join(_row(each)))
    return DONE


def waiting(found: Sequence[SessionInfo]) -> list[str]:
    """A line for each session that waits for an answer: for what, and how to give it."""
    return [
        f"waiting: {each['session']} {each['reason']}; answer with: cairn attach {each['session']}"
        for each in found
        if each["state"] == "waiting"
    ]


def status(dial: Dial, folder: str, as_json: bool) -> int:
    """`cairn status`: what the workspace's host does. Starts none."""
    connection = dial(False)
    if connection is None:
        print(
            json.dumps({"running": False, "workspace": folder}) if as_json else f"no host runs for {folder}"
        )
        return DONE
    found: HostStatus = connection.request("cairn/host/status")
    if as_json:
        print(json.dumps(dict(found) | {"running": True, "sessions": found["running"]}))
    else:
        sys.stdout.write("".join(f"{name:<10} {one_line(text)}\n" for name, text in _facts(found) if text))
    return DONE


def _facts(found: HostStatus) -> Sequence[tuple[str, str]]:
    clients = found["clients"] - 1  # we are one
    return (
        (
            "host",
            words.joined(
                f"running for {words.duration(round(found['uptime']))}",
                f"pid {found['pid']}",
                f"{found['memory_mb']:.0f} MB",
                f"version {found['version']}",
            ),
        ),
        ("workspace", found["workspace"]),
        ("model", words.joined(found["model"] or "none configured: cairn doctor", found["base_url"])),
        ("sandbox", found["sandbox"]),
        ("clients", f"{clients} other{'' if clients == 1 else 's'} attached" if clients else ""),
        *(("working" if each["state"] == "running" else "waiting", _work(each)) for each in found["running"]),
        ("", "" if found["running"] else "nothing is running"),
        ("background", ", ".join(found["background"])),
        *(("problem", problem) for problem in found["problems"]),
    )


def _work(each: SessionInfo) -> str:
    limit = f"/{each['budget'].get('max_steps')}" if each["budget"].get("max_steps") else ""
    fill = words.percent(each["fill"], each["window"])
    waits = each["state"] == "waiting"
    return words.joined(
        each["session"],
        f"step {each['steps']}{limit}",
        f"window {fill}" if fill else "",
        words.money(each["cost"]),
        each["reason"] if waits else each["goal"][:60],
        f"answer with: cairn attach {each['session']}" if waits else "",
    )


def _row(each: SessionInfo) -> tuple[str, ...]:
    spent = each["usage"]["prompt"] + each["usage"]["completion"]
    return (
        each["session"],
        each["state"],
        str(each["steps"]),
        words.tokens(spent),
        words.money(each["cost"]),
        words.ago(each["updated"]),
        one_line(each["goal"]),
    )


def _table(found: list[SessionInfo]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    rows: list[dict[str, str]] = [dict(zip(COLUMNS, _row(each), strict=True)) for each in found]
    columns = [name for name in COLUMNS if console.width >= NARROW or name not in FIGURES]
    for name in columns:
        widest = max(len(name), *(len(row[name]) for row in rows))
        table.add_column(
            name,
            justify="right" if name in FIGURES else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if name == "goal" else widest,
            ratio=1 if name == "goal" else None,
        )
    for row in rows:
        styles = {"state": STATE_STYLES.get(row["state"], "")}
        table.add_row(*(Text(row[name], style=styles.get(name, "")) for name in columns))
    console.print(table)
