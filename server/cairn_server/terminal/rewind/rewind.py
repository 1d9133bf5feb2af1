"""`cairn rewind`: takes back what an agent did, shows what that would do, or puts it back."""

import json
from argparse import Namespace
from typing import Any

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE, FAILED, USAGE, CommandFailed
from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.rewind.arguments import PLACE
from cairn_server.terminal.rewind.lines import write
from cairn_server.terminal.sessions import pick, reach

PATIENCE = 300.0
"""Seconds."""
FILES = 40
"""Files that are named."""
_MARKS = {"deleted": ("-", "red"), "restored": ("+", "green"), "changed": ("~", "yellow")}

Found = dict[str, Any]


def rewind(dial: Dial, options: Namespace) -> int:
    """`cairn rewind TO`, `cairn rewind --undo`. Exits with 1 when something overlaps: then nothing was changed."""
    if bool(options.to) == options.undo:
        raise CommandFailed(f"say what to go back to: {PLACE}; or --undo to put the last rewind back", USAGE)
    connection = reach(dial)
    name = pick(connection, options.session)["session"]
    if options.undo:
        done: Found = connection.request("cairn/rewind/undo", {"session": name}, PATIENCE)
    else:
        both = options.files == options.conversation
        params = {
            "session": name,
            "to": options.to,
            "files": both or options.files,
            "conversation": both or options.conversation,
        }
        method = "cairn/rewind/preview" if options.preview else "cairn/rewind/apply"
        done = connection.request(method, params, PATIENCE)
    if options.json:
        print(json.dumps(done))
    else:
        write([*told(done), *_next(done, options.preview)])
    return FAILED if done["overlaps"] else DONE


def told(done: Found) -> list[Line]:
    """What was done, or would be, or what is in its way."""
    if done["overlaps"]:
        return _refused(done)
    what = _what(done)
    lines = [line("", Span(what, "bold"))]
    for each in done["files"][:FILES]:
        mark, style = _MARKS[each["how"]]
        stays = "  your later work in it stays" if each["path"] in done["kept"] else ""
        lines.append(line("", Span(f"  {mark} ", style), Span(each["path"]), Span(stays, "dim")))
    if len(done["files"]) > FILES:
        lines.append(line("", Span(f"  and {len(done['files']) - FILES} more", "dim")))
    lines += [line("", Span(f"  not taken back: {each}", "yellow")) for each in done["left"][:FILES]]
    return lines


def _what(done: Found) -> str:
    count = len(done["files"])
    files = f"{count} file{'s' if count != 1 else ''}"
    parts = [files] if count or not done["conversation"] else []
    parts += ["the conversation"] if done["conversation"] else []
    if done["undoes"]:
        return f"{done['session']}: put back what e{done['undoes']} took: {' and '.join(parts)}"
    verb = "took back" if done["applied"] else "would take back"
    steps = f"{done['steps']} step{'s' if done['steps'] != 1 else ''}"
    return f"{done['session']}: {verb} {steps} since {done['words']}: {' and '.join(parts)}"


def _refused(done: Found) -> list[Line]:
    lines = [
        line("", Span("nothing was changed: later work overlaps with what the agent did", "bold yellow"))
    ]
    for each in done["overlaps"]:
        steps = ", ".join(f"s{step}" for step in each["steps"])
        why = f": {each['why']}{f' (agent: {steps})' if steps else ''}"
        lines.append(line("", Span(each["path"], "bold"), Span(why)))
        for place in each["places"]:
            lines.append(line("", Span(f"  line {place['line']}", "cyan")))
            for title, side, style in (("the agent left", "agent", "red"), ("is now", "now", "yellow"), ("without the agent", "without", "green")):  # fmt: skip
                lines.append(line("", Span(f"    {title}:", "dim")))
                lines += [
                    line("", Span("      "), Span(text, style)) for text in place[side] or ["(nothing)"]
                ]
    return lines


def _next(done: Found, preview: bool) -> list[Line]:
    if done["overlaps"] or preview:
        return []
    hints = ["cairn rewind --undo puts it back"] if not done["undoes"] else []
    if done["conversation"]:
        hints.append(f"cairn resume {done['session']} --prompt TEXT goes on from there")
    return [line("", Span(hint, "dim")) for hint in hints]
