"""`cairn grants`: what runs unasked since somebody answered so, and taking it back."""

import json
import sys
from datetime import datetime
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.table import table

Found = dict[str, Any]


def grants(dial: Dial, as_json: bool) -> int:
    """Lists them: those for good, and those of sessions that work now."""
    found: Found = reach(dial).request("cairn/gate/grants")
    if as_json:
        print(json.dumps(found))
        return DONE
    if not found["grants"]:
        print("nothing is allowed by an answer; questions have an answer [a] that allows a pattern for good")
        return DONE
    table([_row(each) for each in found["grants"]])
    print(f"kept in {one_line(found['file'])}", file=sys.stderr)
    return DONE


def revoke(dial: Dial, pattern: str, as_json: bool) -> int:
    """Takes one back, also in sessions that work now."""
    if not pattern.strip():
        raise CommandFailed("say which: cairn grants revoke PATTERN; cairn grants lists them", USAGE)
    found: Found = reach(dial).request("cairn/gate/revoke", {"pattern": pattern})
    if as_json:
        print(json.dumps(found))
        return DONE
    for each in found["grants"]:
        print(one_line(f"asked again from now on: {each['tool']} {each['pattern']}"))
    return DONE


def _row(each: Found) -> tuple[str, ...]:
    since = f"{datetime.fromtimestamp(each['since'] / 1_000):%Y-%m-%d}" if each["since"] else ""
    times = "once" if each["used"] == 1 else f"{each['used']} times"
    used = f"used {times}, {words.ago(each['last_used'])}" if each["used"] else "never used"
    return (
        f"{each['tool']} {each['pattern']}",
        f"session {each['session']}" if each["session"] else f"always, since {since}",
        used,
        f"by {each['by']}" if each["by"] else "",
    )
