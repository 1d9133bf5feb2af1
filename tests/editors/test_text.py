"""An open document as the language features look at it."""

from lsprotocol import types

from cairn_server.editors.text import Text


def test_a_text_is_split_into_lines_once_until_it_changes() -> None:
    document = Text("file:///MEMORY.md", "one\ntwo\n", 1)
    assert document.lines == ["one\n", "two\n"]
    assert document.lines is document.lines
    end = types.Position(2, 0)
    document.apply_change(types.TextDocumentContentChangePartial(types.Range(end, end), "three\n"))
    assert document.lines == ["one\n", "two\n", "three\n"]
