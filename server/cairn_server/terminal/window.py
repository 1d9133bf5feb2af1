"""`cairn window`: what a rebuilt window of a session would say; and the receipts of those it had."""

import json
import sys
from argparse import Namespace
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line, visible
from cairn_server.terminal.sessions import pages, pick, reach

PATIENCE = 300.0
"""Seconds for a long session."""
REFS = 6
"""References in one line of a receipt."""

Found = dict[str, Any]


def window(dial: Dial, options: Namespace) -> int:
    """The text on stdout, the receipt on stderr; with --json both as one object."""
    params: Found = {"session": options.session, "tokens": options.tokens, "facts_only": options.facts_only}
    if options.at is not None:
        name, number = options.at
        params[name] = number
    found: Found = reach(dial).request("cairn/window/preview", params, PATIENCE)
    if options.json:
        print(json.dumps(found))
        return DONE
    text: str = found["text"]
    sys.stdout.write((visible(text) if sys.stdout.isatty() else text).rstrip("\n") + "\n")
    sys.stdout.flush()
    head = f"{found['session']} after e{found['at']}: {found['tokens']:,} of {found['receipt']['budget']:,} tokens"
    print(one_line(head), file=sys.stderr)
    for line in receipt_lines(found["receipt"]):
        print(line, file=sys.stderr)
    return DONE


def receipts(dial: Dial, session: str, as_json: bool) -> int:
    """`cairn show SESSION --receipts`: what each window was made of, oldest first."""
    connection = reach(dial)
    name = pick(connection, session)["session"]
    found: list[Found] = [
        event["payload"] | {"event": event["seq"], "time": event["time"]}
        for events in pages(connection, name)
        for event in events
        if event["kind"] == "window.receipt"
    ]
    if as_json:
        print(json.dumps(found))
        return DONE
    if not found:
        print(
            f"{name} has no receipt yet: no window of it was rebuilt, and nothing was remembered when it began"
        )
    for receipt in found:
        used = f"{receipt['tokens']:,} of {receipt['budget']:,} tokens"
        print(
            one_line(
                words.joined(f"window {receipt['window']}", used, f"e{receipt['event']}", receipt["standing"])
            )
        )
        for line in receipt_lines(receipt):
            print(line)
    return DONE


def receipt_lines(receipt: Found) -> list[str]:
    """One line for each part of the window."""
    return [one_line(f"  {_part(item)}") for item in receipt["items"]]


def _part(item: Found) -> str:
    counts = words.joined(
        f"{item['kept']} kept",
        f"{item['cut']} cut" if item["cut"] else "",
        f"{item['dropped']} left out" if item["dropped"] else "",
    )
    left = f"; left out: {_refs(item['left_out'])}" if item["left_out"] else ""
    kept = f": {_refs(item['refs'])}" if item["refs"] else ""
    return f"{item['section']:<12} {item['tokens']:>7,} tokens  {counts}{kept}{left}"


def _refs(refs: list[str]) -> str:
    more = f" and {len(refs) - REFS} more" if len(refs) > REFS else ""
    return ", ".join(ref[:60] for ref in refs[:REFS]) + more
