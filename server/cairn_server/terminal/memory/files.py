"""The memory's files for a person: what there is, every version, what changed, the way back, and by hand."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from cairn_server import words
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import DONE, FAILED, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line, visible
from cairn_server.terminal.screen import has_person
from cairn_server.terminal.sessions import reach
from cairn_server.terminal.table import table

EDITORS = ("sensible-editor", "nano", "vi", "notepad")
"""Tried when neither VISUAL nor EDITOR says which."""

Found = dict[str, Any]


def files(dial: Dial, options: Namespace) -> int:
    """`cairn memory files`."""
    found: Found = reach(dial).request("cairn/memory/files")
    if options.json:
        print(json.dumps(found))
        return DONE
    table([_file(each) for each in found["files"]])
    for each in found["files"]:
        if each["problem"]:
            print(f"cairn: {one_line(each['problem'])}", file=sys.stderr)
    return DONE


def log(dial: Dial, options: Namespace) -> int:
    """`cairn memory log [FILE]`: the newest version first."""
    found: Found = reach(dial).request("cairn/memory/log", {"file": options.file})
    if options.json:
        print(json.dumps(found))
    elif not found["versions"]:
        print(f"{one_line(found['file'])} has no version yet")
    else:
        table([_version(each) for each in reversed(found["versions"])])
    return DONE


def diff(dial: Dial, options: Namespace) -> int:
    """`cairn memory diff [FILE] [N [M]]`: of the newest version, from N on, or from N to M."""
    file, old, new = _numbered(options.file, options.old, options.new)
    params = {"file": file, "old": old, "new": new}
    found: Found = reach(dial).request("cairn/memory/diff", params)
    if options.json:
        print(json.dumps(found))
    else:
        _print_diff(
            found["diff"] or f"{found['file']}: versions {found['old']} and {found['new']} say the same"
        )
    return DONE


def undo(dial: Dial, options: Namespace) -> int:
    """`cairn memory undo [FILE] [N]`."""
    file, number = _numbered(options.file, options.number)
    params = {"file": file, "number": number}
    found: Found = reach(dial).request("cairn/memory/undo", params)
    if options.json:
        print(json.dumps(found))
        return DONE
    version = found["version"]
    if found["diff"]:
        _print_diff(found["diff"])
        print(
            one_line(f"{found['file']} is {version['reason'] or 'as it was'}, as version {version['number']}")
        )
    else:
        print(one_line(f"{found['file']} says that already; it stays at version {version['number']}"))
    return DONE


def edit(dial: Dial, options: Namespace) -> int:
    """`cairn memory edit [FILE]`: what was changed counts at once, and is a version like any other."""
    connection = reach(dial)
    before = connection.request("cairn/memory/log", {"file": options.file})
    path = Path(before["path"])
    command = [*_editor(), str(path)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, check=False)
    except OSError as error:
        raise CommandFailed(f"{command[0]} could not be run ({error}); set EDITOR", USAGE) from error
    if done.returncode:
        raise CommandFailed(f"{command[0]} ended with {done.returncode}; {path} is as it left it", FAILED)
    return _tell_changes(connection, before)


def _tell_changes(connection: Connection, before: Found) -> int:
    after = connection.request("cairn/memory/log", {"file": before["file"]})
    old, new = (each["versions"][-1]["number"] if each["versions"] else 0 for each in (before, after))
    if old == new:
        print(f"{one_line(after['path'])}: nothing was changed")
        return DONE
    found = connection.request("cairn/memory/diff", {"file": before["file"], "old": old, "new": new})
    if found["diff"]:
        _print_diff(found["diff"])
    print(
        f"{one_line(after['file'])} is at version {new}; cairn memory undo {shlex.quote(after['file'])} goes back"
    )
    return DONE


def _numbered(file: str, *numbers: int | None) -> tuple[Any, ...]:
    """`undo 3` means version 3 of the project's file."""
    return (
        ("project", int(file), *numbers[:-1])
        if file.isdecimal() and numbers[-1] is None
        else (file, *numbers)
    )


def _editor() -> list[str]:
    for name in ("VISUAL", "EDITOR"):
        if chosen := os.environ.get(name, "").strip():
            return shlex.split(chosen, posix=os.name == "posix")
    found = next((path for name in EDITORS if (path := shutil.which(name))), None) if has_person() else None
    if found is None:
        raise CommandFailed("no editor is known, or nobody sits here; set VISUAL or EDITOR", USAGE)
    return [found]


def _print_diff(text: str) -> None:
    sys.stdout.write(visible(text).rstrip("\n") + "\n")
    sys.stdout.flush()


def _file(each: Found) -> list[str]:
    version = f"version {each['version']}" if each["version"] else "no version"
    about = (
        words.joined(f"by {each['by']}", each["reason"], words.ago(each["time"])) if each["version"] else ""
    )
    return [each["name"], version, about, each["path"]]


def _version(each: Found) -> list[str]:
    session = each["session"] if each["session"] != "host" else ""
    return [str(each["number"]), words.ago(each["time"]), each["by"], words.joined(each["reason"], session)]
