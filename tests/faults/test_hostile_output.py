"""What a command prints may be huge, no text, or made to harm a terminal: the run goes on, all of it is kept."""

from pathlib import Path

import pytest
from harness import Harness, harness
from scripted_provider import call, say

from cairn_memory.bounds import TEXT
from cairn_memory.events import ToolFinished

MEGABYTES = 10_000_000
BINARY = f"head -c {MEGABYTES // 10} /dev/urandom"
ONE_LINE = f"head -c {MEGABYTES} /dev/zero | tr '\\0' x"
MANY_LINES = f"yes 'a line of no use to anybody' | head -c {MEGABYTES}"
ESCAPES = {
    "colour and cursor": r"printf '\033[31mred\033[0m \033[2J\033[H'",
    "title and clipboard": r"printf 'a\033]0;pwned\007b\033]52;c;cm0gLXJmIC8=\007c'",
    "a link that says another place": r"printf '\033]8;;http://evil.invalid\033\\safe\033]8;;\033\\'",
    "C1 controls": r"printf 'a\xc2\x9b31mb\xc2\x9d0;x\xc2\x9cc'",
    "a device that answers": r"printf 'a\033[6n\033P$q\"p\033\\b'",
}


async def _result(h: Harness) -> ToolFinished:
    (result,) = await h.payloads(ToolFinished.kind)
    assert isinstance(result, ToolFinished)
    return result


@pytest.mark.parametrize("command", [BINARY, ONE_LINE, MANY_LINES], ids=["binary", "one line", "many lines"])
async def test_huge_and_binary_output_is_bounded_in_the_log_and_the_window_and_whole_in_a_blob(
    tmp_path: Path, command: str
) -> None:
    async with harness(tmp_path, [call("bash", command=command), say("I see.")]) as h:
        assert (await h.run()).state == "done"
        result = await _result(h)
        assert (result.outcome, len(result.text) <= TEXT) == ("ok", True)
        assert result.whole is not None and result.whole.size > MEGABYTES // 20
        assert len(h.provider.requests[-1].body) < 400_000
        h.provider.requests[-1].body.decode("utf-8")


@pytest.mark.parametrize("command", ESCAPES.values(), ids=ESCAPES.keys())
async def test_no_byte_of_an_output_that_a_terminal_would_obey_reaches_the_model_or_a_client(
    tmp_path: Path, command: str
) -> None:
    async with harness(tmp_path, [call("bash", command=command), say("I see.")]) as h:
        assert (await h.run()).state == "done"
        result = await _result(h)
        for text in (result.text, result.summary, str(h.conversation()[-1]["content"])):
            assert not [
                c for c in text if c in "\x1b\x07\x08\x9b\x9c\x9d\x90" or (c < " " and c not in "\n\t")
            ]
