"""What an agent is told of the answers to its proposal: at once while it works, else when its session goes on."""

from collections.abc import Sequence

from cairn_agents.prompts import prompt
from cairn_agents.session import Session
from cairn_memory.bounds import cut
from cairn_memory.events import Event, HostMessage, ProposalAnswered

ABOUT = "proposal"
MOST = 60
"""Answers that are told one by one."""
SHOWN = 2_000
"""Characters of a diff."""


def told(answers: Sequence[ProposalAnswered]) -> HostMessage:
    """The message; the words of the user stand in it as they are."""
    lines = [_line(each) for each in answers[-MOST:]]
    more = [f"- and {len(answers) - MOST} answers before these"] if len(answers) > MOST else []
    return HostMessage(text=prompt("answered").format(lines="\n".join([*more, *lines])), about=ABOUT)


def tell_answers(session: Session, events: Sequence[Event]) -> None:
    """Emits what was answered since the agent was last told; nothing when nothing was."""
    answers: list[ProposalAnswered] = []
    for event in events:
        if isinstance(event.payload, HostMessage) and event.payload.about == ABOUT:
            answers.clear()
        elif isinstance(event.payload, ProposalAnswered):
            answers.append(event.payload)
    if answers:
        session.emit(told(answers))


def _line(answered: ProposalAnswered) -> str:
    what = f"- {answered.answer} {answered.path}"
    count = f", {len(answered.hunks)} of its changes" if answered.answer != "edited" else ""
    where = " (it stands in an open editor, not saved yet)" if answered.unsaved else ""
    words = f"; the user says: {answered.words}" if answered.words.strip() else ""
    left = f"; {answered.left} more wait for an answer" if answered.left else ""
    shown = f"\n```diff\n{cut(answered.diff, SHOWN)}\n```" if answered.diff else ""
    return f"{what}{count}{where}{words}{left}{shown}"
