"""A run of thirty steps with every tool in it, and what tells whether two of them came to the same."""

import json
from pathlib import Path
from typing import Any

from scripted_provider import Script, call, calls, say

TURNS: list[Script] = [
    calls(
        ("read", {"path": "a.txt"}),
        ("glob", {"pattern": "*.txt"}),
        ("grep", {"pattern": "two", "path": "a.txt"}),
    ),
    call("bash", command="echo one >> log.txt"),
    call("write", path="new.py", content="def f():\n    return 1\n"),
    call("edit", path="new.py", old="return 1", new="return 2"),
    call("note", text="f returns two"),
    call("edit", path="new.py", old="not there", new="x"),
    calls(
        ("bash", {"command": "echo two >> log.txt"}), ("bash", {"command": "echo three >> log.txt; exit 4"})
    ),
    call("read", path="missing.txt"),
    *[
        turn
        for i in range(7)
        for turn in (
            call("bash", command=f"echo round {i} >> log.txt; wc -l < log.txt"),
            call("write", path=f"out/{i}.txt", content=f"{i}\n" * (i + 1)),
            calls(("edit", {"path": "a.txt", "old": "two", "new": f"two {i}"}), ("read", {"path": "a.txt"})),
        )
    ],
    say("All of it is done."),
]


def turn(number: int) -> Script:
    return TURNS[number]


def make_workspace(folder: Path) -> Path:
    root = folder / "work"
    root.mkdir(parents=True)
    (root / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    return root


def files_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".cairn" not in path.parts
    }


def conversation_of(body: bytes) -> list[Any]:
    return json.loads(body)["messages"][1:]
