"""A secret at any place around any bound of what is stored: no part of it survives, wherever one looks.

Through a whole run with a real log: events, blobs, the bytes that the model got, the run document, the host's
log file, the search index.
"""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from deadlines import deadline
from fake_secrets import WITH_FORM, private_key
from harness import harness
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from scripted_provider import call, calls, delta, judgement, say

from cairn_agents.model.said import one_line
from cairn_memory.bounds import LINE, REPLY, TEXT
from cairn_memory.events import (
    ApprovalAnswered,
    GuardActed,
    HostMessage,
    ModelReplied,
    NoteAdded,
    Payload,
    ProcessStarted,
    SideCallReplied,
    StateChanged,
    ToolCall,
    ToolFinished,
    UserMessage,
)
from cairn_memory.redact import SecretMasker, masked
from cairn_server.documents.run import RunDocument
from cairn_server.hostlog import RECORD, log_to

TOKEN = WITH_FORM["github classic"]
PASSWORD = "Vq7" + "-kTz9" + "wLm4!"
"""No word in it stands elsewhere."""
KEY = private_key()
SECRETS = {"token": TOKEN, "password": PASSWORD, "key": KEY}
NAMED = {"token": TOKEN, "password": f'password="{PASSWORD}"', "key": KEY}

FIELDS: dict[str, tuple[int, Callable[[str], Payload]]] = {
    "user": (TEXT, lambda text: UserMessage(text=text)),
    "host": (TEXT, lambda text: HostMessage(text=text, about="x")),
    "result": (TEXT, lambda text: ToolFinished(step=1, call="c", text=text)),
    "summary": (LINE, lambda text: ToolFinished(step=1, call="c", summary=text)),
    "reply": (REPLY, lambda text: ModelReplied(step=1, text=text)),
    "reasoning": (REPLY, lambda text: ModelReplied(step=1, reasoning=text)),
    "arguments": (REPLY, lambda text: ModelReplied(step=1, calls=(ToolCall(id="c", name="x", arguments=text),))),
    "command": (TEXT, lambda text: ProcessStarted(id="p", command=text, pid=1, output="o")),
    "answer": (TEXT, lambda text: ApprovalAnswered(id="a", decision="deny", words=text)),
    "aside": (TEXT, lambda text: SideCallReplied(role="writer", text=text)),
    "note": (TEXT, lambda text: NoteAdded(text=text)),
    "reason": (LINE, lambda text: StateChanged(state="failed", reason=text)),
    "guard": (LINE, lambda text: GuardActed(guard="g", action="stop", reason=text)),
}  # fmt: skip


def left_of(name: str, shown: str, size: int = 4) -> list[str]:
    """What is left of the secret, in pieces of `size` characters in a row; the first and last line of a key are none."""
    lines = [line for line in SECRETS[name].split("\n") if "-----" not in line]
    pieces = {line[at : at + size] for line in lines for at in range(len(line) - size + 1)}
    plain = re.sub(r"\[masked:[^\]]{1,60}\]", "[]", shown.replace("\\n", "\n"))
    return sorted(piece for piece in pieces if piece in plain)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(FIELDS)),
    st.sampled_from(sorted(SECRETS)),
    st.sampled_from(["\n", " ", "1"]),
    st.sampled_from(["head", "tail"]),
    st.integers(-60, 700),
)
def test_whatever_field_is_cut(field: str, name: str, filler: str, edge: str, shift: int) -> None:
    bound, make = FIELDS[field]
    many, head = filler * bound, (bound - 50) * 2 // 3
    before = many[: head - shift] if edge == "head" else many
    behind = many if edge == "head" else many[: bound - 50 - head - shift]
    payload = masked(make(f"{before} {NAMED[name]} {behind}"), masker)
    assert left_of(name, payload.model_dump_json()) == []
    assert max(map(len, _strings(payload))) <= bound


masker = SecretMasker(key=b"k" * 16)


def _strings(model: BaseModel) -> Iterator[str]:
    for _, value in model:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            for item in cast("tuple[BaseModel, ...]", value):
                yield from _strings(item)


@pytest.fixture
def host_log(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    log_to(tmp_path / "host.log", masker)
    yield tmp_path / "host.log"
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)


@pytest.mark.parametrize("name", SECRETS)
def test_whatever_record_of_the_hosts_log_is_cut(host_log: Path, name: str) -> None:
    logger = logging.getLogger("cairn")
    for bound in (RECORD, 20 * RECORD):
        for shift in range(-60, len(NAMED[name]) + 60, 61):
            at = bound // 2 - shift
            logger.error("%s", "x" * (at - 1) + " " + NAMED[name] + " y" * bound)
            logger.error("%s", "y " * bound + NAMED[name] + " " + "x" * (at - 1))
    assert left_of(name, host_log.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["token", "password"])
def test_whatever_a_provider_says_is_cut(name: str) -> None:
    for at in range(300 - len(NAMED[name]) - 10, 310):
        assert left_of(name, one_line("x" * (at - 1) + " " + NAMED[name] + " y" * 400)) == []


@pytest.mark.parametrize("name", SECRETS)
async def test_nothing_of_it_is_in_any_file_after_a_run(tmp_path: Path, host_log: Path, name: str) -> None:
    """The user, the model, a command, a file, a note and the checkpoint's writer each say it at a bound."""
    secret = NAMED[name]
    spoken = secret if "\n" not in secret else NAMED["token"]  # a shell would run each line of a key
    folder = tmp_path / "h"
    text_at, reply_at = TEXT * 2 // 3 - 50, REPLY * 2 // 3 - 50
    lines = "x" * 79 + "\n"
    big = (lines * 1_000)[: text_at - len(secret) // 2] + "\n" + secret + "\n" + "y " * TEXT
    reply = "r" * (reply_at - len(secret) // 2) + " " + secret + " " + "z " * REPLY
    turns = [
        calls(
            ("read", {"path": "big.txt"}),
            ("grep", {"pattern": "x{70}|BEGIN|gh[p]_|passwor[d]="}),
            text="look",
        ),
        call("bash", command="cat big.txt; cat big.txt >&2; exit 3"),
        call("bash", command=f": {'x' * 41_000} {spoken} {'y' * 19_000}"),
        call("note", text=big[:60_000]),
        call("write", path="made.txt", content="w " * REPLY + secret),
        say(reply),
    ]
    side = [
        judgement(
            delta("discoveries", "d" * 100 + " " + secret, 1), delta("next action", "n" * 370 + " " + secret)
        )
    ]
    async with harness(folder, turns, side=side) as h:
        (h.root / "big.txt").write_text(big, encoding="utf-8")
        session = await h.start(big)
        await h.rest(session)
        async with deadline(30):
            await h.runs.checkpoint(session)
        document = RunDocument(folder / "run.md", session, h.log)
        await document.write()
        async with deadline(30):
            await (await h.runs.memory.index()).search("look", "all", 5)
        for request in (*h.provider.requests, *h.provider.side_requests):
            assert left_of(name, request.body.decode(), 6) == []
    places = [*(folder / "work" / ".cairn" / "local").rglob("*"), folder / "run.md", host_log]
    for path in places:
        if path.is_file() and "calls" not in path.parts:
            assert left_of(name, path.read_bytes().decode("utf-8", "replace"), 6) == [], path
