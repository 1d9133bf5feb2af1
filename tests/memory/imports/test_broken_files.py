"""Files that are damaged, huge, or made of nonsense: what can be read is read, and the rest is told."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from cairn_memory.events import BlobRef
from cairn_memory.imports import claude_code, codex, lines, neutral
from cairn_memory.imports.detect import detect
from cairn_memory.imports.lines import rows
from cairn_memory.imports.message import MOST_PROBLEMS, Message, Problems
from cairn_memory.imports.payloads import Converter
from cairn_memory.imports.values import mapping
from cairn_memory.redact import SecretMasker

DATA = Path(__file__).parent / "data"
SAID = {"role": "user", "content": "said"}


def put(data: bytes) -> BlobRef:
    return BlobRef(digest="0" * 64, size=len(data))


def read(path: Path) -> tuple[list[Message], tuple[str, ...]]:
    problems = Problems()
    return list(detect(path).read(problems)), problems.lines


def test_broken_lines_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    good = json.dumps(SAID).encode()
    deep = b'{"content": ' + b"[" * 100_000
    broken = [b"\xef\xbb\xbf" + good, b"", b"no json", b'"text"', b"\xff" + good, deep, b"\x00\x01", good]
    path.write_bytes(b"\r\n".join(broken))
    messages, problems = read(path)
    assert [each.line for each in messages] == [1, 8]
    assert [problem.split(":")[0] for problem in problems] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
    ]


def test_no_more_than_fifty_problems_are_told(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(SAID) + "\n" + "broken\n" * 1_000, encoding="utf-8")
    _, problems = read(path)
    assert len(problems) == MOST_PROBLEMS
    assert problems[0] == "line 2: no JSON, or not all of it"
    assert problems[-1] == f"and {1_000 - MOST_PROBLEMS + 1} other lines"


def test_a_line_that_is_too_long_is_passed_over_and_never_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = 1_000_000
    monkeypatch.setattr(lines, "LONGEST", longest)
    path = tmp_path / "f.jsonl"
    good = json.dumps(SAID).encode() + b"\n"
    with path.open("wb") as file:
        file.write(good + b'{"role": "user", "content": "')
        file.write(b"x" * (20 * longest))
        file.write(b'"}\n' + good)
    tracemalloc.start()
    try:
        messages, problems = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [each.line for each in messages] == [1, 3]
    assert problems == ("line 2: longer than 1,000,000 bytes",)
    assert peak < 5 * longest


def test_what_is_written_to_the_file_later_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(SAID) + "\n", encoding="utf-8")
    source = detect(path)
    before = source.digest()
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(SAID) + "\n")
    assert [each.line for each in source.read(Problems())] == [1]
    assert source.digest() == before


ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**70,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\ud800",
    [],
    {},
    [[]],
    "{",
    {"type": 5},
)


def mangled(value: Any, random: Random) -> Any:
    """`value` with something of another kind here and there."""
    if random.random() < 0.06:
        return random.choice(ODD)
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return {key: mangled(each, random) for key, each in found.items() if random.random() > 0.03}
    if isinstance(value, list):
        return [mangled(each, random) for each in cast("list[Any]", value)]
    return value


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (neutral, "neutral.jsonl"),
        (claude_code, "claude-code.jsonl"),
        (codex, "codex.jsonl"),
        (codex, "codex-old.jsonl"),
    ],
)
def test_no_odd_value_in_a_field_breaks_a_reader(reader: Any, name: str) -> None:
    good = [row for _, row in rows(DATA / name, Problems(), 1_000_000)]
    random, count = Random(7), 0
    for _ in range(150):
        found = list(filter(None, (mapping(mangled(row, random)) for row in good)))
        for row in found:
            reader.knows(row)
        count += converted(reader.messages(iter(enumerate(found, 1))))
    assert count > 300


def test_no_odd_value_in_an_export_breaks_its_reader(tmp_path: Path) -> None:
    good = json.loads((DATA / "opencode-export.json").read_text(encoding="utf-8"))
    random = Random(8)
    messages = [mangled(each, random) for _ in range(150) for each in good["messages"]]
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"info": {}, "messages": messages}), encoding="utf-8")
    problems = Problems()
    assert converted(detect(path).read(problems)) > 500
    assert problems.lines == ()


def converted(messages: Iterator[Message]) -> int:
    """Makes events of the messages, as an import does; how many."""
    count = 0
    converter = Converter(SecretMasker(), put, frozenset())
    for message in messages:
        for payload in converter.convert(message):
            payload.model_dump_json()
            count += 1
    return count


def test_an_empty_file_of_rows_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\n\n{}\n")
    problems = Problems()
    assert list(rows(path, problems, 4)) == [] and problems.lines == ()
