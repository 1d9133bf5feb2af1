"""Open tasks: a model that stops while it has some is asked about them, a few times, and then let go."""

from collections.abc import Sequence
from dataclasses import dataclass

from cairn_agents.guards.base import Verdict
from cairn_agents.model.reply import Reply
from cairn_memory.sessions import SessionFold
from cairn_memory.tasks import Task, TaskTree

NAME = "open-tasks"
_NAMED = 10
"""Tasks named in one message."""
_TITLE = 200
"""Characters of a title in a message."""


@dataclass(frozen=True, slots=True)
class OpenTasksGuard:
    """`limit` is how often the model is asked in a row; 0 switches it off.

    It is asked anew only when fewer tasks are open than ever since the user's last words, so that it can
    neither be asked for ever nor be let go in the middle of a long list that it works off. Blocked tasks
    wait for somebody else; where nothing may be changed no task can be done.
    """

    tasks: TaskTree
    limit: int = 3

    def on_reply(self, fold: SessionFold, reply: Reply) -> Verdict | None:
        if reply.calls or reply.finish in ("length", "content_filter") or fold.mode != "build":
            return None
        left = [task for task in self.tasks.open_tasks(fold.session) if task.state != "blocked"]
        if not left or not self.limit:
            return None
        last = fold.acted.get(NAME)
        fewest = min(last.left, len(left)) if last else len(left)
        count = last.count + 1 if last and len(left) >= last.left else 1
        if count > self.limit:
            return None
        reason = f"the model stopped with {_counted(left)} open ({_ids(left)})"
        return Verdict(NAME, "nudge", reason, count, _words(left), left=fewest)


def rest_reason(tasks: TaskTree | None, session: str) -> tuple[str, str]:
    """Why a session rests whose model has stopped, and the cause for programs: what it left open is named."""
    left = tasks.open_tasks(session) if tasks else []
    if not left:
        return "the agent finished", ""
    at_work = [task for task in left if task.state != "blocked"]
    blocked = [task for task in left if task.state == "blocked"]
    parts = [f"{_counted(at_work)} open ({_ids(at_work)})"] if at_work else []
    parts += [f"{task.id} is blocked ({_short(task.note)})" for task in blocked[:_NAMED]]
    if len(blocked) > _NAMED:
        parts.append(f"{len(blocked) - _NAMED} more are blocked")
    return f"the agent stopped; {'; '.join(parts)}", "tasks"


def _words(left: Sequence[Task]) -> str:
    named = [f"- {task.id} ({task.state}): {_short(task.title)}" for task in left[:_NAMED]]
    if len(left) > _NAMED:
        named.append(f"- and {len(left) - _NAMED} more; `task` with action list shows them")
    tasks = "\n".join(named)
    return (
        f"You stopped, but these tasks of yours are open:\n{tasks}\n"
        "Go on with them. Where one needs no more work, say so with `task`: done when your calls show it, "
        "block with a note that says what you wait for, or abandon with a note that says why."
    )


def _counted(tasks: Sequence[Task]) -> str:
    return "1 task" if len(tasks) == 1 else f"{len(tasks)} tasks"


def _ids(tasks: Sequence[Task]) -> str:
    ids = ", ".join(task.id for task in tasks[:_NAMED])
    return ids if len(tasks) <= _NAMED else f"{ids}, ..."


def _short(text: str) -> str:
    return text if len(text) <= _TITLE else f"{text[:_TITLE].rstrip()}..."
