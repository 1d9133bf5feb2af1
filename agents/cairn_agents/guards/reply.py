"""Replies that lead nowhere: empty ones, ones cut off, ones held back, calls written as text."""

from dataclasses import dataclass

from cairn_agents.guards.base import Verdict, times_in_a_row
from cairn_agents.model.arguments import calls_in_text
from cairn_agents.model.reply import Reply
from cairn_memory.sessions import SessionFold


@dataclass(frozen=True, slots=True)
class EmptyReplyGuard:
    """No text and no call: ask again as it was, then with a word, then stop."""

    retries: int = 2
    limit: int = 4

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None:
        if reply.calls or reply.text.strip() or reply.finish in ("length", "content_filter"):
            return None
        count = times_in_a_row(fold, "empty")
        reason = f"the model's reply was empty ({count} in a row)"
        if count <= self.retries:
            return Verdict("empty", "retry", reason, count)
        if count < self.limit:
            words = "Your last reply was empty. Go on with the task, or say that it is done and what you did."
            return Verdict("empty", "nudge", reason, count, words)
        return Verdict("empty", "stop", reason, count)


@dataclass(frozen=True, slots=True)
class TruncatedReplyGuard:
    """Cut off at the output limit. Whole calls in it still run; half a call never does."""

    limit: int = 4

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None:
        if reply.finish != "length" or reply.calls:
            return None
        count = times_in_a_row(fold, "truncated")
        reason = f"the model's reply was cut off at its output limit ({count} in a row)"
        if count >= self.limit:
            return Verdict("truncated", "stop", f"{reason}; raise max_output or give a smaller task", count)
        words = (
            "Your last reply was cut off at the output limit, and a tool call that was not complete was not run. "
            "Go on from there in smaller pieces: write a large file in several edits."
        )
        return Verdict("truncated", "nudge", reason, count, words)


@dataclass(frozen=True, slots=True)
class TextCallGuard:
    """A tool call written into the text instead of called."""

    tools: tuple[str, ...]
    limit: int = 3

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None:
        if reply.calls or not (name := calls_in_text(reply.text, self.tools)):
            return None
        count = times_in_a_row(fold, "text-call")
        reason = f"the model wrote a call of {name} as text instead of calling it ({count} in a row)"
        if count >= self.limit:
            return Verdict(
                "text-call", "stop", f"{reason}; this model or server may not support tools", count
            )
        words = (
            f"You wrote a call of `{name}` as text; it was not run. Use the tool calling interface instead."
        )
        return Verdict("text-call", "nudge", reason, count, words)


class FilteredReplyGuard:
    """The provider held the reply back: only a person can change the task or the model."""

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None:
        if reply.finish != "content_filter" or reply.calls:
            return None
        return Verdict("filtered", "stop", "the provider's content filter held the reply back")
