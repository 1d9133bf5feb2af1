"""Language servers that the user's settings name tell the agent what is wrong, where no editor is open."""

import shutil
import sys
from pathlib import Path

import pytest
from editing import Editor
from scripted_provider import call

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD = Path(__file__).parents[1] / "odd_language_server.py"
PYRIGHT = str(Path(sys.executable).with_name("pyright-langserver"))


def named(language: str, *command: str) -> str:
    """Files that end with `.language` are looked at by this command."""
    return f"[languages.{language}]\ncommand = {list(command)!r}\nextensions = ['.{language}']\n"


@pytest.fixture(scope="module")
def user_settings() -> str:
    faults = ("pull", "dies", "silent", "garbage")
    odd = [named(fault, sys.executable, str(ODD), fault) for fault in faults]
    plain = named("plain", sys.executable, str(ODD))
    python = f"[languages.python]\ncommand = [{PYRIGHT!r}, '--stdio']\nextensions = ['.py']\n"
    return "[sandbox]\nenabled = false\n" + "\n".join(
        [plain, *odd, python, named("gone", "/no/such/program")]
    )


def put(editor: Editor, name: str, text: str) -> None:
    (editor.root / "src" / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("kind", ["plain", "pull"])
async def test_new_errors_of_a_change_are_told_with_it(editor: Editor, kind: str) -> None:
    name = f"src/a.{kind}"
    put(editor, f"a.{kind}", "one\nbad old\n")

    before, edit, again = await editor.work(
        call("diagnostics", path=name),
        call("edit", path=name, old="one", new="bad one"),
        call("edit", path=name, old="bad one", new="good"),
    )

    assert before.text == f"{name}:2:1: error: bad old is wrong (odd)"
    new = edit.text.partition("New errors since this change:")[2]
    assert new == f"\n{name}:1:1: error: bad one is wrong (odd)"
    assert "New errors" not in again.text


async def test_what_is_unsaved_in_an_editor_is_what_the_server_is_shown(editor: Editor) -> None:
    put(editor, "b.plain", "one\n")
    shown = await editor.open("src/b.plain")
    await editor.type(shown, "one", "bad typed")

    (found,) = await editor.work(call("diagnostics", path="src/b.plain"))

    assert found.text == "src/b.plain:1:1: error: bad typed is wrong (odd)"


@pytest.mark.parametrize("kind", ["dies", "silent", "garbage", "gone"])
async def test_a_server_that_fails_holds_up_nobody_for_long(editor: Editor, kind: str) -> None:
    name = f"src/a.{kind}"
    put(editor, f"a.{kind}", "one\n")

    results = await editor.work(
        call("read", path=name),
        call("edit", path=name, old="one", new="bad"),
        call("edit", path=name, old="bad", new="bad two"),
    )

    assert [result.outcome for result in results] == ["ok", "ok", "ok"]
    assert all(result.ms < 4_000 for result in results)


@pytest.mark.skipif(shutil.which("node") is None, reason="pyright's server is a program for Node")
async def test_pyright_tells_the_error_that_an_edit_brings(editor: Editor) -> None:
    first, edit = await editor.work(
        call("diagnostics", path="src/a.py"),
        call("edit", path="src/a.py", old="third = 3", new="third: int = 'three'"),
    )

    assert first.text == "Nothing is reported for src/a.py."
    assert "src/a.py:3:14: error: " in edit.text and "reportAssignmentType" in edit.text
    print(f"pyright: {first.ms} ms to start and look, {edit.ms} ms after an edit")
