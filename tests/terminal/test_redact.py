"""`cairn redact`: others measure the masking through it, so what it takes and answers is fixed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_secrets import HARMLESS, IN_CONTEXT, PASSWORD, TOKEN, WITH_FORM

KNOWN = "the-value-of-a-variable-42"


@pytest.fixture
def redact(tmp_path: Path) -> Any:
    """Runs it as a process of its own: exit code, stdout, stderr."""

    def run(*arguments: str, given: str | bytes = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cairn_server.cli", "redact", *arguments],
            input=given if isinstance(given, bytes) else given.encode(),
            capture_output=True,
            cwd=tmp_path,
            env={"PATH": "", "CAIRN_HOME": str(tmp_path / "home"), "SOME_TOKEN": KNOWN, "SYSTEMROOT": "C:\\Windows"},
            timeout=60,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode()

    return run


def test_what_comes_in_goes_out_masked(redact: Any) -> None:
    code, out, said = redact(given=f"one\nDB_PASSWORD={PASSWORD}\nand {KNOWN}\n")
    assert (code, said) == (0, "")
    assert out.startswith("one\nDB_PASSWORD=[masked:password:")
    assert "and [masked:known-secret:" in out and out.endswith("]\n")


def test_no_host_is_started_and_nothing_is_written(redact: Any, tmp_path: Path) -> None:
    redact(given=f"DB_PASSWORD={PASSWORD}\n")
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_are_no_text_go_through(redact: Any, tmp_path: Path) -> None:
    data = b"\xff\xfe\x00" + f"token={TOKEN}".encode() + b"\n\x80\r\n"
    code, out, _ = redact(given=data)
    shown = out.encode("utf-8", "surrogateescape")
    assert code == 0
    assert shown.startswith(b"\xff\xfe\x00token=[masked:token:") and shown.endswith(b"]\n\x80\r\n")


def test_files_are_masked_one_after_another(redact: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(f"password: {PASSWORD}\n", encoding="utf-8")
    (tmp_path / "b").write_text("plain\n", encoding="utf-8")
    code, out, _ = redact("a", "b")
    assert code == 0
    assert out.startswith("password: [masked:password:") and out.endswith("]\nplain\n")


def test_a_batch_is_answered_line_by_line(redact: Any, tmp_path: Path) -> None:
    texts = [
        *WITH_FORM.values(),
        *(context.format(secret) for context, secret in IN_CONTEXT.values()),
        *HARMLESS.values(),
    ]
    lines = [{"text": text, "id": f"n{number}", "other": 1} for number, text in enumerate(texts)]
    (tmp_path / "batch").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    code, out, said = redact("--batch", "batch")
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, said) == (0, "")
    assert [each["id"] for each in answers] == [each["id"] for each in lines]
    for text, answer in zip(texts, answers, strict=True):
        pieces, at = list[str](), 0
        for found in answer["found"]:
            pieces += [text[at : found["start"]], "\0"]
            at = found["end"]
        masked = "".join((*pieces, text[at:]))
        assert masked.count("\0") == answer["text"].count("[masked:")
        assert (masked == text) == (answer["text"] == text)
    untouched = answers[-len(HARMLESS) :]
    assert [each["found"] for each in untouched] == [[]] * len(HARMLESS)


def test_texts_alone_and_stdin_make_a_batch_too(redact: Any) -> None:
    code, out, _ = redact(
        "--batch", "-", "--json", given=f'"password={PASSWORD}"\n\n{{"text": "x", "id": null}}\n'
    )
    first, second = map(json.loads, out.splitlines())
    assert code == 0
    assert first["found"] == [{"kind": "password", "start": 9, "end": 9 + len(PASSWORD)}]
    assert second == {"id": None, "text": "x", "found": []}


def test_a_bad_line_is_told_with_its_number_and_the_others_are_answered(redact: Any) -> None:
    code, out, said = redact("--batch", "-", given='"one"\n{"text": 5}\nnot json\n[1]\n"two"\n')
    assert code == 2
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["one", "two"]
    assert [line.split(":")[1].strip() for line in said.splitlines()] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("missing",), "missing could not be read"), (("--batch", "missing"), "missing could not be read"),
     (("a", "--batch", "-"), "either FILE or --batch")],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(redact: Any, arguments: tuple[str, ...], says: str) -> None:
    code, out, said = redact(*arguments)
    assert (code, out) == (2, "")
    assert says in said and said.count("\n") == 1
