"""What a message names with `@`: a file or some lines of it, the selection, a task, a claim; found for the model.

The message stays as its author wrote it. What it names goes in a message of the host beside it, as data: text of a
file never becomes the user's own words.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cairn_agents.editors import NO_EDITORS, Editors
from cairn_agents.prompts import prompt
from cairn_memory.events import HostMessage, Payload, UserMessage
from cairn_memory.memory import Memory
from cairn_memory.tasks import number_in

MOST = 20
"""Mentions of one message."""
LINES = 400
CHARACTERS = 16_000
"""Of one file or selection."""
ALTOGETHER = 48_000
"""Characters of all, well below what one event holds."""
LARGEST = 20_000_000
"""Bytes of a file that is read."""

MENTION = re.compile(
    r"(?<![\w@])@(?:"
    r"file:(?:\"(?P<quoted>[^\"\n]{1,1000})\"|(?P<path>[^\s\"]{1,1000}?))(?::(?P<first>\d{1,7})(?:-(?P<last>\d{1,7}))?)?(?=[\s,;)\]}!?]|[.:](?:\s|$)|$)"
    r"|(?P<selection>selection)\b"
    r"|task[ :](?P<task>T?\d{1,6}(?:\.\d{1,6})*)"
    r"|memory[ :](?P<claim>c[0-9a-f]{3,64})"
    r")"
)


class MentionError(Exception):
    """Something that is named is not there. One line for its author."""


class Selection(NamedTuple):
    """What its author had selected in an editor: lines `first` to `last` of `path`, from 1, and the text itself."""

    path: str
    first: int
    last: int
    text: str


def said(words: str, enclosed: str) -> tuple[Payload, ...]:
    """The user's words as events: word for word, then what they name."""
    host = (HostMessage(text=enclosed, about="what the message names"),) if enclosed else ()
    return (UserMessage(text=words), *host)


async def enclosed(
    words: str, root: Path, memory: Memory, selection: Selection | None = None, editors: Editors = NO_EDITORS
) -> str:
    """What `words` name, each with its place; "" when they name nothing. Raises MentionError."""
    found = list(dict.fromkeys(match[0] for match in MENTION.finditer(words)))
    if len(found) > MOST:
        raise MentionError(f"{len(found)} things are named with @; at most {MOST} can be")
    blocks: list[str] = []
    left = ALTOGETHER
    for mention in found:
        match = MENTION.fullmatch(mention)
        assert match is not None
        block = memory.log.masker.mask(await _block(match, root, memory, selection, editors))
        if len(block) > left:
            raise MentionError(
                f"{mention} makes it more than {ALTOGETHER:,} characters; name fewer lines, as in @file:path:10-40"
            )
        left -= len(block)
        blocks.append(block)
    return prompt("enclosed").format(blocks="\n\n".join(blocks)) if blocks else ""


async def _block(
    match: re.Match[str], root: Path, memory: Memory, selection: Selection | None, editors: Editors
) -> str:
    if match["task"]:
        return _task(match, memory)
    if match["claim"]:
        return await _claim(match, memory)
    if match["selection"]:
        if selection is None or not selection.text:
            raise MentionError("@selection: nothing is selected; name the lines, as in @file:path:10-40")
        place = f"{selection.path}:{selection.first}-{selection.last}"
        return _quoted(f"@selection, {place}", selection.text[:CHARACTERS])
    return await asyncio.to_thread(_file, match, root, editors)


def _task(match: re.Match[str], memory: Memory) -> str:
    task = memory.tasks.get(number_in(match["task"]))
    if task is None:
        raise MentionError(f"{match[0]}: there is no such task; `cairn tasks` lists them")
    criteria = "".join(f"\n- it is done when: {each}" for each in task.criteria)
    note = f"\n- note: {task.note}" if task.note else ""
    return f"{match[0]}: {task.title} ({task.state}){criteria}{note}"


async def _claim(match: re.Match[str], memory: Memory) -> str:
    claims = await memory.claims.find(match["claim"])
    if not claims:
        raise MentionError(
            f"{match[0]}: nothing of that name is remembered; `cairn memory list` lists what is"
        )
    return f"{match[0]}, a {claims[0].about} that is remembered: {claims[0].text}"


def _file(match: re.Match[str], root: Path, editors: Editors) -> str:
    """An excerpt with its lines' numbers. Blocking."""
    name = match["quoted"] or match["path"]
    try:
        path = (root / name).resolve(strict=True)
        inside = path.relative_to(root.resolve())
        if inside.parts[:2] == (".cairn", "local") or inside.parts[:1] == (".git",) or not path.is_file():
            raise ValueError
        buffer = editors.buffer(path)
        if buffer is None and path.stat().st_size > LARGEST:
            raise MentionError(f"{match[0]}: it has more than {LARGEST:,} bytes")
        text = buffer.text if buffer else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise MentionError(f"{match[0]}: it is no text in UTF-8") from None
    except (OSError, ValueError, RuntimeError):
        raise MentionError(f"{match[0]}: there is no such file in {root}") from None
    lines = text.splitlines()
    first = int(match["first"] or 1)
    last = min(int(match["last"] or match["first"] or len(lines)), len(lines))
    if first > max(last, 1) or first < 1:
        raise MentionError(f"{match[0]}: it has {len(lines)} lines")
    shown = list(_numbered(lines, first, min(last, first + LINES - 1)))
    end = first + len(shown) - 1
    more = f"\n[{last - end} more lines, up to {last}]" if end < last else ""
    unsaved = ", as it stands unsaved in an editor" if buffer and buffer.unsaved else ""
    return _quoted(f"{match[0]}, lines {first}-{end} of {len(lines)}{unsaved}", "\n".join(shown)) + more


def _numbered(lines: list[str], first: int, last: int) -> Iterator[str]:
    """The lines with their numbers, as many as fit."""
    left = CHARACTERS
    for number in range(first, last + 1):
        line = f"{number}\t{lines[number - 1]}"
        left -= len(line) + 1
        if left < 0 and number > first:
            return
        yield line[:CHARACTERS]


def _quoted(title: str, text: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 3)
    return f"{title}:\n{fence}\n{text}\n{fence}"
