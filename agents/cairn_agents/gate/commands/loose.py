"""Every call that can be made out anywhere in a command, substitutions too, as well as can be: for what is asked about.

Never for a proof that something is harmless: words are unquoted roughly, and what is hidden stays hidden.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cairn_agents.gate.commands.words import named

if TYPE_CHECKING:
    from tree_sitter import Node

_SEPARATES = re.compile(r"[;&|\n(){}`]")
_TARGET = re.compile(r"([<>]{1,2})&?\s*([^\s<>]+)")
_QUOTES = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)
_WORDS = named(
    """command_name word string raw_string ansi_c_string translated_string concatenation simple_expansion expansion number
    command_substitution process_substitution arithmetic_expansion brace_expression variable_assignment"""
)


@dataclass(frozen=True, slots=True)
class Call:
    """`words` begin with the program; `targets` are the files it is redirected to, with the operator."""

    text: str
    words: tuple[str, ...]
    targets: tuple[tuple[str, str], ...] = ()


def calls(root: "Node", text: str) -> list[Call]:
    """All calls and redirections in the tree, in the order of the source."""
    found: list[Call] = []
    for node in _walk(root):
        if node.type in ("command", "declaration_command", "unset_command"):
            parts = [c for c in node.children if c.type in _WORDS or not c.is_named]
            words = tuple(_unquoted(_text(c, text)) for c in parts)
            found.append(Call(" ".join(_text(c, text) for c in parts), words))
        elif node.type == "file_redirect":
            operator = next((c.type for c in node.children if not c.is_named), ">")
            target = _unquoted(_text(node.named_children[-1], text)) if node.named_children else ""
            found.append(Call(_text(node, text), (), ((operator, target),)))
        elif node.type == "variable_assignment" and node.parent is not None and node.parent.type != "command":
            found.append(Call(_text(node, text), (_text(node, text),)))
    return found


def rough(command: str) -> list[Call]:
    """The same without a tree, in linear time: for a command too long to be parsed. What stands between separators
    counts as a call, in quotes too, so it finds more calls than there are, and misses none of a plain kind."""
    found: dict[str, Call] = {}
    for piece in _SEPARATES.split(command):
        text = piece.strip(" \t$'\"")
        if text and text not in found:
            targets = tuple((operator, target) for operator, target in _TARGET.findall(text))
            found[text] = Call(text, tuple(_unquoted(text).split()), targets)
    return list(found.values())


def _walk(node: "Node") -> Iterator["Node"]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.children))


def _text(node: "Node", text: str) -> str:
    return text[node.start_byte : node.end_byte].strip().encode("latin-1").decode("utf-8", "replace")


def _unquoted(raw: str) -> str:
    return _QUOTES.sub(lambda found: found[1] or found[2] or found[3] or "", raw)
