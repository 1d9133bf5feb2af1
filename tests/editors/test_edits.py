"""Edits of a document: they say exactly what changes, in the columns that the editor counts."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from cairn_server.editors.edits import edits
from cairn_server.editors.text import Text, lines_of

LINES = st.lists(st.sampled_from(["a", "b", "🪨c", "", "a\x0cb", "é"]), max_size=12)


@settings(deadline=None)
@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]))
def test_the_edits_of_a_text_give_the_other_one(old: list[str], new: list[str], end: str) -> None:
    before, after = end.join(old), end.join(new)
    document = Text("file:///a", before, 1)
    for edit in reversed(edits(before, after, PositionCodec())):
        document.apply_change(types.TextDocumentContentChangePartial(edit.range, edit.new_text))
    assert document.source == after


def test_only_the_word_that_changes_is_edited() -> None:
    (edit,) = edits("x\n🪨 = old\ny\n", "x\n🪨 = new\ny\n", PositionCodec())
    assert edit == types.TextEdit(types.Range(types.Position(1, 5), types.Position(1, 8)), "new")


def test_a_line_ends_where_editors_end_it() -> None:
    assert list(lines_of("a\x0cb\u2028c\r\nd\re")) == ["a\x0cb\u2028c\r\n", "d\r", "e"]


def test_a_large_rewritten_text_is_replaced_in_one_piece() -> None:
    before = "".join(f"{n}\n" for n in range(50_000))
    found = edits(before, "".join(f"{n + 1}!\n" for n in range(50_000)), PositionCodec())
    assert len(found) == 1
