"""What a shell command comes to, part by part: whether each only reads, and if not, what it may do.

The whole gate for shell commands rests on one rule: what is not proven to be read-only is asked about.
"""

import os
import unicodedata
from dataclasses import dataclass, replace

from cairn_agents.gate.commands import dangers, lexer, loose, parse
from cairn_agents.gate.commands.agree import Words
from cairn_agents.gate.commands.programs import judge_of
from cairn_agents.gate.commands.reach import Place
from cairn_agents.gate.commands.structure import Part, Structure
from cairn_agents.gate.commands.words import Asked, Unclear, Word
from cairn_memory.events import Risk

MOST_PARTS = 200
MOST_TOKENS = 1_000
PARSED = 3_000
"""Bytes of a command that is parsed although it is not understood: the grammar takes the square of some texts' length."""
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")


@dataclass(frozen=True, slots=True)
class Analysis:
    """`unclear` says why the parts may not be all there is ("" when they surely are); no pattern speaks for them then.

    `whole` is what only the parts together do: a reason, "" when there is none.
    """

    command: str
    parts: tuple[Part, ...] = ()
    unclear: str = ""
    whole: str = ""

    @property
    def reads_only(self) -> bool:
        return not self.unclear and all(not part.reason for part in self.parts)

    @property
    def risk(self) -> Risk:
        """The worst of what it may do."""
        risks: list[Risk] = [part.risk for part in self.parts]
        if self.whole:
            risks.append("destructive")
        if self.unclear:
            risks.append("run")
        return dangers.worst(risks)

    @property
    def reason(self) -> str:
        """Why it is asked about, in one line; "" when it only reads."""
        if self.reads_only:
            return ""
        worst = max(
            self.parts, key=lambda part: (dangers.WORST.index(part.risk), bool(part.reason)), default=None
        )
        reason = self.whole or (
            worst.reason if worst and (not self.unclear or worst.risk not in ("read", "run")) else ""
        )
        if not self.unclear:
            return reason
        return f"{reason}; {self.unclear}" if reason else self.unclear


def analyse(command: str, root: str, path: str | None = None) -> Analysis:
    """Takes a command apart that would run in the folder `root`. `path` is where its programs are looked for.

    It looks at names in the workspace and runs nothing. Raises nothing: what it cannot make out is unclear.
    """
    place = Place.of(root, os.environ.get("PATH", "") if path is None else path)
    try:
        text = command.encode("utf-8").decode("latin-1")
    except UnicodeEncodeError:
        return Analysis(command, unclear="it is no valid text")
    if len(text) > parse.LONGEST:
        return _as_can_be(command, text, place, f"it is longer than {parse.LONGEST:,} bytes")
    try:
        parts = _parts(command, text, place)
        whole = dangers.of_whole(command) if any(part.reason for part in parts) else None
        return Analysis(command, parts, whole=whole[1] if whole else "")
    except Unclear as unclear:
        return _as_can_be(command, text, place, unclear.reason)
    except RecursionError:
        return Analysis(command, unclear="it is nested too deep")


def _parts(command: str, text: str, place: Place) -> tuple[Part, ...]:
    parse.require_plain(text, command)
    tokens = lexer.tokens(text)
    if len(tokens) > MOST_TOKENS:
        raise Unclear(f"it has more than {MOST_TOKENS} words")
    for token in tokens:
        if token.word is not None and not token.text.isascii():
            _require_honest(token.word)
    if any(token.text in ("<<", "<<-") for token in tokens) and any(token.text == "cd" for token in tokens):
        raise Unclear("a here-document and a change of folder stand together")
    plain = lexer.for_grammar(text, tokens)
    root = parse.tree(plain)
    if root.has_error:
        plain, root = text, parse.tree(text)
    parse.require_sound(root)
    structure = Structure(Words(root, plain, tokens), plain)
    structure.run(root, place)
    if len(structure.parts) > MOST_PARTS:
        raise Unclear(f"it has more than {MOST_PARTS} parts")
    if all(not part.reason for part in structure.parts):
        return tuple(structure.parts)
    return tuple(_with_danger(part, place) for part in structure.parts)


def _with_danger(part: Part, place: Place) -> Part:
    """A part that is asked about, with the worst that it may do."""
    if not part.reason:
        return part
    operator = part.words[0] if part.words and part.words[0].strip("<>&|") == "" else ""
    call = (
        loose.Call(part.text, (), ((operator, part.words[1]),))
        if operator
        else loose.Call(part.text, part.words)
    )
    risk, reason = dangers.of_call(call, place.root)
    if risk == "write" and part.risk == "run" and part.words and judge_of(part.words[0]) is None:
        return replace(part, risk=risk, reason=reason)
    if dangers.WORST.index(risk) < dangers.WORST.index(part.risk):
        return part
    return replace(part, risk=risk, reason=reason if reason and risk not in ("run", "write") else part.reason)


def _as_can_be(command: str, text: str, place: Place, unclear: str) -> Analysis:
    """The parts of a command that is not understood, for the person who is asked and for rules that deny."""
    calls = loose.rough(command) if len(text) > PARSED else loose.calls(parse.tree(text), text)
    parts: list[Part] = []
    for call in dict.fromkeys(calls):
        risk, reason = dangers.of_call(call, place.root)
        words = call.words or tuple(word for target in call.targets for word in target)
        parts.append(Part(call.text, words, reason or unclear, risk, plain=False))
    whole = dangers.of_whole(command)
    return Analysis(command, tuple(parts), unclear, whole[1] if whole else "")


def _require_honest(word: Word) -> None:
    """Characters beyond ASCII only in quotes, and none that passes for another. Raises Asked."""
    if not word.quoted:
        raise Unclear(f"{word.raw} holds characters that look like others, outside quotes")
    if not word.value.isprintable() and any(not c.isprintable() and c not in "\n\t" for c in word.value):
        raise Unclear("it holds invisible characters")
    if word.value and not word.value[0].isascii() and unicodedata.category(word.value[0]) == "Pd":
        raise Unclear(f"{word.raw} begins with a dash that is none")
    for run in "".join(c if c.isalpha() else " " for c in word.value).split():
        if not run.isascii() and len({_script(c) for c in run} & set(_SCRIPTS)) > 1:
            raise Unclear(f"{word.raw} mixes letters of several scripts in one word")


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split()[0]


__all__ = ["Analysis", "Asked", "Part", "analyse"]
