"""Claims for a person: list, show, remember, forget, and what waits for a yes or no."""

import json
import sys
from argparse import Namespace
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line, visible
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.table import table

Found = dict[str, Any]


def listed(dial: Dial, options: Namespace) -> int:
    """`cairn memory list`."""
    params = {"scope": options.scope, "history": options.history}
    found: Found = reach(dial).request("cairn/memory/list", params)
    for problem in found["problems"]:
        print(f"cairn: {one_line(problem)}", file=sys.stderr)
    if options.json:
        print(json.dumps(found))
        return DONE
    if not found["claims"]:
        print("nothing is remembered yet; cairn memory remember TEXT begins")
    table([_row(claim) for claim in found["claims"]])
    if waiting := found["proposals"]:
        print(
            f"{waiting} proposal{'' if waiting == 1 else 's'} wait for you: cairn memory proposals",
            file=sys.stderr,
        )
    return DONE


def show(dial: Dial, options: Namespace) -> int:
    """`cairn memory show REF`: the text on stdout, what is known about it on stderr."""
    found: Found = reach(dial).request("cairn/memory/show", {"ref": options.ref})
    if options.json:
        print(json.dumps(found))
        return DONE
    since = words.ago(found["time"]) if found["time"] else ""
    about = words.joined(
        found["ref"], found["kind"], found["title"], found["session"], since, *found["facts"]
    )
    print(one_line(about), file=sys.stderr, flush=True)
    sys.stdout.write(visible(found["text"]).rstrip("\n") + "\n")
    return DONE


def remember(dial: Dial, options: Namespace) -> int:
    """`cairn memory remember TEXT`."""
    params = {
        "text": " ".join(options.text),
        "about": options.kind,
        "scope": "user" if options.user else "project",
        "replaces": options.replaces,
    }
    found: Found = reach(dial).request("cairn/memory/remember", params)
    if options.json:
        print(json.dumps(found))
        return DONE
    claim = found["claim"]
    how = "remembered" if found["added"] else "remembered already"
    print(one_line(f"{how} as {claim['id']} ({claim['scope']}, {claim['about']}): {claim['text']}"))
    if found["kept"]:
        print(f"  edited by hand meanwhile, so they stay: {', '.join(found['kept'])}")
    return DONE


def forget(dial: Dial, options: Namespace) -> int:
    """`cairn memory forget ID`."""
    found: Found = reach(dial).request("cairn/memory/forget", {"id": options.id})
    claim = found["claim"]
    text = f"forgotten: {claim['id']} {claim['text']}; cairn memory undo brings it back"
    print(json.dumps(found) if options.json else one_line(text))
    return DONE


def proposals(dial: Dial, options: Namespace) -> int:
    """`cairn memory proposals`."""
    found: Found = reach(dial).request("cairn/memory/proposals")
    if options.json:
        print(json.dumps(found))
    elif not found["proposals"]:
        print("nothing waits for an answer")
    else:
        table([_proposed(each) for each in found["proposals"]])
        print("cairn memory accept ID, or reject ID", file=sys.stderr)
    return DONE


def accept(dial: Dial, options: Namespace) -> int:
    """`cairn memory accept ID`."""
    return _answer(dial, options, True)


def reject(dial: Dial, options: Namespace) -> int:
    """`cairn memory reject ID`."""
    return _answer(dial, options, False)


def _answer(dial: Dial, options: Namespace, accepted: bool) -> int:
    params = {"id": options.id, "accepted": accepted}
    found: Found = reach(dial).request("cairn/memory/answer", params)
    if options.json:
        print(json.dumps(found))
        return DONE
    proposal = found["proposal"]
    done = "forgotten" if proposal["forget"] else "remembered"
    stays = "stays" if proposal["forget"] else "not remembered"
    print(one_line(f"{done if accepted else stays}: {proposal['id']} {proposal['text']}"))
    return DONE


def _row(claim: Found) -> list[str]:
    ended = f"  (no longer: {claim['superseded_by'] or 'forgotten'})" if claim["ended"] else ""
    return [claim["id"], claim["scope"], claim["about"], claim["text"] + ended]


def _proposed(each: Found) -> list[str]:
    what = "forget" if each["forget"] else "remember"
    why = f"  ({each['reason']})" if each["reason"] else ""
    return [each["id"], what, each["scope"], each["about"], each["text"] + why]
