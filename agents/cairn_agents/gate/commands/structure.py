"""Goes through a command's tree, part by part: pipelines, lists, subshells, conditions, loops, redirections.

Each program that is called and each redirection becomes a part with a verdict of its own. What could
change what a later part means (functions, aliases, variables that programs obey) is not gone into:
the command is `Unclear` then, or the part is asked about.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cairn_agents.gate.commands.agree import Words
from cairn_agents.gate.commands.builtin import read_names, require_own_name, require_printable
from cairn_agents.gate.commands.conditions import judge_brackets
from cairn_agents.gate.commands.options import require_told
from cairn_agents.gate.commands.programs import judge_of
from cairn_agents.gate.commands.reach import Place, folder_of, require_readable
from cairn_agents.gate.commands.words import Asked, Unclear, Word, named
from cairn_memory.events import Risk

if TYPE_CHECKING:
    from tree_sitter import Node

Bases = frozenset[str]
After = tuple[Bases, Bases]
"""The folders a command may stand in when it came out well, and when it failed."""

_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*|:")
_BUILTIN = named(": echo printf read set command type test exit true false cd pwd")
_HARMLESS_TARGETS = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr"))
_NUMBER = re.compile(r"[0-9]+-?|-")
_PREFIX = re.compile(
    r"(?:(?:LC_[A-Z]+|LANG)=(?:C|POSIX|C\.UTF-8|C\.utf8|en_US\.UTF-8)|NO_COLOR=[01]?|CI=(?:1|true)?|TERM=dumb"
    r"|COLUMNS=[0-9]{1,4}|TZ=[A-Za-z][A-Za-z0-9+-]*)"
)
"""Variables before a command that change no more than how its answer looks."""


@dataclass(frozen=True, slots=True)
class Part:
    """One call of a program, or one redirection. `reason` is "" where it only reads.

    `words` are its words without quotes. `plain` says whether they are what the program gets, so that a pattern may
    speak for it.
    """

    text: str
    words: tuple[str, ...]
    reason: str = ""
    risk: Risk = "read"
    plain: bool = True


class Structure:
    """One walk. `parts` grow in the order of the source; raises Unclear when they would not be all there is."""

    def __init__(self, words: Words, text: str) -> None:
        self.parts: list[Part] = []
        self._words = words
        self._text = text
        self._variables: frozenset[str] = frozenset()

    def run(self, node: "Node", place: Place) -> After:
        """Goes through `node`, begun in any of the folders of `place`."""
        handler = self._HANDLERS.get(node.type)
        if handler is None:
            raise Unclear(f"it holds what is not gone into here ({node.type.replace('_', ' ')})")
        return handler(self, node, place)

    # --- what holds commands ------------------------------------------------------------------

    def _all(self, nodes: Iterable["Node"], place: Place, *, in_case: bool = False) -> After:
        """One after another, whatever comes of each."""
        last: After = (place.bases, place.bases)
        for node in nodes:
            if node.is_named and node.type != "comment":
                last = self.run(node, place)
                place = place.moved(last[0] | last[1])
            elif node.type == "&":
                raise Unclear("it goes on in the background")
            elif node.type in (";;", ";&", ";;&") and not in_case:
                raise Unclear("it cannot be parsed as a whole")
        return last

    def _block(self, node: "Node", place: Place) -> After:
        return self._all(node.children, place)

    def _list(self, node: "Node", place: Place) -> After:
        left, operator, right = _three(node)
        well, failed = self.run(left, place)
        if operator.type == "&&":
            then = self.run(right, place.moved(well))
            return then[0], failed | then[1]
        if operator.type == "||":
            then = self.run(right, place.moved(failed))
            return well | then[0], then[1]
        raise Unclear(f"it holds what is not gone into here ({operator.type})")

    def _pipeline(self, node: "Node", place: Place) -> After:
        for child in node.named_children:
            if child.type != "comment":
                self.run(child, place)
        return place.bases, place.bases

    def _subshell(self, node: "Node", place: Place) -> After:
        self._all(node.children, place)
        return place.bases, place.bases

    def _negated(self, node: "Node", place: Place) -> After:
        well, failed = self._all(node.named_children, place)
        return failed, well

    def _branches(self, node: "Node", place: Place) -> After:
        """if, elif, else: any of it may have run."""
        bases = place.bases
        for child in node.named_children:
            if child.type != "comment":
                well, failed = self.run(child, place.moved(bases))
                bases |= well | failed
        return bases, bases

    def _for(self, node: "Node", place: Place) -> After:
        body = node.child_by_field_name("body")
        variable = node.child_by_field_name("variable")
        if body is None or variable is None or node.children[0].type != "for":
            raise Unclear("a loop of an unusual kind")
        name = self._words.of(variable)
        for child in node.children:
            if child.is_named and child not in (body, variable) and child.type != "comment":
                word = self._words.of(child)
                self._checked(
                    word.raw, (word.raw,), lambda word=word: require_printable(word, self._here(place))
                )
        self._checked(f"for {name.raw}", ("for", name.raw), lambda: require_own_name(name.value))
        self._variables |= {name.value}
        return self._loop(body, place)

    def _while(self, node: "Node", place: Place) -> After:
        body = node.child_by_field_name("body")
        condition = [child for child in node.named_children if child != body and child.type != "comment"]
        if body is None or len(condition) != 1:
            raise Unclear("a loop of an unusual kind")
        kind = node.children[0].type
        if (
            condition[0].type != "command"
            or self._words.within(condition[0])[0].text != "read"
            or kind != "while"
        ):
            self.parts.append(Part(kind, (kind,), "a loop that may not come to an end", "run"))
        self.run(condition[0], place)
        return self._loop(body, place)

    def _loop(self, body: "Node", place: Place) -> After:
        if self.run(body, place) != (place.bases, place.bases):
            raise Unclear("a loop changes its folder")
        return place.bases, place.bases

    def _case(self, node: "Node", place: Place) -> After:
        value = node.child_by_field_name("value")
        if value is None:
            raise Unclear("a case of an unusual kind")
        word = self._words.of(value)
        self._checked(word.raw, (word.raw,), lambda: require_printable(word, self._here(place)))
        bases = place.bases
        for item in node.named_children:
            if item.type == "case_item":
                well, failed = self._case_item(item, place)
                bases |= well | failed
        return bases, bases

    def _case_item(self, item: "Node", place: Place) -> After:
        closing = next((number for number, child in enumerate(item.children) if child.type == ")"), None)
        if closing is None:
            raise Unclear("a case of an unusual kind")
        for child in item.children[:closing]:
            if child.is_named:
                require_told("case", self._words.of(child))
        return self._all(item.children[closing + 1 :], place, in_case=True)

    # --- what is judged -----------------------------------------------------------------------

    def _redirected(self, node: "Node", place: Place) -> After:
        after: After = (place.bases, place.bases)
        alone = all(child.type.endswith("_redirect") for child in node.named_children)
        for child in node.named_children:
            if child.type.endswith("_redirect"):
                self._redirect(child, place, alone=alone)
            else:
                after = self.run(child, place)
        return after

    def _redirect(self, node: "Node", place: Place, *, alone: bool = False) -> None:
        if node.type == "heredoc_redirect":
            for child in node.named_children:
                if child.type.endswith("_redirect"):
                    self._redirect(child, place)
                elif child.type not in (
                    "heredoc_start",
                    "heredoc_body",
                    "heredoc_end",
                    "file_descriptor",
                    "comment",
                ):
                    self.run(child, place)
            return
        target, operator = node.named_children[-1], next(c.type for c in node.children if not c.is_named)
        word = self._words.of(target)
        self._checked(
            f"{operator} {word.raw}",
            (operator, word.value),
            lambda: _judge_redirect(operator, word, self._here(place), alone=alone),
            plain=word.literal,
        )

    def _condition(self, node: "Node", place: Place) -> After:
        tokens = self._words.within(node)
        text = _decoded(" ".join(token.text for token in tokens))
        self._checked(text, (text,), lambda: judge_brackets(tokens, self._here(place)))
        return place.bases, place.bases

    def _assignment(self, node: "Node", place: Place) -> After:
        word = self._words.of(node)
        name, _, _ = word.value.partition("=")

        def judge() -> None:
            require_own_name(name)
            require_printable(word, self._here(place))

        self._checked(word.raw, (word.raw,), judge)
        self._variables |= {name}
        return place.bases, place.bases

    def _command(self, node: "Node", place: Place) -> After:
        named = [child for child in node.children if child.is_named and not child.type.endswith("_redirect")]
        for child in node.named_children:
            if child.type.endswith("_redirect"):
                self._redirect(child, place)
        self._words.require_one_command(named[0], named[-1])
        prefix = [self._words.of(child) for child in named if child.type == "variable_assignment"]
        words = [
            self._words.of(child) for child in named if child.type not in ("variable_assignment", "comment")
        ]
        if not words:
            raise Unclear("a command without a program")
        program, args = words[0], words[1:]
        if not program.literal or (program.quoted and program.raw != "\\["):
            raise Unclear(f"which program {program.raw} is cannot be told from its name")
        every = [*prefix, *words]
        here = self._here(place)
        self._checked(
            " ".join(word.raw for word in every),
            tuple(word.value for word in every),
            lambda: _judge_command(prefix, program, args, here),
            plain=not prefix and all(not word.names and not word.braces and not word.tilde for word in words),
        )
        if program.value == "read":
            self._variables |= frozenset(read_names(args))
        if program.value == "cd" and self.parts[-1].reason == "":
            moved = frozenset(folder_of(args[0].value, base, place.root) for base in place.bases)
            return moved, place.bases
        return place.bases, place.bases

    def _here(self, place: Place) -> Place:
        return Place(place.root, place.bases, place.path, self._variables)

    def _checked(
        self, text: str, words: tuple[str, ...], judge: Callable[[], None], *, plain: bool = True
    ) -> None:
        try:
            judge()
        except Unclear:
            raise
        except Asked as asked:
            self.parts.append(Part(text, words, asked.reason, asked.risk, plain))
        else:
            self.parts.append(Part(text, words, plain=plain))

    _HANDLERS: ClassVar[dict[str, Callable[[Any, "Node", Place], After]]] = {
        "program": _block,
        "compound_statement": _block,
        "do_group": _block,
        "else_clause": _block,
        "list": _list,
        "pipeline": _pipeline,
        "subshell": _subshell,
        "negated_command": _negated,
        "if_statement": _branches,
        "elif_clause": _branches,
        "for_statement": _for,
        "while_statement": _while,
        "case_statement": _case,
        "redirected_statement": _redirected,
        "test_command": _condition,
        "variable_assignment": _assignment,
        "command": _command,
    }


def _three(node: "Node") -> tuple["Node", "Node", "Node"]:
    children = [child for child in node.children if child.type != "comment" and child.type != "\n"]
    if len(children) != 3:
        raise Unclear("a list of an unusual kind")
    return children[0], children[1], children[2]


def _decoded(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def _judge_redirect(operator: str, word: Word, place: Place, *, alone: bool) -> None:
    if operator in ("<&", ">&") and word.literal and _NUMBER.fullmatch(word.value):
        return
    if operator == "<<<":
        require_printable(word, place)
        return
    if operator == "<":
        require_readable(word, place)
        return
    if not (word.literal and word.value in _HARMLESS_TARGETS):
        if alone and operator in (">", ">|"):
            raise Asked(f"it empties {word.raw}", "destructive")
        raise Asked(f"it writes to {word.raw}", "write")


def _judge_command(prefix: list[Word], program: Word, args: list[Word], place: Place) -> None:
    for word in prefix:
        if not word.literal or not _PREFIX.fullmatch(word.value):
            raise Asked(f"{word.raw} before a command may change what it runs")
    if "/" in program.value:
        raise Asked(f"{program.value} is a file, not the program of that name")
    if not _PROGRAM.fullmatch(program.value):
        raise Asked(f"{program.value} is no plain name of a program")
    if program.value == "cd":
        _judge_cd(args, place)
        return
    judge = judge_of(program.value)
    if judge is None:
        raise Asked(f"{program.value} is not known to only read")
    if program.value not in _BUILTIN:
        _require_not_shadowed(program.value, place)
    judge(args, place)


def _judge_cd(args: list[Word], place: Place) -> None:
    if len(args) != 1 or not args[0].literal or not args[0].value or args[0].value.startswith("-"):
        raise Asked("where cd leads cannot be told", "outside")
    for base in place.bases:
        real = folder_of(args[0].value, base, place.root)
        if real != os.path.normpath(os.path.join(base, args[0].value)):
            raise Asked(f"cd {args[0].value} goes through a link")


def _require_not_shadowed(name: str, place: Place) -> None:
    """The program that PATH finds first must not be a file of the workspace. Raises Asked."""
    for folder in place.path.split(os.pathsep):
        for base in place.bases if not os.path.isabs(folder) else (place.root,):
            found = os.path.join(base, folder, name)
            if os.path.isfile(found):
                if found.startswith(place.root + os.sep):
                    raise Asked(
                        f"{name} is a file of this workspace here: {os.path.relpath(found, place.root)}"
                    )
                return
