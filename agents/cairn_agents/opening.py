"""How a window begins: tools, system prompt, and what is remembered."""

import asyncio
import sys
import time
from collections.abc import Sequence

from cairn_agents.envelope import sealed
from cairn_agents.equipment import Equipment
from cairn_agents.gate.mode import PLAN
from cairn_agents.info import RunInfo
from cairn_agents.model.usage import estimate_tokens
from cairn_agents.modes import MODES, ModeName
from cairn_agents.prompts import prompt
from cairn_agents.session import Session
from cairn_agents.tools.paths import shown
from cairn_agents.window import encode, make_head
from cairn_memory.events import ReceiptWritten, WindowStarted
from cairn_memory.recall.compose import Remembered

GOAL = 160
"""Characters of an earlier session's goal."""

SESSIONS = 3
"""Earlier sessions that a new one is told of."""


async def open_window(session: Session, first_words: str, before: Sequence[RunInfo]) -> None:
    """A session's first window. What is remembered goes in, ranked against the user's first words, with a receipt."""
    equipment = session.equipment
    system, sources = system_prompt(equipment, session.fold.mode)
    receipt = None
    if equipment.room.inject:
        sessions = [_told(info) for info in before[:SESSIONS]]
        injected = await session.checkpoints.memory.injected(first_words, sessions, equipment.room.inject)
        if injected.text:
            system = f"{system}\n\n{prompt('remembered').format(block=injected.text)}"
            receipt = ReceiptWritten(
                window=1, budget=equipment.room.inject, tokens=injected.tokens, items=injected.items
            )
    await begin(session, _head(equipment, session.fold.mode, system), sources, receipt)


def _told(info: RunInfo) -> Remembered:
    """An earlier session in one line."""
    day = time.strftime("%Y-%m-%d", time.localtime(info.updated / 1_000))
    goal = " ".join(info.goal.split())[:GOAL]
    return Remembered(info.session, f"- {info.session} ({day}, {info.state}): {goal}")


async def begin(
    session: Session,
    head: bytes,
    sources: tuple[str, ...],
    receipt: ReceiptWritten | None,
    *,
    covers: int = 0,
    checkpoint: int = 0,
    reason: str = "",
) -> None:
    """Puts `head` in place of the window. Durable with the next commit; a kill before leaves the old one."""
    equipment = session.equipment
    mark = session.mark
    ref = await asyncio.to_thread(equipment.blobs.put, head)
    if covers and session.mark != mark:
        raise Overtaken
    started = WindowStarted(
        number=session.fold.windows + 1,
        head=ref,
        tokens=estimate_tokens(len(head)),
        sources=sources,
        send_reasoning=equipment.endpoint.send_reasoning,
        covers=covers,
        checkpoint=checkpoint,
        reason=reason,
    )
    session.judged_at = 0
    session.window.open(head, equipment.endpoint)
    session.emit(started, *([receipt] if receipt else []))


class Overtaken(Exception):
    """Something was said while the head was made: it must be made again, or those words would be lost."""


def rebuilt_head(
    equipment: Equipment, mode: ModeName, block: str, tail: bytes
) -> tuple[bytes, tuple[str, ...]]:
    """The head of a later window: system prompt, then the `block` of what mattered, then the newest messages as they were."""
    system, sources = system_prompt(equipment, mode)
    text = prompt("rebuilt").format(block=sealed(equipment.log.masker.mask(block)))
    message = encode({"role": "user", "content": text})
    return _head(equipment, mode, system) + b"," + message + tail, sources


def system_prompt(equipment: Equipment, mode: ModeName) -> tuple[str, tuple[str, ...]]:
    """The system prompt of a new window, and the files whose text went in."""
    found = equipment.instructions.for_root()
    root = equipment.scope.root
    environment = prompt("environment").format(
        root=root,
        platform=sys.platform,
        date=time.strftime("%Y-%m-%d"),
        git="It is a git work tree." if (root / ".git").exists() else "It is not under git.",
    )
    instructed = prompt(mode).format(plan=shown(equipment.scope.folder / PLAN, equipment.scope))
    parts = [prompt("system"), instructed, environment, *(item.text for item in found)]
    return "\n\n".join(parts), tuple(str(item.path) for item in found)


def _head(equipment: Equipment, mode: ModeName, system: str) -> bytes:
    """Tools and system prompt. What a mode can never do it is not offered."""
    tools = equipment.toolbox.schemas(MODES[mode].offered)
    return make_head(tools, equipment.log.masker.mask(system))
