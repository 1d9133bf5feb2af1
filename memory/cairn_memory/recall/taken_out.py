"""What a person took out of checkpoint.md: it is not shown to the next window either, whatever the log has of it."""

from dataclasses import dataclass

from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.facts import Facts
from cairn_memory.recall.made import command_item, error_item, file_item


@dataclass(frozen=True, slots=True)
class TakenOut:
    """Failures and commands by their events, files by their paths."""

    errors: frozenset[int] = frozenset()
    commands: frozenset[int] = frozenset()
    files: frozenset[str] = frozenset()


def taken_out(facts: Facts, checkpoint: Checkpoint | None) -> TakenOut:
    """What of `facts` a person does not want to see again."""
    if checkpoint is None or not checkpoint.suppressed:
        return TakenOut()
    work = facts.work
    return TakenOut(
        frozenset(one.event for one in work.errors if checkpoint.suppresses(error_item(one))),
        frozenset(one.event for one in work.commands.values() if checkpoint.suppresses(command_item(one))),
        frozenset(one.path for one in work.files.values() if checkpoint.suppresses(file_item(one))),
    )
