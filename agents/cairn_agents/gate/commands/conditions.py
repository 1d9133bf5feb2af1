"""`test`, `[` and `[[`: questions about files and texts. Not `-v`, `-R` and sums: those evaluate what a variable holds."""

from collections.abc import Sequence

from cairn_agents.gate.commands.builtin import require_printable
from cairn_agents.gate.commands.lexer import Token
from cairn_agents.gate.commands.options import require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Unclear, Word, named

_OF_FILES = named("-a -b -c -d -e -f -g -h -k -p -r -s -u -w -x -G -L -N -O -S")
_OF_TEXTS = frozenset(("-z", "-n"))
_BOTH_FILES = frozenset(("-nt", "-ot", "-ef"))
_SUMS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_COMPARES = _SUMS | {"=", "==", "!=", "<", ">"}
_BESIDE = _COMPARES | _OF_TEXTS
_OPERATORS = _BESIDE | _BOTH_FILES | {"!", "(", ")", "-o", "&&", "||", "-t", "=~"}


def judge_test(args: Sequence[Word], place: Place) -> None:
    """`test ...` and what stands in `[ ... ]`. Raises Asked unless it only asks."""
    _judge(list(args), place, sums_are_plain=True)


def judge_brackets(tokens: Sequence[Token], place: Place) -> None:
    """A whole `[ ... ]` or `[[ ... ]]`. Raises Asked unless it only asks."""
    if len(tokens) < 2 or (tokens[0].text, tokens[-1].text) not in (("[", "]"), ("[[", "]]")):
        raise Unclear("a condition of an unusual kind")
    inner = tokens[1:-1]
    if tokens[0].text == "[" and any(token.kind != "word" for token in inner):
        raise Unclear("an operator of the shell stands in [ ]")
    words = [token.word or Word(token.text, token.text, token.start, token.end) for token in inner]
    _judge(words, place, sums_are_plain=tokens[0].text == "[")


def _judge(words: list[Word], place: Place, *, sums_are_plain: bool) -> None:
    for number, word in enumerate(words):
        text = word.value if word.literal else ""
        before = words[number - 1].value if number else ""
        after = words[number + 1] if number + 1 < len(words) else None
        following = after.value if after else ""
        if text in _SUMS and not sums_are_plain:
            for side in (words[number - 1], after):
                if side is None or not side.literal or not side.value.lstrip("-").isdecimal():
                    raise Asked(f"[[ {text} ]] evaluates what stands beside it")
        if text in _OPERATORS or (text in _OF_FILES and after):
            continue
        if text.startswith("-") and not text[1:].isdecimal():
            raise Asked(f"the condition {text} is not known to be harmless")
        if before in _OF_FILES or before in _BOTH_FILES or following in _BOTH_FILES:
            require_readable(word, place)
        elif word.names:
            require_printable(word, place)
            if sums_are_plain and not (_is_quoted(word) and (before in _BESIDE or following in _COMPARES)):
                raise Asked(f"{word.raw} could be a condition of its own; quote it and compare it")
        elif word.globs and sums_are_plain:
            require_readable(word, place)
        else:
            require_told("test", word)


def _is_quoted(word: Word) -> bool:
    """Whether the value stays one word."""
    return word.raw.startswith('"') and word.raw.endswith('"') and word.raw.count('"') == 2
