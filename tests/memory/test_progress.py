"""progress.md tells all of one task, and a line of the tree the most of it."""

from collections.abc import Sequence

from cairn_memory.events import Event, Payload, TaskChanged, Usage
from cairn_memory.tasks import Spent, TaskTree, progress, task_lines

_MINUTE = 60_000
_NINE = 1_763_715_600_000
"""2025-11-21 09:00 UTC."""


def _told(*changes: Payload) -> tuple[TaskTree, list[Event]]:
    tree, events = TaskTree(), list[Event]()
    for number, change in enumerate(changes):
        at = _NINE + number * _MINUTE
        tree.apply(change, "s1", at)
        events.append(Event(number + 1, "s1", "main", change.kind, at, change.model_dump_json()))
    return tree, events


def _progress(tree: TaskTree, number: str, events: Sequence[Event], **spent: Spent) -> str:
    task = tree.get(number)
    assert task is not None
    return progress(tree, task, events, **spent)


def test_progress_tells_state_criteria_evidence_history_and_spending() -> None:
    criteria = ("tests pass", "docs say so")
    tree, events = _told(
        TaskChanged(task="T1", title="Release"),
        TaskChanged(task="T1.1", title="Write", criteria=criteria),
        TaskChanged(task="T1.1", title="Write it", criteria=criteria, by="user"),
        TaskChanged(task="T1.1", title="Write it", criteria=criteria, state="blocked", note="no\nkey"),
        TaskChanged(task="T1.1", title="Write it", criteria=criteria, state="in progress", needs=("T1.2",)),
        TaskChanged(task="T1.2", title="Ask", state="abandoned", note="nobody answers"),
        TaskChanged(task="T1.1", title="Write it", criteria=criteria, state="done", evidence=(40, 41)),
    )
    spent = Spent(Usage(prompt=1_000, cached=900, completion=50), 0.0123, 2)
    assert _progress(tree, "T1.1", events, own=spent) == (
        "# T1.1 Write it\n\n"
        "State: done, since 2025-11-21 09:06 UTC  \n"
        "Part of: T1 Release  \n"
        "Session: s1\n\n"
        "## Criteria\n\n- [x] tests pass\n- [x] docs say so\n\n"
        "## Evidence\n\n- e40\n- e41\n\n"
        "## History\n\n"
        "- 2025-11-21 09:01 UTC e2 created by the agent\n"
        "- 2025-11-21 09:02 UTC e3 renamed from 'Write' by the user\n"
        "- 2025-11-21 09:03 UTC e4 blocked by the agent: no key\n"
        "- 2025-11-21 09:04 UTC e5 in progress by the agent\n"
        "- 2025-11-21 09:06 UTC e7 done by the agent\n\n"
        "## Spending\n\n"
        "- This task: 1,050 tokens (1,000 in, of which 900 cached, 50 out), $0.0123, 2 replies\n"
    )
    whole = _progress(tree, "T1", events, own=spent, total=spent + spent)
    assert (
        "## Tasks below\n\n- [x] T1.1 Write it (done; e40, e41)\n- [-] T1.2 Ask (abandoned; nobody answers)\n"
        in whole
    )
    assert "- With all below it: 2,100 tokens" in whole and "4 replies" in whole


def test_a_line_says_what_a_task_still_needs_and_stays_one_line() -> None:
    tree, _ = _told(
        TaskChanged(task="T1", title="Ask"),
        TaskChanged(task="T2", title="two\nlines", needs=("T1", "T9")),
        TaskChanged(task="T2.1", title="part", state="done", evidence=tuple(range(1, 9))),
    )
    assert task_lines(tree) == [
        "- [ ] T1 Ask",
        "- [ ] T2 two lines (needs T1)",
        "  - [x] T2.1 part (done; e1, e2, e3, e4, e5 and 3 more)",
    ]
    assert task_lines(tree, tree.order("T2.1")) == ["- [x] T2.1 part (done; e1, e2, e3, e4, e5 and 3 more)"]


def test_a_long_history_keeps_its_end() -> None:
    states = ("in progress", "open")
    tree, events = _told(
        *(TaskChanged(task="T1", title="t", state=states[number % 2]) for number in range(300))
    )
    text = _progress(tree, "T1", events)
    assert "- 100 earlier changes\n" in text and " e300 reopened" in text and " e100 " not in text
