"""The grammar's tree of a command (tree-sitter-bash), loaded when the first command is judged."""

import re
from functools import cache
from typing import TYPE_CHECKING

from cairn_agents.gate.commands.words import Unclear

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LONGEST = 20_000
"""Bytes. A longer command is not taken apart: nobody can look it over either."""
DEEPEST = 60
"""Levels of the tree."""
_ODD_BLANKS = "\r\v\f"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def tree(text: str) -> "Node":
    """The tree of `text` (UTF-8 bytes as Latin-1), the parts that could not be read included; places are the text's own.

    The grammar's scanner asks `isdigit` of whatever character stands in braces, and a large one takes the process down
    (tree-sitter-bash 0.25.1). To bash all that is not ASCII is part of a word, and of no name: so is `%`.
    """
    return _parser().parse(_BEYOND_ASCII.sub("%", text).encode("ascii")).root_node


@cache
def _parser() -> "Parser":
    import tree_sitter_bash  # 20 ms with its library: only when a command is judged
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def require_plain(text: str, command: str) -> None:
    """Refuses what hides something from a reader: control characters, invisible or unusual ones, too much. Raises Unclear."""
    if len(text) > LONGEST:
        raise Unclear(f"it is longer than {LONGEST:,} bytes")
    for char in _ODD_BLANKS:
        if char in text:
            raise Unclear(f"it holds the control character {char!r}")
    if not command.isascii() or not command.isprintable():
        for char in command:
            if not char.isprintable() and char not in "\n\t":
                raise Unclear(f"it holds the control or invisible character {char!a}")


def require_sound(root: "Node") -> None:
    """Refuses a tree with gaps or without end. Raises Unclear."""
    if root.has_error:
        raise Unclear("it cannot be parsed as a whole")
    depth, level = 0, [root]
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Unclear(f"it is nested more than {DEEPEST} deep")
        level = [child for node in level for child in node.children]
