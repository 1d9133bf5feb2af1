"""Edits: only what was named changes, an edit back gives the same bytes, whatever the file's form."""

import asyncio
import itertools
import tempfile
from pathlib import Path

from desk import Desk
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cairn_agents.tools.base import ToolError
from cairn_agents.tools.encoding import decode

WORDS = st.sampled_from(
    ("a", "b = 1", "    return x", "", "é€", "漢字", "\t", "x" * 300, "𝄞", "\u2028", "\x0c")
)
ENDINGS = st.sampled_from(("\n", "\r\n", "\r"))
LAST = st.sampled_from(("", "the end", "\n"))
FORMS = st.sampled_from(
    (("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A text file: lines of one ending or of several, with and without a mark, its last line with or without an end."""
    encoding, mark = draw(FORMS)
    lines = draw(st.lists(WORDS, min_size=1, max_size=8))
    one = draw(st.none() | ENDINGS)
    ends = [one or draw(ENDINGS) for _ in lines]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True)) + draw(LAST)
    return mark + text.encode(encoding)


def _desk(folder: str, content: bytes) -> Desk:
    root = Path(folder) / "work"
    root.mkdir()
    desk = Desk.at(root, Path(folder))
    desk.put("f", content)
    return desk


async def _edited(desk: Desk, old: str, new: str, *, all: bool = False) -> bytes:
    await desk("edit", path="f", old=old, new=new, all=all)
    return (desk.root / "f").read_bytes()


@settings(max_examples=50, deadline=None)
@given(files(), st.data())
def test_an_edit_and_the_edit_back_give_the_same_bytes(content: bytes, data: st.DataObject) -> None:
    text = decode(content).text
    assume(text and b"\0\0" not in content[:4])
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    old, new = text[start:end], "NEW-WORDS"
    assume(text.count(old) == 1)
    with tempfile.TemporaryDirectory() as folder:
        desk = _desk(folder, content)
        try:
            changed = asyncio.run(_edited(desk, old, new))
        except ToolError:
            assume(False)
        assert changed != content
        document = decode(changed)
        assert document.text.count(new) == 1
        if decode(content).form == document.form and document.form.newline:
            assert asyncio.run(_edited(desk, new, old)) == content


@settings(max_examples=50, deadline=None)
@given(files(), st.data())
def test_every_byte_before_and_behind_an_edit_stays(content: bytes, data: st.DataObject) -> None:
    document = decode(content)
    lines = [line for line in document.text.split("\n") if line and document.text.count(line) == 1]
    assume(lines and b"\0" not in content[:4].replace(b"\0", b"", 1))
    old = data.draw(st.sampled_from(lines))
    at = document.text.index(old)
    before, after = document.text[:at], document.text[at + len(old) :]
    with tempfile.TemporaryDirectory() as folder:
        desk = _desk(folder, content)
        try:
            changed = asyncio.run(_edited(desk, old, "Z"))
        except ToolError:
            assume(False)
    encoded = document.encode(before)
    tail = document.encode(after)[len(document.form.mark) :]
    assert changed.startswith(encoded) and changed.endswith(tail)
    assert changed[len(encoded) : len(changed) - len(tail)] == document.encode("Z")[len(document.form.mark) :]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(("a", "b", "aa", "ab", "\r\n", "\n")), max_size=12),
    st.sampled_from(("a", "ab", "a\nb")),
)
def test_all_replaces_each_place_once_and_none_that_it_made_itself(pieces: list[str], old: str) -> None:
    content = "".join(pieces).encode()
    document = decode(content)
    places = document.places(old)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(places))
    new = document.replaced(places, f"<{old}>")
    assert new.count("<") == len(places)
    untouched = [document.text[end:start] for (_, end), (start, _) in itertools.pairwise(places)]
    assert all(piece in new for piece in untouched)
