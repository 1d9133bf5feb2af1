"""What a command printed, made fit to read: bounded, and without control over anybody's terminal."""

import re

from cairn_memory.bounds import end_of_word, start_of_word

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff]")


def clean(text: str) -> str:
    """Without terminal escapes; lines drawn over by a carriage return keep their last state."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n")
    text = (
        "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
        if "\r" in text
        else text
    )
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def head_and_tail(text: str, limit: int) -> tuple[str, bool]:
    """`text` within about `limit` characters, whole lines or words from both ends, and whether it was cut."""
    if len(text) <= limit:
        return text, False
    half = limit // 2
    reach = half // 4
    end, start = end_of_word(text, half, reach), start_of_word(text, len(text) - half, reach)
    lines = text.count("\n", end, start)
    head, tail = text[:end].removesuffix("\n"), text[start:].removeprefix("\n")
    return f"{head}\n[... {lines:,} lines, {start - end:,} characters left out ...]\n{tail}", True


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 line", "2 lines"; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
