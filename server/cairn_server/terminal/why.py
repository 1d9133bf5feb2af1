"""`cairn why EVENT`: the decision on a call, the rule that made it, and what would change it."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line, visible
from cairn_server.terminal.sessions import pick, reach

Found = dict[str, Any]

ACTIONS = {"allow": "allowed", "ask": "asked about", "deny": "denied"}
_DECIDED = {
    "allow": "allowed once",
    "session": "allowed for the session",
    "always": "allowed for good",
    "deny": "denied",
}


def why(dial: Dial, event: str, session: str | None, as_json: bool) -> int:
    """Prints the decision behind an event (`e123`) or a call (`3.0`, or its id)."""
    connection = reach(dial)
    number = event.removeprefix("e")
    if number.isascii() and number.isdigit():
        params: Found = {"event": int(number)}
    else:
        name = pick(connection, session)["session"] if session else None
        params = {"call": event, "session": name}
    found: Found = connection.request("cairn/gate/why", params)
    if as_json:
        print(json.dumps(found))
        return DONE
    sys.stdout.write("".join(f"{name:<10} {text}\n" for name, text in _facts(found) if text))
    return DONE


def _facts(found: Found) -> Iterator[tuple[str, str]]:
    place = f"  (e{found['event']}, {found['session']})" if found["event"] else f"  ({found['session']})"
    yield "call", one_line(f"{found['name']} {found['call']}{place}")
    first, *rest = visible(found["subject"]).split("\n")
    yield "about", first
    yield from (("", each) for each in rest)
    yield "decision", f"{ACTIONS[found['action']]}, class {found['risk']}"
    yield "reason", one_line(found["reason"])
    yield "rule", one_line(found["rule"])
    yield "stands at", one_line(found["where"])
    for finding in found["findings"]:
        said = finding["reason"] or finding["rule"]
        yield "part", one_line(f"{finding['part']}: {finding['action']}{f', {said}' if said else ''}")
    if answer := found["answer"]:
        words = f": {answer['words']}" if answer["words"] else ""
        as_ = f", as {answer['pattern']}" if answer["pattern"] else ""
        by = answer["by"] or "somebody"
        yield "answer", one_line(f"{_DECIDED[answer['decision']]} by {by}{as_}{words} (e{answer['event']})")
    elif found["asked"] and not found["finished"]:
        yield "answer", f"none yet (asked in e{found['asked']})"
    if found["outcome"]:
        yield "outcome", f"{found['outcome']} (e{found['finished']})"
    for line in found["change"]:
        yield "to change", one_line(line)
