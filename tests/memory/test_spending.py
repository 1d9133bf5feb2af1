"""What each task cost is what was replied while its session worked on it."""

from pathlib import Path

import pytest
from stored import counted

from cairn_memory.events import ModelReplied, Payload, SideCallReplied, TaskChanged, TaskState, Usage
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.tasks import Spending, SpendingBook


def _task(number: str, state: TaskState = "in progress") -> TaskChanged:
    return TaskChanged(task=number, title=number, state=state)


def _reply(tokens: int, cost: float = 0.0) -> ModelReplied:
    return ModelReplied(step=1, usage=Usage(prompt=tokens, completion=1), cost=cost)


async def test_replies_count_for_the_current_task_and_for_all_above_it(tmp_path: Path) -> None:
    log, _ = await open_log(tmp_path, SecretMasker(()))
    events: list[tuple[str, Payload]] = [
        ("s", _reply(1)),
        ("s", _task("T1")),
        ("s", _reply(10, 0.5)),
        ("s", _task("T1.1")),
        ("other", _task("T2")),
        ("s", _reply(100)),
        ("s", SideCallReplied(role="writer", usage=Usage(prompt=1_000), cost=0.25)),
        ("other", _reply(5)),
        ("s", _task("T1.1", "done")),
        ("s", _reply(10_000)),
        ("s", _task("T1", "blocked")),
        ("s", _reply(2)),
    ]
    book = SpendingBook(log)
    first, *later = events
    await log.append(first[0], first[1])
    await book.read()
    for session, payload in later:
        await log.append(session, payload)
    _check_spent(await book.read())
    _check_spent(await SpendingBook(log).read())  # all of it at the first look
    await log.close()


def _check_spent(spending: Spending) -> None:
    assert spending.own("T1").usage == Usage(prompt=10_010, completion=2)
    assert spending.own("T1.1").usage == Usage(prompt=1_100, completion=1)
    assert spending.total("T1").usage == Usage(prompt=11_110, completion=3)
    assert (spending.total("T1").cost, spending.total("T1").replies) == (0.75, 4)
    assert spending.total("T2") == spending.own("T2")
    assert spending.own("T2").usage.prompt == 5
    assert spending.own("").replies == 0
    assert spending.own("T9").replies == 0


async def test_a_book_of_spending_reads_on_from_where_it_was_and_anew_after_a_rewriting(
    tmp_path: Path,
) -> None:
    log, _ = await open_log(tmp_path, SecretMasker(()))
    book = SpendingBook(log)
    await log.append("s", _task("T1"))
    await log.append("s", _reply(10))
    assert (await book.read()).total("T1").replies == 1
    await log.append("s", _reply(20))
    again = await book.read()
    assert (again.total("T1").replies, again.total("T1").usage.prompt) == (2, 30)
    assert (await book.read()).total("T1").replies == 2
    await book.forget()
    assert (await book.read()).total("T1").replies == 2
    soon = await book.soon(10.0)
    assert soon is not None and soon.total("T1").replies == 2
    await book.close()
    await log.close()


async def test_the_first_look_reads_no_replies_that_belong_to_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn_memory.log._TAIL", 8)
    work = list[int]()
    for count in (100, 10_000):
        log, _ = await open_log(tmp_path / str(count), SecretMasker(()))
        await log.append("s", *(_reply(1) for _ in range(count)))
        await log.append("s", _task("T1"), _reply(10), _task("T1", "done"))
        await log.append("s", *(_reply(1) for _ in range(count)))
        async with counted(log) as steps:
            spending = await SpendingBook(log).read()
            work.append(len(steps))
        assert (spending.total("T1").replies, spending.total("T1").usage.prompt) == (1, 10)
        await log.close()
    assert work[1] <= 2 * work[0]
