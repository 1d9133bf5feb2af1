"""Sessions of OpenCode: what `opencode export` prints, or the files of its storage folder.

An export is `{info, messages: [{info, parts}]}`. In the storage a session is `session/<project>/<id>.json`, its
messages `message/<id>/*.json`, their parts `part/<message>/*.json`; before, all of it lay under `session/`
(`info`, `message`, `part`). The ids sort by time. A call and its result are one part; `line` is where a
message begins in an export, and its number among the messages of a storage folder.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cairn_memory.imports.lines import digest_of
from cairn_memory.imports.message import Call, ImportRefused, Message, Problems, Source
from cairn_memory.imports.values import IMAGE, as_json, items, mapping, number, string, when

NAME = "OpenCode"
LARGEST = 200_000_000
"""Bytes of an export: it is one JSON document, which is held in memory."""
LARGEST_PART = 50_000_000
"""Bytes of one file of the storage."""
_HEAD = 65_536
_EXPORT = re.compile(r'\s*\{\s*"(?:info"\s*:\s*\{|messages"\s*:\s*\[)')
_SPACE = re.compile(r"[\s,]*")


def source(path: Path) -> Source | None:
    """The session at `path`, if it is one of OpenCode's. Raises OSError, ImportRefused."""
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8-sig", "replace")
    size = path.stat().st_size
    if _EXPORT.match(head):
        if size > LARGEST:
            raise ImportRefused(f"{path} has {size:,} bytes; an export of OpenCode may have {LARGEST:,}")
        return Source(path, NAME, partial(digest_of, path, size), partial(_read_export, path))
    try:
        session = string(mapping(json.loads(head)).get("id"))
    except (ValueError, RecursionError):
        return None
    if not session.startswith("ses"):
        return None
    for top in (path.parent.parent.parent, path.parent.parent):
        folder = top / "message" / session
        if folder.is_dir():
            older = top / "part" / session
            parts = older if older.is_dir() else top / "part"
            return Source(
                path,
                NAME,
                partial(_digest_of_storage, path, folder, parts),
                partial(_read_storage, folder, parts),
            )
    raise ImportRefused(
        f"the messages of {session} are not beside {path}; give the file where it lies in OpenCode's storage,"
        f" or what `opencode export {session}` prints"
    )


# --- an export ------------------------------------------------------------------------------


def _read_export(path: Path, problems: Problems) -> Iterator[Message]:
    text = path.read_bytes().decode("utf-8-sig", "replace")
    decoder = json.JSONDecoder()
    at, line = text.find('"messages"'), 1
    try:
        start = _messages_start(text, decoder)
        line += text.count("\n", 0, start)
        at = start
        while True:
            begin = _after_space(text, at)
            line += text.count("\n", at, begin)
            at = begin
            if text[at : at + 1] == "]":
                return
            found, end = decoder.raw_decode(text, at)
            yield from _messages(
                line, mapping(mapping(found).get("info")), items(mapping(found).get("parts"))
            )
            line += text.count("\n", at, end)
            at = end
    except (ValueError, RecursionError):
        problems.add(line, "no JSON from here on")


def _messages_start(text: str, decoder: json.JSONDecoder) -> int:
    """Behind the `[` of the list of messages. Raises ValueError."""
    at = text.index("{") + 1
    while True:
        key, at = decoder.raw_decode(text, _after_space(text, at))
        at = _after_space(text, text.index(":", at) + 1)
        if key == "messages" and text[at : at + 1] == "[":
            return at + 1
        at = decoder.raw_decode(text, at)[1]


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


# --- the storage ----------------------------------------------------------------------------


def _read_storage(folder: Path, parts: Path, problems: Problems) -> Iterator[Message]:
    for ordinal, path in enumerate(sorted(folder.glob("*.json")), 1):
        info = _load(path, ordinal, problems)
        if info is not None:
            found = [_load(part, ordinal, problems) for part in sorted((parts / path.stem).glob("*.json"))]
            yield from _messages(ordinal, info, found)


def _load(path: Path, ordinal: int, problems: Problems) -> dict[str, Any] | None:
    try:
        if path.stat().st_size <= LARGEST_PART:
            return mapping(json.loads(path.read_bytes()))
        problems.add(ordinal, f"{path.name} is longer than {LARGEST_PART:,} bytes")
    except OSError as error:
        problems.add(ordinal, f"{path.name} cannot be read: {error.strerror}")
    except (ValueError, RecursionError):
        problems.add(ordinal, f"{path.name} is no JSON")
    return None


