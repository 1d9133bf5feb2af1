"""What was done as parts of a window: errors, commands with their results, and the last moves."""

from collections.abc import Collection

from cairn_memory.recall.facts import Facts, Move
from cairn_memory.recall.measure import cost
from cairn_memory.recall.parts import Built, Filling, clip, one_line
from cairn_memory.recall.standing import ended, last_words, title
from cairn_memory.recall.work import CommandFact, ErrorFact

COMMAND = 160
"""Characters of a command that are shown."""
FRESH = 10
"""Calls whose results are shown when there is room; older ones show only that they were made."""


def errors(facts: Facts, room: float, out: Collection[int] = ()) -> Built:
    """Failures, open ones before those that were made good, newest first; without those of the events `out`."""
    filling, lines = Filling(room), list[str]()
    wanted = [error for error in facts.work.errors if error.event not in out]
    order = sorted(wanted, key=lambda error: (error.fixed > 0, -error.event))
    seen: set[str] = set()
    for error in order:
        fresh = [line for line in error.lines if line not in seen]
        if not fresh:
            continue
        for text in (_error(error, fresh), _error(error, fresh[:2])):
            if filling.fits(text):
                filling.take(text, f"e{error.event}")
                lines.append(text)
                seen.update(fresh)
                break
        else:
            filling.left_out.append(f"e{error.event}")
    return filling.done("\n".join(lines))


def _error(error: ErrorFact, lines: list[str]) -> str:
    state = f"fixed e{error.fixed}" if error.fixed else "open" if error.sure else "seen"
    head = f"- e{error.event} {state}: {one_line(error.about, 80)}"
    return "\n".join([head, *(f"    {one_line(line, 200)}" for line in lines)])


def commands(facts: Facts, room: float, out: Collection[int] = ()) -> Built:
    """Commands that were run and how they went, the newest first, the last test run before all; without the events `out`."""
    filling, lines = Filling(room), list[str]()
    wanted = [fact for fact in facts.work.commands.values() if fact.event not in out]
    newest = sorted(wanted, key=lambda fact: -fact.event)
    tests = facts.work.tests if facts.work.tests and facts.work.tests.event not in out else None
    for fact in [tests, *(one for one in newest if one is not tests)] if tests else newest:
        text = _command(fact, "last test run, " if fact is tests else "")
        if filling.take(text, f"e{fact.event}"):
            lines.append(text)
    return filling.done("\n".join(lines))


def _command(fact: CommandFact, label: str) -> str:
    went = "failed" if fact.failed else "ok" if fact.failed is False else "ran"
    code = f" exit {fact.exit_code}" if fact.exit_code else ""
    result = f" -> {one_line(fact.result, 100)}" if fact.result else ""
    return f"- {label}e{fact.event} {went}{code}: {one_line(fact.command, COMMAND)}{result}"


def tail(facts: Facts, room: float) -> Built:
    """The last words of the agent and the last moves, newest kept first; results of the last calls shortened at line ends."""
    filling, lines = Filling(room), dict[int, str]()
    moves = list(facts.moves)
    last = last_words(facts)
    if last is not None:
        _keep(filling, lines, last, _said(last, max(room * 0.3, 40)))
    for move in reversed(moves):
        if not _keep(filling, lines, move, _moved(move)) and filling.left < 12:
            break
    _with_results(filling, lines, moves)
    ordered = [lines[id(move)] for move in moves if id(move) in lines]
    return filling.done("\n".join(ordered))


def _keep(filling: Filling, lines: dict[int, str], move: Move, text: str) -> bool:
    if not text or id(move) in lines:
        return True
    if filling.take(text, f"e{move.event}"):
        lines[id(move)] = text
        return True
    return False


def _with_results(filling: Filling, lines: dict[int, str], moves: list[Move]) -> None:
    fresh = [move for move in reversed(moves) if move.who == "call" and move.result.strip()][:FRESH]
    for at, move in enumerate(fresh):
        room = filling.left * (0.5 if at < len(fresh) - 1 else 1.0)
        if room < 30:
            break
        text = clip(move.result.strip(), room - 4, f"e{move.result_event}")
        if not text or id(move) not in lines:
            continue
        block = "\n" + "\n".join("    " + line for line in text.splitlines())
        if filling.fits(block):
            filling.left -= cost(block)
            lines[id(move)] += block


def _said(move: Move, room: float) -> str:
    return f"- e{move.event} agent: {clip(move.text.strip(), room, f'e{move.event}')}"


def _moved(move: Move) -> str:
    if move.who == "user":
        return f"- e{move.event} user: {one_line(move.text, 60)}"
    if move.who == "agent":
        return f"- e{move.event} agent: {one_line(move.text, 200)}"
    return f"- e{move.event} {one_line(title(move), 120)}{ended(move)}"
