"""What the analysis of a command lets run unasked changes nothing: held against bash itself, and by composition."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cairn_agents.gate.commands.analysis import analyse

pytestmark = pytest.mark.skipif(sys.platform == "win32" or shutil.which("bash") is None, reason="runs bash")
ROOT = "/nowhere/at/all"
SAFE = ("ls", "cat a.txt", "grep -n one a.txt", "git status", "head -3 a.txt", "wc -l a.txt", "echo hello")
EFFECTS = (
    "rm -rf sub",
    "touch new",
    "tee new",
    "mv a.txt b.txt",
    "cp a.txt new",
    "sed -i s/one/two/ a.txt",
    "echo x > a.txt",
    "echo x >> a.txt",
    "find . -delete",
    "find . -exec rm {} +",
    "sort -o a.txt a.txt",
    "chmod 600 a.txt",
    "truncate -s 0 a.txt",
    "curl http://localhost",
    "git push",
    "python3 x.py",
    "make",
)
JOINED = (
    "{0}; {1}",
    "{0} && {1}",
    "{0} || {1}",
    "{0} | {1}",
    "{0} & {1}",
    "{0}\n{1}",
    "{1}; {0}",
    "( {0}; {1} )",
)
WRAPPED = (
    "echo $({})",
    "echo `{}`",
    'echo "$({})"',
    "cat <({})",
    "if true; then {}; fi",
    "for i in 1 2; do {}; done",
    "while false; do {}; done",
    "{{ {}; }}",
    "! {}",
    "time {}",
    "env {}",
    "command {}",
    "echo | xargs {}",
    "bash -c '{}'",
    "eval {}",
    "exec {}",
    "nohup {}",
    "X=1 {}",
    "a() {{ {}; }}; a",
    "cat <<E\n$({})\nE",
)
WORDS = (
    *(
        "echo",
        "cat",
        "ls",
        "grep",
        "find",
        "sort",
        "head",
        "tail",
        "wc",
        "sed",
        "awk",
        "tee",
        "touch",
        "rm",
        "mv",
        "cp",
    ),
    *(
        "tr",
        "cut",
        "uniq",
        "date",
        "test",
        "[",
        "]",
        "[[",
        "]]",
        "printf",
        "read",
        "xargs",
        "env",
        "true",
        "diff",
        "git",
    ),
    *(
        ">",
        ">>",
        "<",
        "|",
        "||",
        "&&",
        ";",
        "&",
        "(",
        ")",
        "{",
        "}",
        "$(",
        "`",
        "'",
        '"',
        "$",
        "\\",
        "\n",
        "2>&1",
        ">|",
    ),
    *(
        "-i",
        "-n",
        "-o",
        "-e",
        "-f",
        "-exec",
        "-delete",
        "-c",
        "-r",
        "-p",
        "--",
        "-print",
        "-name",
        "-type",
        "-s",
        "w",
    ),
    *(
        "a.txt",
        "b.txt",
        "sub",
        "*.txt",
        "?",
        "x=1",
        "$x",
        "${x}",
        "$((1))",
        "s/one/two/",
        "{print}",
        "1",
        "one",
        "+",
        "!",
    ),
    *(
        "status",
        "log",
        "branch",
        "new",
        "log --output=new",
        "if",
        "then",
        "fi",
        "do",
        "done",
        "for",
        "in",
        "while",
    ),
)
GLUE = st.sampled_from((" ", " ", " ", "", "\t"))


@st.composite
def commands(draw: st.DrawFn) -> str:
    """Words of the shell in any order: mostly nonsense, sometimes a command."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
    return "".join(word + draw(GLUE) for word in words)


def _planted(folder: Path) -> None:
    (folder / "sub").mkdir()
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        (folder / name).write_text("one\ntwo\nthree\n", encoding="utf-8")


def _tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def _run(command: str, folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C"}
    subprocess.run(
        ["bash", "--norc", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=10,
    )


def _changes_nothing(command: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _planted(folder)
        if not analyse(command, str(folder)).reads_only:
            return
        before = _tree(folder)
        _run(command, folder)
        assert _tree(folder) == before, command


@settings(max_examples=250, deadline=None)
@given(commands())
@example("<< ")
@example("cat <<-")
def test_what_is_let_run_unasked_changes_no_file(command: str) -> None:
    _changes_nothing(command)


@pytest.mark.chaos
@pytest.mark.timeout(300)
@settings(max_examples=5_000, deadline=None)
@given(commands())
def test_what_is_let_run_unasked_changes_no_file_however_long_one_looks(command: str) -> None:
    _changes_nothing(command)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAFE), st.sampled_from(EFFECTS), st.sampled_from(JOINED))
def test_an_effect_is_asked_about_whatever_stands_beside_it(safe: str, effect: str, joined: str) -> None:
    assert not analyse(joined.format(safe, effect), ROOT).reads_only


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("effect", ["rm -rf sub", "touch new", "curl http://localhost"])
def test_an_effect_is_asked_about_whatever_it_is_wrapped_in(wrapped: str, effect: str) -> None:
    assert not analyse(wrapped.format(effect), ROOT).reads_only


@pytest.mark.parametrize(
    "text", ["ls {\U000f0000", "{\U0010ffff..3}", "echo {\U000f0000..\U0010fff0}", "æ{\U000bcd55\U000bd17b"]
)
def test_characters_beyond_the_alphabet_in_braces_do_not_end_the_process(text: str) -> None:
    for _ in range(200):  # which memory lies beside the scanner's table is chance
        analyse(text, ROOT)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAFE), st.text(max_size=30))
def test_any_text_gives_a_verdict_and_the_same_one_twice(safe: str, text: str) -> None:
    for command in (text, f"{safe} {text}", f"{text} {safe}", f"{safe} '{text}'"):
        first, second = analyse(command, ROOT), analyse(command, ROOT)
        assert first == second
        assert first.reads_only == (first.reason == "")
        assert "\n" not in first.reason


@settings(max_examples=150, deadline=None)
@given(commands(), commands())
def test_two_commands_are_let_run_only_when_each_of_them_is(first: str, second: str) -> None:
    both = f"{first.strip()}\n{second.strip()}"
    assume(first.count("'") % 2 == 0 and first.count('"') % 2 == 0 and not first.rstrip().endswith("\\"))
    if analyse(both, ROOT).reads_only and analyse(first.strip(), ROOT).reads_only:
        assert analyse(second.strip(), ROOT).reads_only or not second.strip()
