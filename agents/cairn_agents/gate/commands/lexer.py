"""Cuts a command into words and operators, by bash's own rules: a second opinion beside the grammar's.

A grammar for editors is lenient: it makes the best of what it does not know. This one gives up
(`Unclear`) where a word could hold a command, or where it would have to guess. Only where both
see the same words is a command judged at all. Source of the rules: bash(1), "QUOTING", "EXPANSION",
"REDIRECTION", and POSIX.1-2024 XCU 2.3.

The text is the command's UTF-8 bytes, one character for each, so that places are the grammar's.
"""

import re
from dataclasses import dataclass
from typing import Literal

from cairn_agents.gate.commands.words import Unclear, Word, named

_OPERATOR = re.compile(r"<<<|<<-|<<|<&|<>|<|>>|>&|>\||>|&&|&>>|&>|&|\|\||\|&|\||;;&|;;|;&|;|\(|\)")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=,+@%^!\]\x80-\xff-]+")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[?#$!@*0-9-]")
_BRACED = re.compile(r"\{#?([A-Za-z_][A-Za-z0-9_]*|[?#$!@*]|[0-9]+)\}")
_SUM = re.compile(r"\(\(([0-9+\-*/%() \t]+)\)\)")
_SIMPLE_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
_BRACES = re.compile(r"\{[^{}]*(,|\.\.)[^{}]*\}|\{.*\{|\}.*\{.*,")
_DESCRIPTOR = re.compile(r"[0-9]+(?=[<>])")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+")
_OPENS = named("then do else in { ! if while until elif")
"""Words after which the end of a line is nothing but a blank."""
_EXPANDS = re.compile(r"\$[A-Za-z_0-9{(\[?#$!@*'\"-]|`|\\\n")


Kind = Literal["word", "operator", "newline", "comment", "descriptor"]


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is "word", "operator", "newline", "comment" or "descriptor" (the number before a redirection)."""

    kind: Kind
    start: int
    end: int
    text: str
    word: Word | None = None


def tokens(text: str) -> list[Token]:
    """All tokens of a command. Raises Unclear."""
    return _Lexer(text).run()


def for_grammar(text: str, found: list[Token]) -> str:
    """The text with every end of a line that ends a command as `;`, and comments as blanks; all places stay.

    The grammar takes some lines after a pipeline for words of its last command (tree-sitter-bash 0.25.1), so it is
    given what it reads rightly. Here-documents need their lines: with one the text stays.
    """
    if any(token.text in ("<<", "<<-") for token in found):
        return text
    plain = list(text)
    shown = [token for token in found if token.kind != "comment"]
    for token in found:
        if token.kind == "comment":
            plain[token.start : token.end] = " " * (token.end - token.start)
    for before, token, after in zip(shown, shown[1:], [*shown[2:], None], strict=False):
        ends = before.text == ")" or (before.kind == "word" and before.text not in _OPENS)
        if token.kind == "newline" and ends and not (after and after.text in (";;", ";&", ";;&")):
            plain[token.start] = ";"
    return "".join(plain)


class _Lexer:
    """One pass over a command. `_waiting` holds the here-documents whose bodies begin after this line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[Token] = []
        self._waiting: list[tuple[str, bool, bool]] = []

    def run(self) -> list[Token]:
        text = self._text
        while True:
            if blank := _BLANK.match(text, self._at):
                self._at = blank.end()
            if self._at >= len(text):
                break
            self._step(text[self._at])
        if self._waiting:
            raise Unclear("a here-document has no end")
        return self._tokens

    def _step(self, char: str) -> None:
        text, at = self._text, self._at
        if char == "\n":
            self._add("newline", at + 1)
            self._bodies()
        elif char == "#":
            end = text.find("\n", at)
            self._add("comment", len(text) if end < 0 else end)
        elif found := _DESCRIPTOR.match(text, at):
            self._add("descriptor", found.end())
        elif text.startswith(("<(", ">("), at):
            raise Unclear("a process substitution runs another command")
        elif found := _OPERATOR.match(text, at):
            self._add("operator", found.end())
            if found[0] in ("<<", "<<-"):
                self._here(strip=found[0] == "<<-")
        else:
            self._word()

    def _add(self, kind: Kind, end: int) -> None:
        self._tokens.append(Token(kind, self._at, end, self._text[self._at : end]))
        self._at = end

    def _here(self, *, strip: bool) -> None:
        """The word after `<<` says where the body ends, and whether anything in it is expanded."""
        if blank := _BLANK.match(self._text, self._at):
            self._at = blank.end()
        self._word()
        word = self._tokens[-1].word
        if word is None or word.names or not word.value or "\n" in word.value:
            raise Unclear("the end of a here-document is not plain")
        self._waiting.append((word.value, word.quoted, strip))

    def _bodies(self) -> None:
        for ending, quoted, strip in self._waiting:
            while True:
                if self._at >= len(self._text):
                    raise Unclear("a here-document has no end")
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end]
                self._at = min(end + 1, len(self._text))
                if (line.lstrip("\t") if strip else line) == ending:
                    break
                if not quoted and _EXPANDS.search(line + "\n"):
                    raise Unclear(
                        "a here-document is expanded: quote its end word ('EOF') if it is only text"
                    )
        self._waiting = []

    def _word(self) -> None:
        reader = _WordReader(self._text, self._at)
        word = reader.read()
        if word.end == self._at:
            found = repr(self._text[self._at]) if self._at < len(self._text) else "its end"
            raise Unclear(f"{found} stands where no word begins")
        if word.raw.startswith("{") and self._text[word.end : word.end + 1] in ("<", ">"):
            raise Unclear("a redirection that sets a variable")
        self._tokens.append(Token("word", word.start, word.end, word.raw, word))
        self._at = word.end


