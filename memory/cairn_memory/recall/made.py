"""A whole checkpoint from the facts of a session, by code alone: each line names its events."""

from collections.abc import Sequence

from cairn_memory.recall.checkpoint import SECTIONS, Checkpoint, Delta, Item
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.orders import is_order, is_standing, sentences
from cairn_memory.recall.parts import clip, one_line
from cairn_memory.recall.said import Said
from cairn_memory.recall.standing import last_words, question, standing
from cairn_memory.recall.work import CommandFact, ErrorFact, FileFact

INTENT = 400
"""Tokens of the user's first and of their newest words."""
FILES = 40
ERRORS = 12
STANDING_ORDERS = 20
COMMANDS = 8


def from_facts(
    facts: Facts,
    tasks: Sequence[str] = (),
    previous: Checkpoint | None = None,
    now: int = 0,
) -> Checkpoint:
    """The checkpoint of all that `facts` took in, at `now` (Unix milliseconds).

    `tasks` are lines of the task tree. Of `previous` it keeps what was judged and what a person wrote; what
    a person took out stays out.
    """
    made = Checkpoint(
        number=previous.number + 1 if previous else 1,
        covers=facts.last,
        time=now,
        judged=previous.judged if previous else False,
        suppressed=previous.suppressed if previous else (),
    )
    by_code = {
        "intent": _intent(facts),
        "next action": _next(facts, previous),
        "constraints": _constraints(facts),
        "task tree": [Item(text=line) for line in tasks],
        "current work": _current(facts),
        "files": _files(facts),
        "errors and fixes": _errors(facts),
        "runtime state": _runtime(facts),
        "open questions": _questions(facts),
        "notes": [
            Item(text=one_line(text, 1_000), events=(event,), by="agent") for event, text in facts.notes
        ],
    }
    for section in SECTIONS:
        kept = [item for item in previous.items(section) if item.by in ("user", "writer")] if previous else []
        made = made.with_items(section, [*kept, *by_code.get(section, [])])
    return made


def with_judgement(made: Checkpoint, deltas: Sequence[Delta]) -> Checkpoint:
    """The same with the writer's checked changes in it."""
    return made.with_judgement(deltas)


def from_json(data: bytes) -> Checkpoint:
    """The checkpoint kept in a blob. Raises ValueError when it is damaged."""
    return Checkpoint.from_json(data.decode("utf-8"))


def _intent(facts: Facts) -> list[Item]:
    first, last = facts.words.first, facts.words.last
    items = [
        Item(text=clip(one.text, INTENT, f"e{one.event}"), events=(one.event,)) for one in (first,) if one
    ]
    if not items and facts.goal:
        items = [Item(text=clip(facts.goal, INTENT), events=(facts.first,))]
    if last is not None and last is not first:
        items.append(_words(last))
    return items


def _words(said: Said) -> Item:
    return Item(text=clip(said.text, INTENT, f"e{said.event}"), events=(said.event,))


def _next(facts: Facts, previous: Checkpoint | None) -> list[Item]:
    stands = standing(facts, previous)
    return [Item(text=stands.words, events=stands.events)]


def _constraints(facts: Facts) -> list[Item]:
    found = [
        Item(text=one_line(sentence, 500), events=(said.event,))
        for said in facts.words.said
        for sentence in sentences(said.text[:4_000])
        if is_order(sentence) and is_standing(sentence)
    ]
    return found[-STANDING_ORDERS:]


def _current(facts: Facts) -> list[Item]:
    items = [Item(text=f"plan: {step}", events=(facts.plan_event,)) for step in facts.plan[:12]]
    if last := last_words(facts):
        items.append(Item(text=f"the agent said: {one_line(last.text, 600)}", events=(last.event,)))
    return items


def _files(facts: Facts) -> list[Item]:
    changed = sorted(
        (fact for fact in facts.work.files.values() if fact.changes), key=lambda fact: fact.changed
    )
    return [file_item(fact) for fact in changed[-FILES:]]


def file_item(fact: FileFact) -> Item:
    """The line of a file that was changed."""
    known = f", sha256 {fact.hash[:12]}" if fact.hash else ""
    return Item(text=f"{fact.path}: changed {fact.changes}x{known}", events=(fact.changed,))


def _errors(facts: Facts) -> list[Item]:
    return [error_item(error) for error in facts.work.errors[-ERRORS:] if error.sure or not error.fixed]


def error_item(error: ErrorFact) -> Item:
    """The line of a failure."""
    state, lines = "fixed" if error.fixed else "open", one_line(" | ".join(error.lines), 400)
    events = (error.event, error.fixed) if error.fixed else (error.event,)
    return Item(text=f"{state}: {one_line(error.about, 100)}: {lines}", events=events)


def _runtime(facts: Facts) -> list[Item]:
    items = [
        Item(text=f"runs in the background ({one.id}): {one_line(one.command, 200)}", events=(one.event,))
        for one in facts.processes.values()
    ]
    if tests := facts.work.tests:
        went = "failed" if tests.failed else "passed" if tests.failed is False else "ran"
        items.append(
            Item(
                text=f"last test run {went}: {one_line(tests.command, 160)} -> {one_line(tests.result, 160)}",
                events=(tests.event,),
            )
        )
    recent = sorted(facts.work.commands.values(), key=lambda fact: fact.event)[-COMMANDS:]
    for fact in recent:
        items.append(command_item(fact))
    if facts.usage.total:
        items.append(
            Item(text=f"spent: {facts.usage.total:,} tokens, ${facts.cost:.4f}", events=(facts.last,))
        )
    return items


def command_item(fact: CommandFact) -> Item:
    """The line of a command."""
    code = f" (exit {fact.exit_code})" if fact.exit_code is not None else ""
    return Item(text=f"ran{code}: {one_line(fact.command, 160)}", events=(fact.event,))


def _questions(facts: Facts) -> list[Item]:
    last = last_words(facts)
    asked = question(last.text) if last and facts.moves[-1] is last else ""
    return [Item(text=asked, events=(last.event,))] if asked and last else []
