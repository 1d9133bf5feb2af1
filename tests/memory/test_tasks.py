"""The task tree: what may be asked of it, and that it is nothing but the fold of its events."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_memory.events import NoteAdded, Payload, TaskChanged, ToolFinished, UserMessage
from cairn_memory.log import EventLog
from cairn_memory.redact import SecretMasker
from cairn_memory.store import open_log
from cairn_memory.tasks import Evidence, Task, TaskError, TaskTree, number_in, read_tasks, task_lines
from cairn_memory.tasks.rules import DEPTH, OPEN


class Book:
    """A tree and the events that made it, as a session would emit them."""

    def __init__(self) -> None:
        self.tree = TaskTree()
        self.events: list[tuple[Payload, str, int]] = []

    def emit(self, *changes: TaskChanged, session: str = "s") -> None:
        for change in changes:
            self.events.append((change, session, len(self.events) + 1))
            self.tree.apply(*self.events[-1])

    def create(self, title: str, parent: str = "", session: str = "s", needs: Iterable[str] = ()) -> str:
        made = self.tree.create(title, parent, needs)
        self.emit(made, session=session)
        return made.task

    def start(self, number: str, session: str = "s") -> None:
        self.emit(self.tree.change(number, state="in progress"), session=session)

    def done(self, number: str, session: str = "s") -> None:
        self.emit(self.tree.change(number, state="done", evidence=(1,)), session=session)

    def state(self, number: str) -> str:
        task = self.tree.get(number)
        assert task is not None
        return task.state


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(TaskError) as caught:
        ask()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_numbers_tell_the_parent_and_are_never_given_twice() -> None:
    book = Book()
    assert [book.create("a"), book.create("b", "T1"), book.create("c", "T1"), book.create("d")] == [
        "T1",
        "T1.1",
        "T1.2",
        "T2",
    ]
    one, two = book.tree.create("by one session"), book.tree.create("by another before the first is emitted")
    assert (one.task, two.task) == ("T3", "T4")
    book.emit(*book.tree.abandon("T2"))
    assert book.create("e") == "T5"


def test_a_task_is_done_only_with_evidence_after_what_it_needs_and_what_is_below_it() -> None:
    book = Book()
    whole, part = book.create("whole"), book.create("part", "T1")
    last = book.create("last", needs=["T1"])
    assert "T1.1 (open)" in refused(lambda: book.tree.change(whole, state="done", evidence=(1,)))
    assert "T1 (open)" in refused(lambda: book.tree.change(last, state="done", evidence=(1,)))
    assert "no event shows" in refused(lambda: book.tree.change(part, state="done"))
    tree = TaskTree(exists=lambda number: number <= 7)
    tree.apply(tree.create("x"), "s", 1)
    assert "e8" in refused(lambda: tree.change("T1", state="done", evidence=(7, 8)))
    book.done(part)
    book.done(whole)
    book.done(last)
    assert book.tree.open_tasks() == []


def test_what_is_finished_goes_on_only_when_it_is_reopened_from_above() -> None:
    book = Book()
    book.create("whole")
    book.create("part", "T1")
    book.done("T1.1")
    book.done("T1")
    assert "reopen" in refused(lambda: book.tree.change("T1.1", state="in progress"))
    assert "already" in refused(lambda: book.tree.change("T1", state="done", evidence=(1,)))
    assert "reopen it" in refused(lambda: book.tree.create("more", "T1"))
    assert "T1 above it" in refused(lambda: book.tree.change("T1.1", state="open"))
    book.emit(book.tree.change("T1", state="open"))
    book.emit(book.tree.change("T1.1", state="open"))
    assert [task.evidence for task in book.tree.order()] == [(), ()]


def test_needs_never_go_in_a_circle_also_not_by_way_of_the_tree() -> None:
    book = Book()
    book.create("a")
    book.create("a.a", "T1")
    book.create("b")
    book.create("b.a", "T2", needs=["T1"])
    assert "T1.1" in refused(lambda: book.tree.change("T1.1", needs=["T1"]))
    assert "T2 -> T2.1 -> T1 -> T1.1" in refused(lambda: book.tree.change("T1.1", needs=["T2"]))
    assert "T1" in refused(lambda: book.tree.change("T1", needs=["T1"]))
    assert "waits for T1.2" in refused(lambda: book.tree.create("a.b", "T1", needs=["T2"]))
    assert "no such task" in refused(lambda: book.tree.create("c", needs=["T9"]))
    book.emit(book.tree.change("T2", needs=["T1.1"]))


def test_the_tree_is_neither_too_deep_nor_too_large_and_titles_do_not_repeat() -> None:
    book = Book()
    parent = ""
    for level in range(DEPTH):
        parent = book.create(f"level {level}", parent)
    assert "level 6" in refused(lambda: book.tree.create("too deep", parent))
    assert "T1 (open)" in refused(lambda: book.tree.create("Level  0"))
    assert "no title" in refused(lambda: book.tree.create("  "))
    for number in range(OPEN - DEPTH):
        book.create(f"task {number}")
    assert "at most 500" in refused(lambda: book.tree.create("one more"))
    assert "no task 'T9.9'" in refused(lambda: book.tree.change("T9.9", state="open"))


def test_to_abandon_a_task_abandons_what_is_left_below_it() -> None:
    book = Book()
    book.create("a")
    book.create("b", "T1")
    book.create("c", "T1.1")
    book.create("d", "T1")
    book.done("T1.2")
    changes = book.tree.abandon("T1", "too costly")
    assert [change.task for change in changes] == ["T1.1.1", "T1.1", "T1"]
    book.emit(*changes)
    assert [task.state for task in book.tree.order()] == ["abandoned", "abandoned", "abandoned", "done"]
    assert "was not abandoned" in refused(_abandons_alone)


def _abandons_alone() -> None:
    book = Book()
    book.create("a")
    book.create("b", "T1")
    book.tree.change("T1", state="abandoned")


def test_a_blocked_task_says_what_it_waits_for_and_the_words_go_with_the_state() -> None:
    book = Book()
    book.create("a")
    assert "waits for" in refused(lambda: book.tree.change("T1", state="blocked"))
    book.emit(book.tree.change("T1", state="blocked", note="a key"))
    book.emit(book.tree.change("T1", title="b"))
    assert task_lines(book.tree) == ["- [!] T1 b (blocked; a key)"]
    book.start("T1")
    task = book.tree.get("T1")
    assert task is not None and (task.state, task.note) == ("in progress", "")


def test_the_current_task_is_the_last_started_one_and_then_the_one_before() -> None:
    book = Book()
    book.create("a")
    book.create("b", "T1")
    book.create("c")
    assert book.tree.current("s") is None
    current: list[str] = []
    for step in (
        lambda: book.start("T1"),
        lambda: book.start("T1.1"),
        lambda: book.start("T1"),
        lambda: book.start("T1.1"),
        lambda: book.done("T1.1"),
        lambda: book.start("T2", "other"),
        lambda: book.emit(book.tree.change("T1", title="by hand", by="user"), session="window"),
    ):
        step()
        task = book.tree.current("s")
        current.append(task.id if task else "")
    assert current == ["T1", "T1.1", "T1", "T1.1", "T1", "T1", "T1"]
    assert [task.id for task in book.tree.open_tasks("s")] == ["T1"]
    assert [task.id for task in book.tree.open_tasks("other")] == ["T2"]
    book.start("T1", "other")
    assert book.tree.current("s") is None


def test_siblings_stand_in_the_order_of_their_numbers() -> None:
    book = Book()
    for number in range(11):
        book.create(f"task {number}")
    assert [task.id for task in book.tree.roots()][-2:] == ["T10", "T11"]
    tree = TaskTree()
    for number in ("T10", "T2", "T1.2", "T1", "T7.3", "odd", "T1.10", "", "."):
        tree.apply(TaskChanged(task=number, title="t"), "s", 1)
    assert [task.id for task in tree.order()] == ["T1", "T1.2", "T1.10", "T2", "T10", ".", "odd", "T7.3"]


@pytest.mark.parametrize("meant", ["T1.2", "t1.2", " T1.2 ", "#T1.2", "1.2", "`T1.2`", "T1.2:"])
def test_a_number_is_known_however_it_is_written(meant: str) -> None:
    assert number_in(meant) == "T1.2"


# --- any sequence of changes ------------------------------------------------------------------

_PICK = st.integers(0, 30)
_STATES = st.sampled_from(["open", "in progress", "blocked", "done", "abandoned"])
_STEP = st.one_of(
    st.tuples(st.just("create"), _PICK, _PICK),
    st.tuples(st.just("needs"), _PICK, _PICK),
    st.tuples(st.just("abandon"), _PICK, _PICK),
    st.tuples(_STATES, _PICK, _PICK),
)


def _take(book: Book, what: str, first: int, second: int) -> None:
    numbers = ["", *(task.id for task in book.tree.order())]
    one, two = numbers[first % len(numbers)], numbers[second % len(numbers)]
    session = f"s{second % 2}"
    if what == "create":
        book.emit(book.tree.create(f"task {len(numbers)}", one, [two] if two else []), session=session)
    elif what == "needs":
        book.emit(book.tree.change(one, needs=[two]), session=session)
    elif what == "abandon":
        book.emit(*book.tree.abandon(one), session=session)
    else:
        book.emit(book.tree.change(one, state=what, evidence=(5,), note="why"), session=session)  # pyright: ignore[reportArgumentType]


def _waits_for_itself(tree: TaskTree, start: Task) -> bool:
    seen: set[str] = set()
    ahead = [start.id]
    while ahead:
        task = tree.get(ahead.pop())
        assert task is not None
        for further in (*task.needs, *(child.id for child in tree.children(task.id))):
            if further == start.id:
                return True
            if further not in seen:
                seen.add(further)
                ahead.append(further)
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEP, max_size=60))
def test_whatever_is_accepted_leaves_a_sound_tree_and_the_log_gives_the_same_one(
    steps: list[tuple[str, int, int]],
) -> None:
    book = Book()
    for what, first, second in steps:
        before = list(book.tree.order())
        try:
            _take(book, what, first, second)
        except TaskError:
            assert book.tree.order() == before
    tree = book.tree
    tasks = tree.order()
    assert len({task.id for task in tasks}) == len(tasks) == len(tree)
    for task in tasks:
        assert task.title and task.id.count(".") < DEPTH
        assert not task.parent or tree.get(task.parent) is not None
        assert not task.finished or all(child.finished for child in tree.children(task.id))
        assert bool(task.evidence) == (task.state == "done")
        assert task.state != "blocked" or task.note
        assert not _waits_for_itself(tree, task)
    for session in ("s0", "s1"):
        mine = [task for task in tasks if task.session == session and not task.finished]
        assert tree.open_tasks(session) == mine
        current = tree.current(session)
        assert (current is None) == (not any(task.state == "in progress" for task in mine))
        assert current is None or current in mine
    again = TaskTree()
    for payload, session, at in book.events:
        again.apply(TaskChanged.model_validate_json(payload.model_dump_json()), session, at)
    assert again.order() == tasks
    assert [again.current(name) for name in ("s0", "s1")] == [tree.current(name) for name in ("s0", "s1")]
    assert task_lines(again) == task_lines(tree)
    assert again.create("next").task == tree.create("next").task or len(tree.open_tasks()) >= OPEN


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=8), _STATES, st.lists(st.text(max_size=4), max_size=3)), max_size=20)
)
def test_a_log_from_elsewhere_never_breaks_the_tree(changes: list[tuple[str, str, list[str]]]) -> None:
    tree = TaskTree()
    for number, state, needs in changes:
        tree.apply(TaskChanged(task=number, title="t", state=state, needs=tuple(needs)), "s", 1)  # pyright: ignore[reportArgumentType]
    assert len(tree.order()) == len(tree) == len({number for number, _, _ in changes if number})
    assert len(task_lines(tree)) == len(tree)
    tree.create("goes on")


# --- what shows it ------------------------------------------------------------------------------


async def _log(tmp_path: Path) -> EventLog:
    log, _ = await open_log(tmp_path, SecretMasker(()))
    return log


def _call(name: str = "read", outcome: str = "ok", exit_code: int | None = None) -> ToolFinished:
    return ToolFinished(step=1, call="c", name=name, outcome=outcome, exit_code=exit_code)  # pyright: ignore[reportArgumentType]


async def test_evidence_is_what_succeeded_since_the_start_and_commands_count_before_reads(
    tmp_path: Path,
) -> None:
    log = await _log(tmp_path)
    evidence = Evidence(log)
    await log.append("s", TaskChanged(task="T1", title="a"), _call("bash", exit_code=0))  # 1, 2
    assert await evidence.since_start("s", "T1") == (2,)
    await log.append("s", TaskChanged(task="T1", title="a", state="in progress"))  # 3
    assert await evidence.since_start("s", "T1") == ()
    await log.append("s", _call(), _call("task"), _call("note"), _call("bash", exit_code=1))  # 4 to 7
    assert await evidence.since_start("s", "T1") == (4,)
    await log.append("other", _call("bash", exit_code=0))  # 8
    await log.append("s", _call(outcome="error"), _call("bash", exit_code=0), _call())  # 9 to 11
    assert await evidence.since_start("s", "T1") == (10,)
    await log.append("s", TaskChanged(task="T1", title="a", state="done", evidence=(10,)))
    await log.append("s", TaskChanged(task="T1", title="a", state="open"))
    assert await evidence.since_start("s", "T1") == ()
    assert await evidence.since_start("s", "T7") == ()
    await log.close()


async def test_the_models_own_words_show_nothing(tmp_path: Path) -> None:
    log = await _log(tmp_path)
    await log.append("s", UserMessage(text="it works"), NoteAdded(text="it works"), _call())
    assert await Evidence(log).not_there((1, 2, 3, 4, 0, -1)) == (2, 4, 0, -1)
    await log.close()


async def test_the_tree_is_the_same_after_a_restart(tmp_path: Path) -> None:
    log = await _log(tmp_path)
    book = Book()
    book.create("a")
    book.create("b", "T1", session="other")
    book.start("T1")
    for payload, session, _ in book.events:
        await log.append(session, payload)
    await log.close()
    log = await _log(tmp_path)
    tree = await read_tasks(log)
    assert task_lines(tree) == task_lines(book.tree)
    assert tree.current("s") == tree.get("T1")
    assert "e99" in refused(lambda: tree.change("T1.1", state="done", evidence=(99,)))
    await log.close()


def test_two_thousand_tasks_are_taken_in_and_shown_at_once() -> None:
    tree = TaskTree()
    began = time.process_time()
    for root in range(1, 201):
        for number in (f"T{root}", *(f"T{root}.{below}" for below in range(1, 10))):
            tree.apply(TaskChanged(task=number, title="a task", state="done", evidence=(1, 2)), "s", 1)
    folded = time.process_time()
    assert len(task_lines(tree)) == 2_000
    shown = time.process_time()
    assert folded - began < 1.0  # 0.5 ms each, with the making of the event
    assert min(shown - folded, *(_seconds(lambda: task_lines(tree)) for _ in range(5))) < 0.05


def _seconds(what: Callable[[], object]) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began
