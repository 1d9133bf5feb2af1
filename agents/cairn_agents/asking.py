"""One reply from the model: the request, its retries, and the guards that look at what came."""

import asyncio
from itertools import count

from cairn_agents.guards.base import Rest
from cairn_agents.model.errors import ModelError, WindowFull
from cairn_agents.model.reply import Delta, Reply
from cairn_agents.session import Session
from cairn_memory.events import ModelFailed, ModelRequested


async def ask(session: Session) -> None:
    """Asks until there is a whole reply and emits it; commits nothing after it.

    The commit that makes the reply durable is the one before its calls run, or the
    one with which the session rests. Where the window turns out to be full there is no reply, and it
    is still the model's turn: the loop makes room and asks again. Raises Rest when no reply is to be had.
    """
    reply = await _reply(session)
    if reply is None:
        return
    step = session.fold.steps + 1
    session.record(reply)
    for guard in session.equipment.reply_guards:
        if verdict := guard.on_reply(session.fold, reply):
            session.act(verdict, step)
            return


async def _reply(session: Session) -> Reply | None:
    """The only place where a request is tried again."""
    step = session.fold.steps + 1
    for attempt in count(1):
        window = session.window
        session.emit(
            ModelRequested(
                step=step,
                attempt=attempt,
                model=session.equipment.endpoint.model,
                bytes=window.size,
                tokens=window.tokens,
            )
        )
        session.begin_commit()
        try:
            return await session.equipment.client.ask(
                window.request(),
                lambda delta: _show(session, delta),
                ready=session.commit,
                call_prefix=f"call-{step}",
            )
        except ModelError as error:
            await session.commit()  # if it was this that failed, nothing was sent, and the session must rest
            full = isinstance(error, WindowFull)
            wait = 0.0 if full else session.equipment.retry.wait(attempt, error)
            session.emit(
                ModelFailed(
                    step=step,
                    attempt=attempt,
                    error=type(error).__name__,
                    message=error.message,
                    retry_in=wait,
                )
            )
            if full:
                return None
            if wait is None:
                raise Rest("failed", error.message, type(error).__name__) from error
            await session.commit()
        await asyncio.sleep(wait)
    raise AssertionError("count() never ends")


def _show(session: Session, delta: Delta) -> None:
    for source, text in (("reasoning", delta.reasoning), ("text", delta.text), ("tool", delta.tool)):
        if text:
            session.equipment.show(source, text)
