"""Transcripts of Claude Code: `~/.claude/projects/<folder>/<session>.jsonl`.

A reply of the model is written a block a line; its lines share `message.id`. A result comes as a user's
line with a block `tool_result`. Lines of subagents (`isSidechain`) are passed over, unless the file is one
subagent's own. What was rewound stays in the file, and is imported where it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cairn_memory.events import Outcome
from cairn_memory.imports.lines import Rows
from cairn_memory.imports.message import Call, Message
from cairn_memory.imports.values import as_json, block_text, items, mapping, string, text_of, when

NAME = "Claude Code"
_KINDS = {"user", "assistant", "system", "summary", "attachment", "progress"}
_MARKS = {"uuid", "sessionId", "leafUuid", "parentUuid"}

_BY_THE_PROGRAM = (
    "<local-command-",
    "<system-reminder>",
    "<task-notification>",
    "<bash-stdout>",
    "<bash-stderr>",
    "<user-prompt-submit-hook>",
    "Caveat: The messages below",
    "[Request interrupted by user",
)
"""How a user's line begins that the user did not write."""
_COMMAND = re.compile(r"<command-name>(.*?)</command-name>", re.DOTALL)
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.DOTALL)
_REFUSED = ("The user doesn't want to proceed", "The user doesn't want to take this action")
_STOPPED = "[Request interrupted by user"
_EXIT = re.compile(r"(?:Error: )?Exit code (\d{1,9})\b")


def knows(row: dict[str, Any]) -> bool:
    """Whether a line looks like one of these transcripts."""
    kind = string(row.get("type"))
    if kind in ("file-history-snapshot", "queue-operation"):
        return True
    return kind in _KINDS and (isinstance(row.get("message"), dict) or bool(_MARKS & row.keys()))


def messages(rows: Rows) -> Iterator[Message]:
    """The conversation in the order of the file; a line that stands there twice is read once."""
    seen: set[int] = set()
    own: bool | None = None
    thought: Message | None = None
    for line, row in rows:
        if row.get("type") not in ("user", "assistant", "system", "attachment"):
            continue
        aside = row.get("isSidechain") is True
        own = aside if own is None else own
        if aside and not own:
            continue
        if identity := string(row.get("uuid")):
            if (mark := hash(identity)) in seen:
                continue
            seen.add(mark)
        for message in _messages(line, row):
            if thought is not None and message.reply == thought.reply != "":
                both = filter(None, (thought.reasoning, message.reasoning))
                message = replace(message, reasoning="\n".join(both))
            elif thought is not None:
                yield thought
            thought = message if _only_thought(message) else None
            if thought is None:
                yield message
    if thought is not None:
        yield thought


def _only_thought(message: Message) -> bool:
    return message.role == "assistant" and not message.text and not message.calls


def _messages(line: int, row: dict[str, Any]) -> Iterator[Message]:
    time = when(row.get("timestamp"))
    match row.get("type"):
        case "assistant":
            yield from _assistant(line, row, time)
        case "user":
            yield from _user(line, row, time)
        case "system":
            if text := text_of(row.get("content")).strip():
                yield Message("host", line, text, time, about="system")
        case _:
            queued = mapping(row.get("attachment"))
            if queued.get("type") == "queued_command" and (text := text_of(queued.get("prompt"))).strip():
                yield _words(line, text, time)


def _assistant(line: int, row: dict[str, Any], time: int) -> Iterator[Message]:
    message = mapping(row.get("message"))
    model = string(message.get("model"))
    content = message.get("content")
    if row.get("isApiErrorMessage") is True or model == "<synthetic>":
        if text := text_of(content).strip():
            yield Message("host", line, text, time, about="error")
        return
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[Call] = []
    results: list[Message] = []
    for block in items(content) or [content]:
        found = mapping(block)
        kind = string(found.get("type"))
        if kind.endswith("tool_use"):
            name = string(found.get("name")) or "tool"
            calls.append(Call(string(found.get("id")), name, as_json(found.get("input"))))
        elif kind.endswith("tool_result"):
            results.append(_result(line, found, time))
        elif kind == "thinking":
            thoughts.append(string(found.get("thinking")))
        elif text := block_text(block):
            texts.append(text)
    if texts or calls or any(thoughts):
        yield Message(
            "assistant",
            line,
            "\n".join(texts),
            time,
            calls=tuple(calls),
            reasoning="\n".join(filter(None, thoughts)),
            model=model,
            reply=string(message.get("id")),
        )
    yield from results


def _user(line: int, row: dict[str, Any], time: int) -> Iterator[Message]:
    content = mapping(row.get("message")).get("content")
    results = [
        found
        for found in map(mapping, items(content))
        if string(found.get("type")).endswith("tool_result") and found.get("tool_use_id")
    ]
    for found in results:
        yield _result(line, found, time)
    if results:
        content = [block for block in items(content) if mapping(block) not in results]
    text = text_of(content)
    if not text.strip():
        return
    if row.get("isCompactSummary") is True:
        yield Message("summary", line, text, time)
    elif results or row.get("isMeta") is True:
        yield Message("host", line, text, time, about="system")
    else:
        yield _words(line, text, time)


def _words(line: int, text: str, time: int) -> Message:
    """What the user wrote, or what the program put in the user's place."""
    start = text.lstrip()
    if start.startswith(("<command-name>", "<command-message>")) and (command := _COMMAND.search(text)):
        rest = _ARGUMENTS.search(text)
        return Message("user", line, f"{command[1]} {rest[1] if rest else ''}".strip(), time)
    if start.startswith(_BY_THE_PROGRAM):
        return Message("host", line, text, time, about="system")
    return Message("user", line, text, time)


def _result(line: int, found: dict[str, Any], time: int) -> Message:
    text = text_of(found.get("content"))
    outcome: Outcome = "ok"
    code = None
    if found.get("is_error") is True:
        outcome = "denied" if text.startswith(_REFUSED) else "error"
        outcome = "interrupted" if text.startswith(_STOPPED) else outcome
        code = int(exit_code[1]) if (exit_code := _EXIT.match(text)) else None
    return Message(
        "tool", line, text, time, call=string(found.get("tool_use_id")), outcome=outcome, exit_code=code
    )
