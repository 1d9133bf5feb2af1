"""A file keeps its encoding, its mark and its line endings through every change."""

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.tools.encoding import decode


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a = 1\r\nb = 2\r\n", b"a = 1\r\nb = 3\r\n"),
        (b"\xef\xbb\xbfa = 1\nb = 2\n", b"\xef\xbb\xbfa = 1\nb = 3\n"),
        ("b = 2 é\n".encode("latin-1"), "b = 3 é\n".encode("latin-1")),
        ("\ufeffb = 2\r\n".encode("utf-16-le"), "\ufeffb = 3\r\n".encode("utf-16-le")),
        (b"a\r\nb = 2\nc", b"a\r\nb = 3\nc"),
    ],
)
async def test_an_edit_keeps_encoding_mark_and_line_endings(desk: Desk, before: bytes, after: bytes) -> None:
    (desk.root / "f").write_bytes(before)
    await desk("edit", path="f", old="b = 2", new="b = 3")
    assert (desk.root / "f").read_bytes() == after


async def test_an_edit_over_several_lines_matches_a_file_with_windows_line_endings(desk: Desk) -> None:
    (desk.root / "f").write_bytes(b"a\r\nb\r\nc\r\n")
    await desk("edit", path="f", old="a\nb", new="x\ny")
    assert (desk.root / "f").read_bytes() == b"x\r\ny\r\nc\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\rb\rc\r", b"x\ry\rz\rc\r"),
        (b"a\r\nb\r\nc\r\n", b"x\r\ny\r\nz\r\nc\r\n"),
        (b"a\r\nb\nc\n", b"x\r\ny\r\nz\nc\n"),
        (b"a\nb\r\nc\r\n", b"x\ny\nz\r\nc\r\n"),
    ],
)
async def test_lines_put_in_by_an_edit_end_as_those_around_them(
    desk: Desk, before: bytes, after: bytes
) -> None:
    desk.put("f", before)
    await desk("edit", path="f", old="a\nb", new="x\ny\nz")
    assert (desk.root / "f").read_bytes() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\nb\r\n", b"x\r\ny\r\n"),
        (b"a\rb\r", b"x\ry\r"),
        ("\ufeffa\r\n".encode("utf-16-le"), "\ufeffx\r\ny\r\n".encode("utf-16-le")),
        ("\ufeffa\n".encode(), "\ufeffx\ny\n".encode()),
        ("é\n".encode("latin-1"), b"x\ny\n"),
    ],
)
async def test_a_file_written_anew_keeps_its_form(desk: Desk, before: bytes, after: bytes) -> None:
    desk.put("f", before)
    await desk("read", path="f")
    await desk("write", path="f", content="x\ny\n")
    assert (desk.root / "f").read_bytes() == after


async def test_all_places_are_replaced_among_mixed_endings(desk: Desk) -> None:
    desk.put("f", b"a\r\nb\na\nb\r\n")
    result = await desk("edit", path="f", old="a\nb", new="x\ny", all=True)
    assert (desk.root / "f").read_bytes() == b"x\r\ny\nx\ny\r\n"
    assert "2 places" in result.text


async def test_a_character_the_encoding_cannot_hold_is_named(desk: Desk) -> None:
    desk.put("f", "é = 1\n".encode("latin-1"))
    assert "latin-1" in await desk.fails("edit", path="f", old="1", new="日")


@given(st.binary(max_size=200) | st.text("ab\r\né", max_size=40).map(str.encode))
def test_what_is_decoded_and_not_changed_is_the_same_bytes(data: bytes) -> None:
    document = decode(data)
    assert document.encode(document.text) == data
