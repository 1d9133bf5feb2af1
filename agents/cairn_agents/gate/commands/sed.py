"""sed: prints and replaces text on its way; not what runs a command or reads and writes files.

Only scripts of a small shape are taken: addresses, and the commands that touch nothing but the text.
Source: sed(1), GNU sed 4.9 (`e`, `w`, `r`, `W`, `R`, `F`, `s///e`, `s///w`, -i, -f, -s are what is kept out).
"""

import re
from collections.abc import Sequence

from cairn_agents.gate.commands.options import Reads, require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Word

_OPTIONS = Reads(
    "nErusze:l:b",
    "quiet silent regexp-extended expression: unbuffered null-data separate posix line-length: version",
)
_ADDRESS = r"(?:[0-9]+(?:~[0-9]+)?|\$|/(?:[^/\\\n]|\\[^\n])*/[IM]*)"
_SCRIPT = re.compile(
    rf"""
    \s* (?: {_ADDRESS} (?: \s*,\s* (?: {_ADDRESS} | [+~][0-9]+ ) )? \s* !? \s* )?
    (?:
        [pdqQ=DNnGgHhxP]\s*
      | [qQl][0-9]+\s*
      | s(?P<mark>[/|\#,:@!%])(?:(?!(?P=mark))[^\\\n]|\\[^\n])*(?P=mark)(?:(?!(?P=mark))[^\\\n]|\\.)*(?P=mark)[gpiIM0-9]*\s*
      | y(?P<mark2>[/|\#,:@])(?:(?!(?P=mark2))[^\\\n]|\\[^\n])*(?P=mark2)(?:(?!(?P=mark2))[^\\\n]|\\[^\n])*(?P=mark2)\s*
      | [{{}}]\s*
      | \#[^\n]*
    )
    (?: [;\n]+ | (?<=[{{}}]) | \s*(?=}}) | $ )
    """,
    re.VERBOSE | re.DOTALL,
)


def judge(args: Sequence[Word], place: Place) -> None:
    """Raises Asked unless it only prints."""
    given = _OPTIONS.parse("sed", args, place)
    scripts = [value for name, value in given.options if name in ("-e", "--expression") and value is not None]
    operands = given.operands
    if not scripts:
        if not operands:
            raise Asked("sed without a script")
        scripts, operands = operands[:1], operands[1:]
    for script in scripts:
        require_told("sed", script)
        if not script.literal or not harmless(script.value):
            raise Asked("the script of sed is not known to only print")
    for word in operands:
        require_readable(word, place)


def harmless(script: str) -> bool:
    """Whether a script holds only commands that touch nothing but the text."""
    at = 0
    while at < len(script):
        found = _SCRIPT.match(script, at)
        if found is None or found.end() == at:
            return False
        at = found.end()
    return True
