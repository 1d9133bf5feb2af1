"""Whether the grammar and our own lexer see the same words: where they part, bash may do what neither says."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cairn_agents.gate.commands.lexer import Token
from cairn_agents.gate.commands.words import Unclear, Word, named

if TYPE_CHECKING:
    from tree_sitter import Node

_WHOLE = named(
    """word string raw_string ansi_c_string translated_string concatenation simple_expansion expansion number
    arithmetic_expansion brace_expression command_substitution process_substitution extglob_pattern regex
    variable_name variable_assignment test_operator file_descriptor heredoc_start special_variable_name"""
)
"""Nodes that are one token each."""
_TEXT = frozenset(("comment", "heredoc_body", "heredoc_end", "heredoc_content"))
_BEFORE = frozenset(("then", "do", "else", "elif", "if", "while", "until", "{", "!"))
"""Words after which a command begins."""
_SEPARATES = frozenset(("&&", "||", ";", "&", "|", "|&", "(", ")", ";;", ";&", ";;&"))


class Words:
    """The words of a command, found by their place. Raises Unclear where grammar and lexer part ways."""

    def __init__(self, root: "Node", text: str, tokens: list[Token]) -> None:
        tokens = [token for token in tokens if token.kind != "comment"]
        spans = sorted(span for span in _spans(root, text) if text[span[0] : span[1]] != ";")
        seen = [(token.start, token.end) for token in tokens if token.kind != "newline" and token.text != ";"]
        if spans != seen:
            raise Unclear("two ways of reading it do not agree")
        self._text = text
        self._tokens = tokens
        self._index = {(token.start): number for number, token in enumerate(tokens)}

    def of(self, node: "Node") -> Word:
        """The word at `node`. Raises Unclear when there is none."""
        start, end = _trimmed(node, self._text)
        token = self._tokens[self._index[start]] if start in self._index else None
        if token is None or token.end != end or token.word is None:
            raise Unclear("two ways of reading it do not agree")
        return token.word

    def within(self, node: "Node") -> list[Token]:
        """The tokens of a node, in order."""
        start, end = _trimmed(node, self._text)
        return [token for token in self._tokens if start <= token.start and token.end <= end]

    def require_one_command(self, first: "Node", last: "Node") -> None:
        """From the program's name to its last argument nothing ends the command, and nothing stands before it."""
        begin, end = self._number(first), self._number(last)
        for token in self._tokens[begin : end + 1]:
            if token.kind == "newline" or token.text in _SEPARATES:
                raise Unclear("two ways of reading it do not agree")
        before = self._tokens[begin - 1] if begin else None
        if before and before.kind == "word" and before.text not in _BEFORE and not self._redirected(begin):
            raise Unclear("two ways of reading it do not agree")
        after = self._tokens[end + 1] if end + 1 < len(self._tokens) else None
        if after and after.kind == "word" and not (after.text == "}" or self._closes(after)):
            raise Unclear("two ways of reading it do not agree")

    def _number(self, node: "Node") -> int:
        start, _ = _trimmed(node, self._text)
        if start not in self._index:
            raise Unclear("two ways of reading it do not agree")
        return self._index[start]

    def _redirected(self, begin: int) -> bool:
        """`> file cat`: what stands before the command belongs to a redirection."""
        return begin >= 2 and self._tokens[begin - 2].text in ("<", ">", ">>", "<<<", "<<", "<<-")

    @staticmethod
    def _closes(token: Token) -> bool:
        return token.text in ("]", "]]")


def _spans(node: "Node", text: str) -> Iterator[tuple[int, int]]:
    kind = node.type
    if kind in _TEXT:
        return
    if kind in _WHOLE or not node.children:
        start, end = _trimmed(node, text)
        if start < end:  # the grammar has newlines as tokens, and empty ones
            yield start, end
        return
    for child in node.children:
        yield from _spans(child, text)


def _trimmed(node: "Node", text: str) -> tuple[int, int]:
    """The grammar counts blanks before some tokens in."""
    start, end = node.start_byte, node.end_byte
    while start < end and text[start] in " \t\n":
        start += 1
    return start, end
