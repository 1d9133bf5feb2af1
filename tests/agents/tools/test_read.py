"""Reading: what is there, by range, in little memory, and never waited for."""

import os
import tracemalloc
from pathlib import Path

import pytest
from deadlines import deadline
from desk import Desk

from cairn_agents.tools import read
from cairn_agents.tools.excerpt import LINE_LENGTH, TOTAL


async def test_read_gives_numbered_lines_and_says_how_to_read_on(desk: Desk) -> None:
    (desk.root / "a").write_text("".join(f"line {i}\n" for i in range(1, 11)), encoding="utf-8")
    result = await desk("read", path="a", offset=4, limit=2)
    assert result.text == "4\tline 4\n5\tline 5\n[lines 4-5 of 10; read on with offset=6]"


async def test_a_missing_file_is_told_with_names_that_look_like_it(desk: Desk) -> None:
    (desk.root / "settings.py").touch()
    assert "settings.py" in await desk.fails("read", path="setting.py")


async def test_a_binary_file_is_described_and_not_dumped(desk: Desk) -> None:
    (desk.root / "b").write_bytes(b"\x7fELF\0\0" * 100)
    assert (await desk("read", path="b")).text == "b is a binary file of 600 bytes (ELF program or library)."


async def test_a_symlink_loop_is_an_error_and_a_link_is_planned_as_its_target(
    desk: Desk, tmp_path: Path
) -> None:
    (desk.root / "loop").symlink_to("loop")
    assert "loop" in await desk.fails("read", path="loop")
    (tmp_path / "outside").write_text("x", encoding="utf-8")
    (desk.root / "link").symlink_to(tmp_path / "outside")
    _, plan = await desk.plan("read", path="link")
    assert plan.paths == ((tmp_path / "outside").resolve(),)


@pytest.mark.parametrize(
    "content",
    [
        b"one\ntwo\nthree\n",
        b"one\r\ntwo\r\nthree",
        b"one\rtwo\rthree\r",
        "\ufeffone\r\ntwo\r\nthree\r\n".encode(),
        "\ufeffone\ntwo\nthree\n".encode("utf-16-le"),
        "\ufeffone\r\ntwo\r\nthree\r\n".encode("utf-16-be"),
        b"one\r\ntwo\nthree\r\n",
    ],
)
async def test_lines_are_the_same_in_every_encoding_and_with_every_ending(desk: Desk, content: bytes) -> None:
    desk.put("f", content)
    result = await desk("read", path="f")
    assert (result.text, result.summary) == ("1\tone\n2\ttwo\n3\tthree", "3 lines")


async def test_latin_1_is_read_as_such(desk: Desk) -> None:
    desk.put("f", "één\n".encode("latin-1"))
    assert (await desk("read", path="f")).text == "1\téén"


async def test_an_empty_file_and_an_offset_after_the_end_are_named(desk: Desk) -> None:
    desk.put("empty", "")
    desk.put("short", "a\nb\n")
    assert (await desk("read", path="empty")).text == "empty is empty."
    assert "has 2 lines" in await desk.fails("read", path="short", offset=3)


async def test_a_long_line_is_cut_and_the_rest_of_it_counted(desk: Desk) -> None:
    desk.put("f", "x" * 3_000 + "\nnext\n")
    long, after = (await desk("read", path="f")).text.split("\n")
    assert long == f"1\t{'x' * LINE_LENGTH} [... 1,000 more characters]"
    assert after == "2\tnext"


async def test_an_excerpt_ends_before_it_is_too_long_and_says_where_to_go_on(desk: Desk) -> None:
    desk.put("f", "".join(f"{'word ' * 30}{index}\n" for index in range(2_000)))
    result = await desk("read", path="f")
    last = int(result.text.rsplit("read on with offset=", 1)[1].rstrip("]")) - 1
    assert len(result.text) < TOTAL + 200
    assert f"[lines 1-{last} of 2000;" in result.text
    assert (await desk("read", path="f", offset=last + 1)).text.startswith(f"{last + 1}\tword")


async def test_a_file_streamed_by_range_reads_like_one_that_is_held(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("f", "".join(f"line {index} é\r\n" for index in range(1, 2_001)) + "x" * 5_000)
    calls = [{"offset": 1}, {"offset": 900, "limit": 5}, {"offset": 1_999}, {"offset": 2_001}]
    held = [await desk("read", path="f", **call) for call in calls]
    monkeypatch.setattr(read, "HELD", 1_000)
    streamed = [await desk("read", path="f", **call) for call in calls]
    assert streamed == held


async def test_a_range_of_a_very_large_file_takes_little_memory(desk: Desk) -> None:
    """200 MB, nearly all of it one line without an end; the file has holes and takes no room."""
    with (desk.root / "large").open("wb") as file:
        file.write(b"a line of it\n" * 1_000)
        file.seek(200_000_000)
        file.write(b"\nthe last but one\nthe last")
    tracemalloc.start()
    try:
        result = await desk("read", path="large", offset=1_000, limit=4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    lines = result.text.split("\n")
    assert (lines[0], lines[2:]) == (
        "1000\ta line of it",
        ["1002\tthe last but one", "1003\tthe last", *lines[4:]],
    )
    assert "more characters]" in lines[1]
    assert result.effect is None, "too large to be changed as a whole"
    assert peak < 40_000_000


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0", "PNG image"),
        (b"RIFF\0\0\0\0WEBP", "WebP image"),
        (b"PK\x03\x04\0", "ZIP archive, or an office document, wheel or jar"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"\0" * 257 + b"ustar", "tar archive"),
        (b"\xff\xfe\0\0a\0\0\0", "UTF-32 text"),
        (b"\0asm\x01\0", "WebAssembly module"),
    ],
)
@pytest.mark.parametrize("held", [read.HELD, 1])
async def test_a_binary_file_is_named_by_its_kind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, held: int, beginning: bytes, kind: str
) -> None:
    monkeypatch.setattr(read, "HELD", held)
    desk.put("b", beginning)
    assert (await desk("read", path="b")).text == f"b is a binary file of {len(beginning)} bytes ({kind})."


async def test_a_binary_file_of_no_known_kind_is_only_counted(desk: Desk) -> None:
    desk.put("b", b"\x01\x02\0\x03")
    assert (await desk("read", path="b")).text == "b is a binary file of 4 bytes."


@pytest.mark.skipif(os.name != "posix", reason="Windows has neither")
@pytest.mark.parametrize(
    "call",
    [
        ("read", {}),
        ("edit", {"old": "a", "new": "b"}),
        ("write", {"content": "a"}),
        ("grep", {"pattern": "a"}),
    ],
    ids=lambda call: call[0],
)
@pytest.mark.parametrize("place", ["pipe", "/dev/zero"])
async def test_a_pipe_or_a_device_is_refused_and_not_waited_for(
    desk: Desk, place: str, call: tuple[str, dict[str, str]]
) -> None:
    os.mkfifo(desk.root / "pipe")
    name, arguments = call
    async with deadline(5):
        assert "no ordinary file" in await desk.fails(name, path=place, **arguments)


async def test_a_folder_is_listed(desk: Desk) -> None:
    desk.put("a/b", "")
    desk.put("c", "")
    assert (await desk("read", path=".")).text == ". is a folder:\na/\nc"
