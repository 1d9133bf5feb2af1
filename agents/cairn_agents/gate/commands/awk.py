"""awk: programs that only print. It can run commands and write files, so what could do so is asked about.

Source: gawk(1) 5.3: system(), `|`, `|&`, `>`, getline, @include, @load, ENVIRON, ARGV, PROCINFO, and assignments among
the operands are what is kept out; comparisons with `>` go with them.
"""

import re
from collections.abc import Sequence

from cairn_agents.gate.commands.options import Reads, require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Word

_OPTIONS = Reads("F:v:", "field-separator: version")
_TEXTS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_PATTERNS = re.compile(r"(^|[{}(,;!~&|\n])(\s*)/(?:[^/\\\n]|\\[^\n])*/")
"""A slash begins a pattern only where no value stands before it; elsewhere it divides."""
_REACHES = re.compile(
    r"system|getline|close|fflush|ENVIRON|ARGV|ARGC|PROCINFO|SYMTAB|FUNCTAB|BINMODE|@|\bwhile\b|\bdo\b|\bfor\s*\(\s*;"
)
_SENDS = re.compile(r'[|"]')
_COMPARES = re.compile(r">=|\|\|")
_ACTION = re.compile(r"\{.*\}", re.DOTALL)
_FILE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def judge(args: Sequence[Word], place: Place) -> None:
    """Raises Asked unless the program only prints what it reads."""
    given = _OPTIONS.parse("awk", args, place)
    if not given.operands:
        raise Asked("awk without a program")
    program, files = given.operands[0], given.operands[1:]
    require_told("awk", program)
    if not program.literal or not harmless(program.value):
        raise Asked("the program of awk may run commands, write files or read others")
    for name, value in given.options:
        if name == "-v" and value is not None and not re.match(r"[a-z_][a-z0-9_]*=", value.value):
            raise Asked(f"awk -v {value.raw} sets a variable that awk obeys")
    for word in files:
        if _FILE.match(word.value):
            raise Asked(f"awk {word.raw} sets a variable")
        require_readable(word, place)


def harmless(program: str) -> bool:
    """Whether nothing in the program but texts and patterns could reach beyond its input."""
    plain = _TEXTS.sub("0", program)
    if _REACHES.search(plain):
        return False
    plain = _COMPARES.sub(" ", _PATTERNS.sub(r"\1\2 0", plain))
    action = _ACTION.search(plain)
    return not _SENDS.search(plain) and not (action and ">" in action[0])
