"""`cairn memory doctor` and `cairn memory reindex`."""

import json
import sys
from argparse import Namespace
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE, FAILED
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import is_live
from cairn_server.terminal.sessions import reach

PATIENCE = 700.0
"""Seconds to make an index."""
COLOURS = {"ok": "32", "warn": "33", "fail": "31"}


def reindex(dial: Dial, options: Namespace) -> int:
    """Throws the index away and waits for the new one."""
    done: dict[str, Any] = reach(dial).request("cairn/memory/reindex", seconds=PATIENCE)
    if options.json:
        print(json.dumps(done))
    elif done["problem"]:
        print(f"cairn: {one_line(done['problem'])}", file=sys.stderr)
    else:
        print(f"{done['events']:,} events are in the index, in {words.duration(done['seconds'])}")
    return FAILED if done["problem"] else DONE


def doctor(dial: Dial, options: Namespace) -> int:
    """A line for every finding. The exit code is 1 when something failed."""
    found: list[dict[str, str]] = reach(dial).request("cairn/memory/doctor", seconds=PATIENCE)["findings"]
    if options.json:
        print(json.dumps(found))
    for each in [] if options.json else found:
        level = f"{each['level']:<4}"
        if is_live():
            level = f"\x1b[{COLOURS[each['level']]}m{level}\x1b[0m"
        advice = f": {each['advice']}" if each["advice"] else ""
        print(f"{level}  {one_line(each['what'] + advice)}")
    return FAILED if any(each["level"] == "fail" for each in found) else DONE