def _digest_of_storage(session: Path, folder: Path, parts: Path) -> str:
    digest = hashlib.sha256(session.name.encode("utf-8", "replace"))
    for path in sorted(folder.glob("*.json")):
        for each in (path, *sorted((parts / path.stem).glob("*.json"))):
            digest.update(f"{each.name} {digest_of(each, each.stat().st_size)}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


# --- messages and parts ---------------------------------------------------------------------


def _messages(line: int, info: dict[str, Any], parts: list[Any]) -> Iterator[Message]:
    time = when(mapping(info.get("time")).get("created"))
    if info.get("role") == "user":
        yield from _user(line, parts, time)
    elif info.get("role") == "assistant":
        yield from _assistant(line, info, parts, time)


def _user(line: int, parts: list[Any], time: int) -> Iterator[Message]:
    own: list[str] = []
    added: list[str] = []
    for part in map(mapping, parts):
        kind = part.get("type")
        text = string(part.get("text"))
        if kind == "text" and part.get("ignored") is not True:
            (added if part.get("synthetic") is True else own).append(text)
        elif kind == "file":
            own.append(_file(part))
        elif kind == "subtask":
            own.append(string(part.get("prompt")))
    if any(own):
        yield Message("user", line, "\n".join(filter(None, own)), time)
    if any(added):
        yield Message("host", line, "\n".join(filter(None, added)), time, about="system")


def _file(part: dict[str, Any]) -> str:
    if string(part.get("mime")).startswith("image/"):
        return IMAGE
    return f"[file {string(part.get('filename'))}]"


def _assistant(line: int, info: dict[str, Any], parts: list[Any], time: int) -> Iterator[Message]:
    """A message can hold several replies, each ended by a `step-finish` or by words after calls."""
    if info.get("summary") is True:
        text = "\n".join(string(p.get("text")) for p in map(mapping, parts) if p.get("type") == "text")
        if text.strip():
            yield Message("summary", line, text, time)
        return
    reply: list[dict[str, Any]] = []
    for part in map(mapping, parts):
        kind = part.get("type")
        called = any(each.get("type") == "tool" for each in reply)
        if kind in ("step-start", "step-finish") or (kind in ("text", "reasoning") and called):
            yield from _reply(line, info, reply, time)
            reply = []
        if kind in ("text", "reasoning", "tool"):
            reply.append(part)
    yield from _reply(line, info, reply, time)
    error = mapping(info.get("error"))
    if what := string(mapping(error.get("data")).get("message")) or string(error.get("name")):
        yield Message("host", line, what, time, about="error")


def _reply(line: int, info: dict[str, Any], parts: list[dict[str, Any]], time: int) -> Iterator[Message]:
    def said(kind: str) -> str:
        texts = (string(part.get("text")) for part in parts if part.get("type") == kind)
        return "\n".join(text for text in texts if text.strip())

    tools = [part for part in parts if part.get("type") == "tool"]
    message = Message(
        "assistant",
        line,
        said("text"),
        time,
        calls=tuple(map(_call, tools)),
        reasoning=said("reasoning"),
        model=string(info.get("modelID")),
    )
    if message.text or message.calls or message.reasoning:
        yield message
    for part in tools:
        state = mapping(part.get("state"))
        if state.get("status") in ("completed", "error"):
            yield _result(line, string(part.get("callID")), state, time)


def _call(part: dict[str, Any]) -> Call:
    arguments = mapping(part.get("state")).get("input")
    return Call(string(part.get("callID")), string(part.get("tool")) or "tool", as_json(arguments))


def _result(line: int, call: str, state: dict[str, Any], time: int) -> Message:
    failed = state.get("status") == "error"
    code = number(mapping(state.get("metadata")).get("exit"))
    texts = [string(state.get("error" if failed else "output"))]
    texts += [_file(mapping(each)) for each in items(state.get("attachments"))]
    return Message(
        "tool",
        line,
        "\n".join(filter(None, texts)),
        when(mapping(state.get("time")).get("end")) or time,
        call=call,
        outcome="error" if failed or code else "ok",
        exit_code=code,
    )
