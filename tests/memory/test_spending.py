"""What each task cost is what was replied while its session worked on it."""

from pathlib import Path

from cairn_memory.events import ModelReplied, Payload, SideCallReplied, TaskChanged, TaskState, Usage
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.tasks import read_spending


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
    for session, payload in events:
        await log.append(session, payload)
    spending = await read_spending(log)
    assert spending.own("T1").usage == Usage(prompt=10_010, completion=2)
    assert spending.own("T1.1").usage == Usage(prompt=1_100, completion=1)
    assert spending.total("T1").usage == Usage(prompt=11_110, completion=3)
    assert (spending.total("T1").cost, spending.total("T1").replies) == (0.75, 4)
    assert spending.total("T2") == spending.own("T2")
    assert spending.own("T2").usage.prompt == 5
    assert (spending.own("").usage.prompt, spending.own("").replies) == (3, 2)
    assert spending.own("T9").replies == 0
    await log.close()