class _WordReader:
    """Reads one word, quotes and all."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._start, self._at = text, start, start
        self._value: list[str] = []
        self._shape: list[str] = []
        """The value with what was quoted blotted out: what of it is still special."""
        self._names: list[str] = []
        self._quoted = False

    def read(self) -> Word:
        text, size = self._text, len(self._text)
        while self._at < size:
            char = text[self._at]
            if found := _PLAIN.match(text, self._at):
                self._take(found[0], found.end(), special=True)
            elif char in " \t\n;&|<>)":
                break
            elif char == "(":
                raise Unclear("a parenthesis follows a word: a function, a list or a pattern")
            else:
                self._special(char)
        shape, value = "".join(self._shape), "".join(self._value)
        globs = re.search(r"[*?]|\[", shape) is not None
        return Word(
            raw=_decoded(text[self._start : self._at]),
            value=_decoded(value),
            start=self._start,
            end=self._at,
            names=tuple(self._names),
            globs=globs,
            braces="{" in shape and _BRACES.search(shape) is not None,
            tilde=shape.startswith("~") or "=~" in shape or ":~" in shape,
            quoted=self._quoted,
            masked=globs and self._quoted,
        )

    def _take(self, value: str, end: int, *, special: bool = False) -> None:
        self._value.append(value)
        self._shape.append(value if special else "\0" * len(value))
        self._at = end

    def _special(self, char: str) -> None:
        if char == "'":
            end = self._text.find("'", self._at + 1)
            if end < 0:
                raise Unclear("a quote is not closed")
            self._quoted = True
            self._take(self._text[self._at + 1 : end], end + 1)
        elif char == '"':
            self._double()
        elif char == "\\":
            self._escaped()
        elif char == "$":
            self._dollar(quoted=False)
        elif char == "`":
            raise Unclear("a command substitution runs another command")
        else:  # * ? [ { } ~ #
            self._take(char, self._at + 1, special=True)

    def _escaped(self) -> None:
        if self._at + 1 >= len(self._text) or self._text[self._at + 1] == "\n":
            raise Unclear("a backslash ends a line or the command within a word")
        self._quoted = True
        self._take(self._text[self._at + 1], self._at + 2)

    def _double(self) -> None:
        text = self._text
        self._quoted = True
        self._at += 1
        while self._at < len(text):
            char = text[self._at]
            if found := _IN_QUOTES.match(text, self._at):
                self._take(found[0], found.end())
            elif char == '"':
                self._at += 1
                return
            elif char == "`":
                raise Unclear("a command substitution runs another command")
            elif char == "$":
                self._dollar(quoted=True)
            elif text[self._at + 1 : self._at + 2] == "\n":
                self._at += 2
            elif text[self._at + 1 : self._at + 2] in tuple('$`"\\'):
                self._take(text[self._at + 1], self._at + 2)
            else:
                self._take("\\", self._at + 1)
        raise Unclear("a quote is not closed")

    def _dollar(self, *, quoted: bool) -> None:
        text, after = self._text, self._at + 1
        following = text[after : after + 1]
        if found := _BRACED.match(text, after):
            self._names.append(found[1])
            self._at = found.end()
        elif found := _NAME.match(text, after):
            self._names.append(found[0])
            self._at = found.end()
        elif found := _SUM.match(text, after):
            self._names.append("")
            self._at = found.end()
        elif following == "(":
            raise Unclear("a command substitution runs another command")
        elif following == "{":
            raise Unclear("an expansion can do more than give a value")
        elif following == "[" or (following == '"' and not quoted):
            raise Unclear("an expansion of an unusual kind")
        elif following == "'" and not quoted:
            self._ansi()
        else:
            self._take("$", after)

    def _ansi(self) -> None:
        """`$'...'`: only the plain escapes; numbers could spell anything."""
        text, at = self._text, self._at + 2
        value: list[str] = []
        while at < len(text) and text[at] != "'":
            if text[at] == "\\":
                plain = _SIMPLE_ESCAPES.get(text[at + 1 : at + 2])
                if plain is None:
                    raise Unclear("an escape in $'...' spells a character by its number")
                value.append(plain)
                at += 2
            else:
                value.append(text[at])
                at += 1
        if at >= len(text):
            raise Unclear("a quote is not closed")
        self._quoted = True
        self._take("".join(value), at + 1)


def _decoded(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")
