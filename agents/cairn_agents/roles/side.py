"""A side call: one question to the session's own model beside the conversation, answered as JSON.

The request is the window's bytes and one more message, so the provider's prompt cache holds. It has
no tools to run, is bounded in time and size, and never raises into the run: what went wrong is a line.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cairn_agents.model.client import ModelClient
from cairn_agents.model.errors import ModelError
from cairn_agents.model.reply import Reply
from cairn_agents.model.ways import Way, refuses_way
from cairn_agents.window import Prefix
from cairn_memory.events import SideCallReplied, Usage

LARGEST_ANSWER = 200_000
"""Characters of an answer, reasoning included; a longer one is broken off."""
PAUSE = 0.5
"""Seconds before a request that failed for a passing reason is tried once more, unless the provider says."""
LONGEST_PAUSE = 20.0
"""Seconds. A provider that asks for a longer one is not asked again: the run's own requests need the place."""

T = TypeVar("T")


class Unreadable(Exception):
    """The model is told, once: its answer is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked for `role`. `name` and `schema` (JSON Schema) are the answer's shape; `read` raises Unreadable."""

    role: str
    name: str
    words: str
    schema: Mapping[str, object]
    read: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of it: `value`, or None and the `problem`. `replies` are all that came, `asked` says whether a request went out."""

    question: Question[T]
    value: T | None
    replies: tuple[Reply, ...] = ()
    problem: str = ""
    asked: bool = True
    ms: int = 0

    @property
    def usage(self) -> Usage:
        return sum((reply.usage for reply in self.replies), Usage())

    def events(self, cost: Callable[[str, Usage], float]) -> tuple[SideCallReplied, ...]:
        """One event for each reply, and one for a failure. `cost` (model, usage) is in US dollars.

        So many in this order make a replay answer the same questions in the same way.
        """
        made = [
            SideCallReplied(
                role=self.question.role,
                text=_said(reply, self.question.name),
                finish=reply.finish,
                model=reply.model,
                usage=reply.usage,
                cost=cost(reply.model, reply.usage),
                ms=reply.ms,
            )
            for reply in self.replies
        ]
        if self.problem and self.asked and not self._unreadable:
            made.append(SideCallReplied(role=self.question.role, error=self.problem, ms=self.ms))
        elif self.problem and made:
            made[-1] = made[-1].model_copy(update={"error": self.problem})
        return tuple(made)

    @property
    def _unreadable(self) -> bool:
        """Whether it was given up over the second answer, not over a failure of the provider."""
        return len(self.replies) > 1


async def ask_aside(
    client: ModelClient, prefix: Prefix, question: Question[T], *, limit: int, deadline: float
) -> Answer[T]:
    """Asks within `deadline` seconds. A request of more than `limit` tokens is not sent."""
    size = prefix.tokens_with(question.words)
    if size > limit:
        why = f"the model was not asked: that takes {size:,} tokens and {limit:,} are free"
        return Answer(question, None, problem=why, asked=False)
    start = time.perf_counter()
    attempt = _Attempt(client, prefix, question)
    value: T | None = None
    problem = ""
    try:
        async with asyncio.timeout(deadline):
            value = await attempt.run()
    except TimeoutError:
        problem = f"the model did not answer within {deadline:g} s"
    except ModelError as error:
        problem = error.message
    except Unreadable as error:
        problem = f"the model's answer could not be read, also when asked again: {error}"
    ms = round((time.perf_counter() - start) * 1_000)
    return Answer(question, value, tuple(attempt.replies), problem, ms=ms)


@dataclass(slots=True)
class _Attempt(Generic[T]):
    client: ModelClient
    prefix: Prefix
    question: Question[T]
    replies: list[Reply] = field(default_factory=list[Reply])

    async def run(self) -> T:
        """Asks in each way the endpoint may have, and once more when the answer is no answer. Raises ModelError, Unreadable."""
        words = self.question.words
        for last in (False, True):
            way, reply = await self._reply(words)
            self.replies.append(reply)
            try:
                value = self.question.read(_said(reply, self.question.name))
            except Unreadable as error:
                if last:
                    raise
                cut = " It was cut off at its length: answer with less." if reply.finish == "length" else ""
                words = f"{self.question.words}\n\nAn answer came that cannot be used: {error}.{cut} Answer with one JSON object and nothing else."
                continue
            self.client.ways.worked(way)
            return value
        raise AssertionError("the second answer is taken or refused")

    async def _reply(self, words: str) -> tuple[Way, Reply]:
        ways = list(self.client.ways.order())
        again = True
        while True:
            try:
                return ways[0], await self.client.ask(
                    self._body(ways[0], words), lambda delta: None, largest=LARGEST_ANSWER
                )
            except ModelError as error:
                if len(ways) > 1 and refuses_way(error):
                    del ways[0]
                elif again and error.retry and (error.retry_after or 0) <= LONGEST_PAUSE:
                    again = False
                    await asyncio.sleep(PAUSE if error.retry_after is None else error.retry_after)
                else:
                    raise

    def _body(self, way: Way, words: str) -> bytes:
        name, schema = self.question.name, self.question.schema
        if way == "tool":
            function = {"name": name, "description": "Gives the answer.", "parameters": schema}
            return self.prefix.body(
                words,
                {"tool_choice": {"type": "function", "function": {"name": name}}},
                {"type": "function", "function": function},
            )
        more: dict[str, object] = {"tool_choice": "none"}
        if way == "schema":
            shape = {"name": name, "strict": True, "schema": schema}
            more["response_format"] = {"type": "json_schema", "json_schema": shape}
        return self.prefix.body(words, more)


def _said(reply: Reply, name: str) -> str:
    """The answer in a reply: the arguments of the call that was asked for, else its text."""
    return next((call.arguments for call in reply.calls if call.name == name), reply.text)
