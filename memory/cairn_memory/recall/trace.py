"""What one tool call touches, whichever agent made it: files read and changed, command, search, plan.

Told by the shape of its arguments first and by its name second, so a tool that nobody knows still
leaves a trace. Works for our own tools and for those of sessions from elsewhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Verb = Literal["read", "change", "search", "run", "plan", "other"]

LOOKED_AT = 20_000
"""Characters of an argument that are looked at; the rest of a longer one leaves no trace."""

_PATH = (
    "path",
    "file_path",
    "filePath",
    "filename",
    "notebook_path",
    "target_file",
    "file",
    "absolute_path",
)
_COMMAND = ("command", "cmd", "script", "commands")
_PATTERN = ("pattern", "query", "regex", "regexp", "search", "q")
_OLD = ("old", "old_string", "oldText", "old_text", "old_str", "oldString")
_NEW = ("new", "new_string", "newText", "new_text", "new_str", "newString", "insert_text")
_WHOLE = ("content", "file_text", "contents", "new_source")
_PLAN = ("todos", "plan", "tasks")
_CHANGES = re.compile(r"(?i)edit|write|replace|patch|create_file|insert|delete|rename|move|apply|notebook")
_SEARCHES = re.compile(r"(?i)grep|glob|search|find|\bls\b|list")
_EDITOR_VERBS = {"view": "read", "create": "change", "str_replace": "change", "insert": "change"}
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete|Move) (?:File|to): (.+)$", re.MULTILINE)
_REDIRECTED = re.compile(r"(?<![<>&\d=-])>{1,2}\s*([\w./~+@-]*[A-Za-z][\w./~+@-]*)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?[^\n]*\n.*?(?:^\s*\1\s*$|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a call was about. `old` and `new` are the texts of a change, `where` the place that was searched."""

    verb: Verb = "other"
    paths: tuple[str, ...] = ()
    command: str = ""
    pattern: str = ""
    where: str = ""
    old: str = ""
    new: str = ""
    plan: tuple[str, ...] = ()


def trace(name: str, arguments: str) -> Trace:
    """What the call of tool `name` with these raw JSON arguments touches. Never fails: what cannot be read leaves no trace."""
    try:
        found: Any = json.loads(arguments) if arguments else {}
    except (ValueError, RecursionError):
        found = arguments
    if isinstance(found, str):
        return _patch(found) if "*** " in found else Trace()
    if not isinstance(found, dict):
        return Trace()
    return _by_shape(name, cast("dict[str, Any]", found))


def _by_shape(name: str, args: Mapping[str, Any]) -> Trace:
    if plan := _plan(args):
        return Trace(verb="plan", plan=plan)
    path, command, pattern = _text(args, _PATH), _command(args), _text(args, _PATTERN)
    if path and command in _EDITOR_VERBS:
        verb = _EDITOR_VERBS[command]
        command = ""
    elif command:
        return _shell(command)
    else:
        verb = ""
    if (patch := _text(args, ("input", "patch", "diff"))) and "*** " in patch:
        return _patch(patch)
    old, new = _changed_texts(args)
    whole = _text(args, _WHOLE)
    if verb == "change" or (path and (old or new or _CHANGES.search(name)) and verb != "read"):
        return Trace(verb="change", paths=(path,), old=old, new=new or whole)
    if pattern:
        return Trace(verb="search", pattern=pattern, where=path or _text(args, ("glob", "include")))
    if path:
        listing = _SEARCHES.search(name) is not None
        return Trace(verb="search", where=path) if listing else Trace(verb="read", paths=(path,))
    return Trace(new=_text(args, ("prompt", "description", "text", "message")))


def _shell(command: str) -> Trace:
    """A shell command; the text of a here-document is what it writes, not what it runs."""
    written = "\n".join(found.group(0) for found in _HEREDOC.finditer(command))
    bare = _HEREDOC.sub("<<…", command) if written else command
    if "*** Begin Patch" in command:
        return _patch(command)
    changed = tuple(
        dict.fromkeys(p for p in _REDIRECTED.findall(_QUOTED.sub("…", bare)) if not p.startswith("/dev/"))
    )
    return Trace(verb="run", command=bare.strip(), paths=changed, new=written)


def _patch(text: str) -> Trace:
    paths = tuple(dict.fromkeys(found.strip() for found in _PATCHED.findall(text)))
    if not paths:
        return Trace()
    lines = text[:LOOKED_AT].splitlines()
    old = "\n".join(line[1:] for line in lines if line[:1] == "-")
    new = "\n".join(line[1:] for line in lines if line[:1] == "+")
    return Trace(verb="change", paths=paths, old=old, new=new)


def _plan(args: Mapping[str, Any]) -> tuple[str, ...]:
    for key in _PLAN:
        rows = args.get(key)
        if isinstance(rows, list):
            steps = [_step(row) for row in cast("list[Any]", rows)[:50]]
            return tuple(step for step in steps if step)
    return ()


def _step(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)[:300] if isinstance(row, str) else ""
    fields = cast("dict[str, Any]", row)
    words = next((str(fields[k]) for k in ("content", "step", "title", "text") if fields.get(k)), "")
    state = str(fields.get("status", ""))
    return f"{words[:300]} ({state})" if words and state else words[:300]


def _changed_texts(args: Mapping[str, Any]) -> tuple[str, str]:
    old, new = [_text(args, _OLD)], [_text(args, _NEW)]
    edits = args.get("edits")
    if isinstance(edits, list):
        for edit in cast("list[Any]", edits)[:50]:
            if isinstance(edit, dict):
                old.append(_text(cast("dict[str, Any]", edit), _OLD))
                new.append(_text(cast("dict[str, Any]", edit), _NEW))
    return "\n".join(filter(None, old))[:LOOKED_AT], "\n".join(filter(None, new))[:LOOKED_AT]


def _command(args: Mapping[str, Any]) -> str:
    for key in _COMMAND:
        value = args.get(key)
        if isinstance(value, list):
            parts = [str(part) for part in cast("list[Any]", value)]
            value = parts[-1] if len(parts) == 3 and parts[1] in ("-c", "-lc") else " ".join(parts)
        if isinstance(value, str) and value:
            return value[:LOOKED_AT]
    return ""


def _text(args: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = args.get(key)
        if isinstance(value, str) and value:
            return value[:LOOKED_AT]
    return ""
