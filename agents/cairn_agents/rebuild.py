"""Rebuild: a new window from the checkpoint, the memory and the user's own words, when the old one is full."""

import logging
from dataclasses import dataclass

from cairn_agents.checkpoints import Ask
from cairn_agents.guards.base import Rest
from cairn_agents.model.usage import estimate_tokens
from cairn_agents.opening import Overtaken, begin, rebuilt_head
from cairn_agents.prompts import prompt
from cairn_agents.roles.writer import Writer
from cairn_agents.room import Room, room
from cairn_agents.session import Session
from cairn_agents.tail import newest_steps
from cairn_memory.events import CheckpointStarted, HostMessage, ReceiptItem, ReceiptWritten
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.course import newest

logger = logging.getLogger(__name__)

WRITER_SECONDS = 5.0
"""How long a rebuild waits for a checkpoint that is being written."""

TRIES = 4
"""Budgets that are tried, each half of the one before; and windows in a row that the provider may refuse."""

WORTH = 0.7
"""A rebuilt window fuller than this much of the limit would be full again at once."""

NEWEST_EVENTS = 100
"""Events that are looked at for the newest steps."""

APART = 12_000
"""Tokens that must be new since the window began, or since the model was last asked, for its judgement to be worth a
request as long as the window. At the last mark it always is, unless the window began above it."""

TAIL_SHARE = 0.4
"""How much of the budget the newest steps may take, word for word."""


def room_of(session: Session) -> Room:
    """The room in this session's window now."""
    return room(session.equipment.endpoint, session.equipment.room, session.fold.ceiling)


def checkpoint_when_due(session: Session) -> None:
    """Begins a checkpoint beside the loop when the window's fill has passed another mark.

    It is made by code alone where little is new since the model was last asked for its judgement.
    """
    marks, fill = room_of(session).marks, session.window.tokens
    passed = sum(mark <= fill for mark in marks)
    if passed <= session.fold.marks:
        return
    begun = session.window.head_tokens
    if passed <= sum(mark <= begun for mark in marks):
        return  # the window began above it: the rebuild made a checkpoint
    since = max(begun, session.judged_at)
    reason = f"{fill:,} tokens in the window"
    session.emit(CheckpointStarted(covers=session.last_seq, reason=reason, marks=passed))
    worth = passed == len(marks) or fill - since >= APART
    session.checkpoints.begin(_writer(session) if worth else None)


def checkpoint_now(session: Session, reason: str) -> None:
    """Begins a checkpoint beside the loop, whatever the fill of the window."""
    session.emit(CheckpointStarted(covers=session.last_seq, reason=reason, marks=session.fold.marks))
    session.checkpoints.begin(_writer(session))


def _writer(session: Session) -> Ask | None:
    """The writer, to be asked about the window as it is now; None when the user wants none."""
    equipment = session.equipment
    if not equipment.room.writer:
        return None
    session.judged_at = session.window.tokens
    writer = Writer(
        equipment.client, equipment.prices.cost, equipment.room.writer_deadline, equipment.log.masker.mask
    )
    return Ask(writer, session.window.prefix(), room_of(session).usable)


async def make_room(session: Session) -> None:
    """Rebuilds the window when the next request would not fit any more. Raises Rest when that is no help."""
    if not session.fold.windows:  # a session from elsewhere: what it was becomes the first window
        await rebuild(session, "forked" if session.fold.forked else "imported")
    elif session.fold.rewound:
        await rebuild(session, "rewound")
        session.emit(HostMessage(text=prompt("rewound")))
    elif session.fold.refused:
        await rebuild(session, "exceeded")
    elif session.window.tokens >= room_of(session).limit:
        await rebuild(session, "limit")
    elif session.rebuild_asked:
        await _rebuild_as_asked(session)


async def _rebuild_as_asked(session: Session) -> None:
    """One that nobody needs: when it frees nothing, the window that there is goes on."""
    session.rebuild_asked = False
    try:
        await rebuild(session, "command")
    except Rest as rest:
        logger.warning("session %s keeps its window: %s", session.id, rest.reason)


async def rebuild(session: Session, reason: str) -> None:
    """Starts a new window, whatever the fill of this one. No call may be open.

    A window that would be too full is made again from half the budget. Raises Rest when nothing
    helps: it never goes in circles.
    """
    space = room_of(session)
    if session.fold.barren > TRIES:
        raise _too_small(session, "the provider refused every rebuilt window")
    await session.checkpoints.settle(WRITER_SECONDS)
    budget, tries = space.budget, 0
    while True:
        built = await _build(session, budget)
        if built.tokens > space.limit * WORTH:
            if tries == TRIES:
                raise _too_small(session, f"the least that must be kept takes {built.tokens:,}")
            budget, tries = budget // 2, tries + 1
            continue
        try:
            await begin(
                session,
                built.head,
                built.sources,
                built.receipt,
                covers=built.covers,
                checkpoint=built.checkpoint.number,
                reason=reason,
            )
        except Overtaken:
            continue
        session.rebuild_asked = False
        return


@dataclass(frozen=True, slots=True)
class _Built:
    head: bytes
    sources: tuple[str, ...]
    receipt: ReceiptWritten
    covers: int
    checkpoint: Checkpoint

    @property
    def tokens(self) -> int:
        return estimate_tokens(len(self.head))


async def _build(session: Session, budget: int) -> _Built:
    """A head within `budget` tokens besides system prompt and tools, from everything that was said up to now."""
    equipment = session.equipment
    await session.commit()
    checkpoint = await session.checkpoints.by_code()
    last = await newest(equipment.log, session.id, NEWEST_EVENTS)
    tail = newest_steps(last, int(budget * TAIL_SHARE), equipment.endpoint.send_reasoning)
    composed = await session.checkpoints.compose(checkpoint, budget - estimate_tokens(len(tail.messages)))
    head, sources = rebuilt_head(equipment, session.fold.mode, composed.text, tail.messages)
    receipt = ReceiptWritten(
        window=session.fold.windows + 1,
        budget=budget,
        tokens=composed.tokens + estimate_tokens(len(tail.messages)),
        items=(
            *composed.items,
            ReceiptItem(
                section="newest steps",
                kept=tail.steps,
                tokens=estimate_tokens(len(tail.messages)),
                budget=int(budget * TAIL_SHARE),
                refs=(f"e{tail.since}",) if tail.since else (),
            ),
        ),
        standing=composed.standing,
    )
    return _Built(head, sources, receipt, checkpoint.covers, checkpoint)


def _too_small(session: Session, why: str) -> Rest:
    window = session.equipment.endpoint.window
    return Rest(
        "failed",
        f"a window of {window:,} tokens is too small for this session: {why}; set a larger one (--window, model.window)",
        "window",
    )
