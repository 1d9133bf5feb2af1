"""Event numbers, session names and blobs of elsewhere, as they are called here."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from cairn_memory.events import BlobRef, CheckpointWritten, Event, FileVersioned, TaskChanged
from cairn_memory.redact import Masker

_LISTS = frozenset({"evidence", "sources", "notes", "events"})
_SINGLE = frozenset({"covers", "since"})
_PLACES = {"session.rewound": ("to", "undoes"), "session.forked": ("event",)}
"""Event numbers in fields that other kinds of events may use for something else."""
_REFS = frozenset({"refs", "left_out"})
_REF = re.compile(r"\be(\d{1,18})\b")
_TASK = re.compile(r"(?<![\w.])T(\d{1,9})(?=[.\W]|$)")
"""The number of a task's root, in T1 and in T1.2."""


def root_in(name: str) -> int:
    """The number of the root of the task whose file this is; 0 when it is no task's."""
    found = _TASK.match(name.removeprefix("tasks/")) if name.startswith("tasks/") else None
    return int(found[1]) if found else 0


def root_of(event: Event) -> int:
    """The number of the root of the task that `event` changed; 0 when it changed none."""
    payload = event.payload if event.kind == TaskChanged.kind else None
    found = _TASK.match(payload.task) if isinstance(payload, TaskChanged) else None
    return int(found[1]) if found else 0


@dataclass
class Renumbering:
    """How an imported event reads here. `numbers` maps old to new, `sessions` old names to new ones.

    `tasks` maps roots of tasks that have another number here. `fetch` gives the bytes of a blob of the archive, None when it has none; `put` stores them here.
    """

    numbers: dict[int, int]
    sessions: dict[str, str]
    masker: Masker
    fetch: Callable[[str], bytes | None]
    put: Callable[[bytes], BlobRef]
    root: str
    tasks: dict[int, int] = field(default_factory=dict[int, int])
    _twins: dict[tuple[str, str], BlobRef] = field(default_factory=dict[tuple[str, str], BlobRef])

    def __post_init__(self) -> None:
        self._known = sorted(self.numbers)

    def event(self, event: Event) -> Event:
        """`event` under its new number, masked by the masker of today, with its blobs stored."""
        value = cast("dict[str, Any]", self._value(json.loads(event.text), event.kind, ""))
        if event.kind in ("session.started", "session.resumed"):
            value["approve_all"] = False  # who allowed everything elsewhere did not allow it here
        if event.kind == "session.started":
            value["root"] = self.root
        if event.kind == "approval.answered" and value.get("decision") in ("session", "always"):
            value["decision"] = "allow"
        for name in _PLACES.get(event.kind, ()):
            value[name] = self._up_to(value[name]) if value.get(name) else 0
        if event.kind == "session.forked":
            value["source"] = self.sessions.get(value["source"], value["source"])
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        session = self.sessions.get(event.session, event.session)
        agent = self.masker.mask(event.agent)
        return Event(self.numbers[event.seq], session, agent, event.kind, event.time, text)

    def text(self, text: str) -> str:
        """The text of a memory file, its `e123` renumbered."""
        return self.masker.mask(self.task(_REF.sub(self._ref, text)))

    def task(self, text: str) -> str:
        """`text` with the tasks in it called as they are here."""
        return _TASK.sub(lambda found: f"T{self.tasks.get(int(found[1]), found[1])}", text)

    def file(self, name: str) -> str:
        """What a memory file of the archive is called here."""
        folder, _, rest = name.partition("/")
        session, _, last = rest.partition("/")
        if folder == "tasks":
            return self.task(name)
        return f"sessions/{self.sessions.get(session, session)}/{last}" if folder == "sessions" else name

    def _value(self, value: Any, kind: str, name: str) -> Any:
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            if fields.keys() == {"digest", "size"} and isinstance(fields["digest"], str):
                return self._blob(fields["digest"], fields["size"], kind).model_dump()
            return {key: self._value(item, kind, key) for key, item in fields.items()}
        if isinstance(value, list):
            items = cast("list[Any]", value)
            if name in _LISTS and all(isinstance(item, int) for item in items):
                return [self.numbers[item] for item in items if item in self.numbers]
            return [self._value(item, kind, name) for item in items]  # of needs each is a task
        if isinstance(value, int) and name in _SINGLE and not isinstance(value, bool):
            return self._up_to(value)
        return self._string(value, kind, name) if isinstance(value, str) else value

    def _string(self, value: str, kind: str, name: str) -> str:
        if name in _REFS:
            return self.task(_REF.sub(self._ref, value))
        if (kind == TaskChanged.kind and name in ("task", "needs")) or kind == CheckpointWritten.kind:
            value = self.task(value)
        if kind == FileVersioned.kind and name == "file":
            return self.file(value)
        if kind == FileVersioned.kind and name == "before" and value:
            return self._blob(value, 0, kind).digest
        return self.masker.mask(value)

    def _up_to(self, number: int) -> int:
        """The new number of the last event that was taken in up to `number`; 0 when there is none."""
        at = bisect_right(self._known, number)
        return self.numbers[self._known[at - 1]] if at else 0

    def _ref(self, match: re.Match[str]) -> str:
        return f"e{self.numbers.get(int(match[1]), match[1])}"

    def _blob(self, digest: str, size: int, kind: str) -> BlobRef:
        key = (digest, kind if kind in (CheckpointWritten.kind, FileVersioned.kind) else "")
        if key not in self._twins:
            data = self.fetch(digest)
            self._twins[key] = (
                BlobRef(digest=digest, size=size) if data is None else self.put(self._bytes(data, kind))
            )
        return self._twins[key]

    def _bytes(self, data: bytes, kind: str) -> bytes:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data
        if kind == FileVersioned.kind:
            return self.text(text).encode()
        if kind == CheckpointWritten.kind:
            try:
                return json.dumps(self._value(json.loads(text), kind, ""), ensure_ascii=False).encode()
            except ValueError:
                pass
        return self.masker.mask(text).encode()
