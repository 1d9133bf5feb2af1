"""`cairn trust`: what the project's settings want beyond tightening, and the user's yes to exactly that."""

import json
import sys
from typing import Any

from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, FAILED, CommandFailed
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.screen import has_person
from cairn_server.terminal.sessions import reach

Found = dict[str, Any]


def trust(dial: Dial, yes: bool, revoke: bool, as_json: bool) -> int:
    """Shows the file and asks a person, unless `yes` says it; `revoke` takes the trust back."""
    connection = reach(dial)
    found: Found = connection.request("cairn/trust/show")
    if revoke:
        return _told(_set(connection, ""), as_json)
    if yes and not found["trusted"]:
        if not found["digest"]:
            raise CommandFailed(f"there are no settings to trust: {found['file']} is not there", FAILED)
        if not as_json:
            _show(found)
        return _told(_set(connection, found["digest"]), as_json)
    if as_json:
        print(json.dumps(found))
        return DONE
    _show(found)
    wants = any(each["trustable"] for each in found["beyond"])
    if wants and not found["trusted"]:
        if not has_person():
            print("`cairn trust --yes` trusts it as it is now")
        elif _agreed():
            return _told(_set(connection, found["digest"]), as_json)
    return DONE


def _set(connection: Connection, digest: str) -> Found:
    """Trust in exactly this content: the host refuses when the file says something else by now."""
    return connection.request("cairn/trust/set", {"digest": digest})


def _agreed() -> bool:
    try:
        return input("Trust it as it is now? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _show(found: Found) -> None:
    if not found["digest"]:
        print(one_line(f"{found['file']}: not there, or not to be read; nothing to trust"))
        return
    state = (
        "trusted"
        if found["trusted"]
        else "changed since it was trusted"
        if found["changed"]
        else "not trusted"
    )
    print(one_line(f"{found['file']}: {state} (SHA-256 {found['digest'][:16]}…)"))
    trustable = [each for each in found["beyond"] if each["trustable"]]
    never = [each for each in found["beyond"] if not each["trustable"]]
    if trustable:
        print("trusted, it sets:" if found["trusted"] else "if you trust it, it also sets:")
    for each in trustable:
        print(f"  {one_line(each['line'])}")
    if never:
        print("never set by a project, trusted or not:")
    for each in never:
        print(f"  {one_line(each['line'])}")
    if not found["beyond"]:
        print("it only tightens, so nothing needs your trust")


def _told(found: Found, as_json: bool) -> int:
    if as_json:
        print(json.dumps(found))
    elif found["trusted"]:
        print("trusted, until its content changes")
    else:
        print("not trusted: it only tightens")
    sys.stdout.flush()
    return DONE
