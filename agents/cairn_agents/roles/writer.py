"""The checkpoint writer: asks the session's model for its judgement, and keeps of it what the log bears out.

Late or failed it does no harm: the checkpoint then has its facts, and says why there is no judgement.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cairn_agents.envelope import enveloped
from cairn_agents.model.client import ModelClient
from cairn_agents.prompts import prompt
from cairn_agents.roles.event_index import LONGEST, event_index
from cairn_agents.roles.evidence import Evidence
from cairn_agents.roles.judgement import NAME, SCHEMA, Judgement, read_judgement
from cairn_agents.roles.side import Answer, Question, ask_aside
from cairn_agents.roles.verify import verify
from cairn_agents.window import Prefix
from cairn_memory.events import Event, SideCallReplied, Usage
from cairn_memory.recall.checkpoint import JUDGED, Checkpoint, Delta, Item

ROLE = "writer"
DEADLINE = 120.0
"""Seconds."""
LISTS = 16_000
"""Characters of what is listed to the model: the lines that stand already, and the events it may cite."""
_EVENTS_SHARE = 0.4
_BYTES_PER_TOKEN = 2.5
"""Fewer than a token has: what is listed must fit also where it is not English."""
_SPARE = 300
"""Tokens that are left free beside what is said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one judgement. `deltas` hold, `dropped` tells of those that did not, `problem` why there are none.

    `events` are for the log, whatever came of it: a reply that was no use has its cost, too.
    """

    deltas: tuple[Delta, ...] = ()
    dropped: tuple[str, ...] = ()
    problem: str = ""
    events: tuple[SideCallReplied, ...] = ()
    usage: Usage = field(default_factory=Usage)
    cost: float = 0.0
    ms: int = 0

    @property
    def judged(self) -> bool:
        """Whether the model gave a judgement, be it that nothing is new."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Writer:
    """Asks one model. `cost` (model, usage) is in US dollars, `deadline` in seconds, `mask` masks what it answers."""

    client: ModelClient
    cost: Callable[[str, Usage], float]
    deadline: float = DEADLINE
    mask: Callable[[str], str] = lambda text: text

    async def write(
        self,
        prefix: Prefix,
        limit: int,
        events: Sequence[Event],
        previous: Checkpoint | None,
        evidence: Evidence,
    ) -> Judged:
        """The judgement on what `prefix` holds.

        `limit` is the largest request in tokens that leaves room for a reply, `events` are those since
        `previous`, of which the model may cite. Raises nothing of the provider's; can be cancelled.
        """
        current = _current(previous)
        asked = words(events, current, _room(prefix, limit))
        answer = await judge(self.client, prefix, asked, limit=limit, deadline=self.deadline, mask=self.mask)
        sent = answer.events(self.cost)
        given = answer.value or Judgement()
        checked = await asyncio.to_thread(verify, given.deltas, evidence, current)
        return Judged(
            deltas=checked.kept,
            dropped=(*given.dropped, *checked.dropped),
            problem=answer.problem,
            events=sent,
            usage=answer.usage,
            cost=sum(event.cost for event in sent),
            ms=answer.ms,
        )


async def judge(
    client: ModelClient,
    prefix: Prefix,
    words: str,
    *,
    limit: int,
    deadline: float = DEADLINE,
    mask: Callable[[str], str] = lambda text: text,
) -> Answer[Judgement]:
    """Asks for a judgement in these `words`; nothing of it is checked yet. It is masked before any line of it is cut."""
    question = Question(ROLE, NAME, words, SCHEMA, lambda answer: read_judgement(mask(answer)))
    return await ask_aside(client, prefix, question, limit=limit, deadline=deadline)


def words(events: Sequence[Event], current: Mapping[str, Sequence[Item]], room: int = LISTS) -> str:
    """What the model is told: the instructions, the lines that stand, and the events it may cite.

    The two lists take `room` characters; in a small window they are short.
    """
    index = event_index(events, min(LONGEST, int(room * _EVENTS_SHARE))) or "(none)"
    kept = _kept(current, room - len(index)) or "(nothing yet)"
    said = f"{prompt('writer')}\n\nKept so far:\n{kept}\n\nEvents:\n{index}"
    return enveloped(said)


def _room(prefix: Prefix, limit: int) -> int:
    """Characters that the two lists may take behind `prefix` in a request of `limit` tokens."""
    free = limit - prefix.tokens_with(prompt("writer")) - _SPARE
    return max(0, min(LISTS, int(free * _BYTES_PER_TOKEN)))


def _current(previous: Checkpoint | None) -> Mapping[str, Sequence[Item]]:
    return {section: previous.items(section) for section in JUDGED} if previous is not None else {}


def _kept(current: Mapping[str, Sequence[Item]], room: int) -> str:
    """The lines by section; the newest of each when there are too many, what one leaves over goes to the next."""
    lines = {section: [_listed(item) for item in current.get(section, ())] for section in JUDGED}
    left = len(lines)
    for section in sorted(lines, key=lambda name: sum(map(len, lines[name]))):
        share, left = room // left, left - 1
        kept = lines[section]
        while kept and sum(map(len, kept)) > share:
            del kept[0]
        room -= sum(map(len, kept))
    return "\n".join("\n".join((f"{section}:", *kept)) for section, kept in lines.items() if kept)


def _listed(item: Item) -> str:
    numbers = ", ".join(f"e{seq}" for seq in item.events[:6])
    return f"- {item.text} ({numbers})" if numbers else f"- {item.text}"
