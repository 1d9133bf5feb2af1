"""Files whose names are made to be taken for something else."""

import os

import pytest
from desk import Desk

NAMES = {
    "newline": b"a\nb.txt",
    "quotes": b'it\'s "q".txt',
    "dash": b"-rf",
    "option": b"--pre=touch harm",
    "escape": b"\x1b[31mred.txt",
    "bidi": "safe\u202etxt.exe".encode(),
    "backslash": b"x\\y.txt",
    "colon": b"a:7:b.txt",
    "glob": b"[a]*.txt",
    "no UTF-8": b"\xff\xfe.txt",
}
SHOWN = {
    "newline": r"a\nb.txt",
    "escape": r"\x1b[31mred.txt",
    "bidi": r"safe\u202etxt.exe",
    "no UTF-8": r"\udcff\udcfe.txt",
}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")


@pytest.fixture(params=NAMES)
def hostile(request: pytest.FixtureRequest, desk: Desk) -> tuple[str, str]:
    """The name of the one file in the work tree, and how it is to be shown."""
    name = os.fsdecode(NAMES[request.param])
    (desk.root / name).write_text("needle\n", encoding="utf-8")
    return name, SHOWN.get(request.param, name)


async def test_it_is_found_listed_and_told_by_its_own_name_in_one_line(
    desk: Desk, search: str, hostile: tuple[str, str]
) -> None:
    _, shown = hostile
    assert (await desk("grep", pattern="needle")).text == f"{shown}:1: needle"
    assert (await desk("glob", pattern="*")).text == shown
    assert (await desk("read", path=".")).text == f". is a folder:\n{shown}"


async def test_it_is_read_searched_edited_and_written_as_any_other(
    desk: Desk, search: str, hostile: tuple[str, str]
) -> None:
    name, shown = hostile
    if "\udcff" in name:
        assert "path" in await desk.fails("read", path=name), "no JSON holds it"
        return
    assert (await desk("grep", pattern="needle", path=name)).text == f"{shown}:1: needle"
    assert (await desk("read", path=name)).text == "1\tneedle"
    _, plan = await desk.plan("edit", path=name, old="needle", new="pin")
    assert plan.preview.startswith(f"--- a/{shown}\n+++ b/{shown}\n@@ ")
    await desk("edit", path=name, old="needle", new="pin")
    await desk("write", path=name, content="straw\n")
    assert (desk.root / name).read_bytes() == b"straw\n"
    assert [entry.name for entry in desk.root.iterdir()] == [name]


async def test_a_name_behind_one_with_a_newline_is_not_taken_for_a_part_of_it(
    desk: Desk, search: str
) -> None:
    for name in (b"a\nb", b"b", b"c"):
        (desk.root / os.fsdecode(name)).write_text("needle\n", encoding="utf-8")
    (desk.root / "aa").write_bytes(b"needle\n" + b"x" * 100_000 + b"\0needle\n")
    found = (await desk("grep", pattern="needle")).text.split("\n")
    assert [line for line in found if not line.startswith("aa")] == [
        "a\\nb:1: needle",
        "b:1: needle",
        "c:1: needle",
    ]
