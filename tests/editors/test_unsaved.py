"""The agent sees what people see in their editors, and never writes over what they have not saved."""

import pytest
from editing import Editor, editing, texts
from lsprotocol import types
from scripted_provider import call

pytestmark = pytest.mark.asyncio(loop_scope="module")

A = "src/a.py"


async def test_an_unsaved_text_is_read_and_searched_instead_of_the_file(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "second = 2", "second = 'typed'")

    read, found, gone = await editor.work(
        call("read", path=A), call("grep", pattern="typed"), call("grep", pattern="second = 2", path="src")
    )

    assert "2\tsecond = 'typed'" in read.text and "not saved" in read.text
    assert f"{A}:2: second = 'typed'" in found.text and "not saved" in found.text
    assert gone.summary == "no matches"


async def test_an_edit_of_unsaved_text_is_made_in_the_editor_and_not_on_the_disk(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")

    (edit, ran) = await editor.work(
        call("edit", path=A, old="third = 3", new="third = 'edited'"), call("bash", command="cat src/a.py")
    )

    assert edit.outcome == "ok" and "not saved" in edit.text
    assert shown.text == "first = 'typed'\nsecond = 2\nthird = 'edited'\n"
    assert shown.path.read_text() == "first = 1\nsecond = 2\nthird = 3\n"
    assert "third = 3" in ran.text and f"{A}: unsaved in an editor" in ran.text
    (asked,) = editor.edits
    (change,) = list(asked.edit.document_changes or ())
    assert isinstance(change, types.TextDocumentEdit)
    (only,) = change.edits
    assert only.range == types.Range(types.Position(2, 8), types.Position(2, 9)), "only what changes"


async def test_an_edit_of_a_document_that_is_saved_is_made_on_the_disk(editor: Editor) -> None:
    shown = await editor.open(A)

    one, two, three = await editor.work(
        call("edit", path=A, old="first = 1", new="first = 10"),
        call("edit", path=A, old="first = 10", new="first = 100"),
        call("read", path=A),
    )

    assert [one.outcome, two.outcome] == ["ok", "ok"] and editor.edits == []
    assert shown.path.read_text() == "first = 100\nsecond = 2\nthird = 3\n"
    assert "not saved" not in three.text and "first = 100" in three.text


async def test_an_editor_that_is_slow_to_load_what_was_written_holds_no_unsaved_work(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.work(call("edit", path=A, old="first = 1", new="first = 10"))
    await editor.reload(shown)
    await editor.work(call("bash", command="sed -i s/second/zweite/ src/a.py"))
    await editor.reload(shown)

    _, edit = await editor.work(
        call("read", path=A), call("edit", path=A, old="first = 10", new="first = 100")
    )

    assert edit.outcome == "ok" and editor.edits == [], edit.text
    assert shown.path.read_text() == "first = 100\nzweite = 2\nthird = 3\n"


async def test_an_editor_that_loads_the_write_before_the_last_one_holds_no_unsaved_work(
    editor: Editor,
) -> None:
    shown = await editor.open(A)
    await editor.work(
        call("edit", path=A, old="first = 1", new="first = 10"),
        call("edit", path=A, old="first = 10", new="first = 100"),
    )
    late = shown.text.replace("first = 1", "first = 10")
    editor.change(shown, late, 0, len(shown.text), late)
    await editor.told()

    (edit,) = await editor.work(call("edit", path=A, old="first = 100", new="first = 1000"))

    assert edit.outcome == "ok" and editor.edits == [], edit.text
    assert shown.path.read_text() == "first = 1000\nsecond = 2\nthird = 3\n"


async def test_what_was_saved_or_typed_back_is_no_unsaved_work(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 9")
    await editor.type(shown, "first = 9", "first = 1")
    other = await editor.open("src/b.py")
    await editor.type(other, "other = 1", "other = 2")
    await editor.save(other)

    results = await editor.work(call("read", path=A), call("read", path="src/b.py"))

    assert [("not saved" in text) for text in texts(results)] == [False, False]
    assert "other = 2" in results[1].text


async def test_text_that_changed_since_it_was_read_is_read_again_first(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")
    await editor.work(call("read", path=A))
    await editor.type(shown, "second = 2", "second = 'typed'")

    (edit,) = await editor.work(call("edit", path=A, old="third = 3", new="third = 4"))

    assert edit.outcome == "error" and "read it again" in edit.text
    assert "third = 3" in shown.text and editor.edits == []


async def test_what_was_edited_unsaved_is_known_when_it_is_saved(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")
    await editor.work(call("edit", path=A, old="third = 3", new="third = 4"))
    await editor.save(shown)

    (edit,) = await editor.work(call("edit", path=A, old="third = 4", new="third = 5"))

    assert edit.outcome == "ok", edit.text
    assert shown.path.read_text() == "first = 'typed'\nsecond = 2\nthird = 5\n"


async def test_an_editor_that_does_not_answer_is_told_of_and_nothing_is_written(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")
    editor.answers = False

    (edit,) = await editor.work(call("edit", path=A, old="third = 3", new="third = 4"))

    assert edit.outcome == "error" and "does not answer" in edit.text
    assert shown.path.read_text() == "first = 1\nsecond = 2\nthird = 3\n"


async def test_line_ends_of_an_unsaved_document_are_kept(editor: Editor) -> None:
    shown = await editor.open("windows.txt")
    await editor.type(shown, "first = 1", "first = 🪨")

    read, edit = await editor.work(
        call("read", path="windows.txt"),
        call("edit", path="windows.txt", old="🪨\nsecond = 2", new="🪨\nnew = 1\nsecond = 2"),
    )

    assert edit.outcome == "ok", read.text + edit.text
    assert shown.text == "first = 🪨\r\nnew = 1\r\nsecond = 2\r\n"


async def test_a_file_written_whole_over_unsaved_text_is_written_in_the_editor(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")

    read, write = await editor.work(call("read", path=A), call("write", path=A, content="all = 'new'\n"))

    assert [read.outcome, write.outcome] == ["ok", "ok"], write.text
    assert shown.text == "all = 'new'\n" and "first = 1" in shown.path.read_text()


async def test_of_two_editors_the_one_that_has_unsaved_text_is_read_and_edited(editor: Editor) -> None:
    clean = await editor.open(A)
    async with editing(editor.root, editor.home, editor.model, last=False) as other:
        dirty = await other.open(A)
        await other.type(dirty, "first = 1", "first = 'typed'")

        read, edit = await editor.work(
            call("read", path=A), call("edit", path=A, old="third = 3", new="third = 4")
        )

        assert "first = 'typed'" in read.text and edit.outcome == "ok"
        assert dirty.text == "first = 'typed'\nsecond = 2\nthird = 4\n"
        assert "first = 1" in clean.text and editor.edits == []
    (alone,) = await editor.work(call("read", path=A))
    assert "first = 1" in alone.text


async def test_a_document_closed_without_saving_is_what_lies_on_the_disk(editor: Editor) -> None:
    shown = await editor.open(A)
    await editor.type(shown, "first = 1", "first = 'typed'")
    await editor.close(shown)

    (read,) = await editor.work(call("read", path=A))

    assert "first = 1" in read.text and "not saved" not in read.text
