"""The names a session works with: files and identifiers, and how much each matters now.

A name gains weight each time it is used or seen, and loses half of it over HALF_LIFE calls; what
was changed counts more than what was read, and that more than what was merely shown. A part of
the weight does not fade: a name used all along stays known.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

HALF_LIFE = 40
"""Calls after which a name's fading weight is half."""
LASTING = 0.25
"""Share of a weight that does not fade."""
MOST = 6_000
"""Names that are kept; when there are more, the third that weighs least is forgotten."""
IN_A_TEXT = 400
"""Different names of one text that count."""

_CHUNK = re.compile(r"[\w.@~+\-/$]{4,}")
_LINE_OF_FILE = re.compile(r"(?<=\w)(\.[A-Za-z]\w{0,7})[-:]\d+[-:]")
_WORD = re.compile(r"\w+")
_HUMP = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]|[A-Za-z0-9]_[A-Za-z0-9]")
_ESCAPE = re.compile(r"\\[nrt]|\\b(?=[A-Z])|\x1b\[[\d;]*m")
_KNOWN = (
    "bash c cc cfg clj conf cpp cs css csv cts cxx dart db diff ex exs fish go gradle h hh hpp hs htm html ini "
    "ipynb java jl js json json5 jsonc jsonl jsx kt kts less lock log lua m md mdx mjs mk ml mod mts nix "
    "patch php pl plist png po proto ps1 py pyi r rb rs rst sass scala scss sh sql sum svelte svg swift tex "
    "tf toml ts tsv tsx txt vim vue xml yaml yml zig zsh"
)
EXTENSIONS = frozenset(_KNOWN.split())
"""Of a bare name: `plan.md` is a file, `table.clear` and `v1.2` are none."""


LONGEST = 80
"""Characters of an identifier; what is longer is data."""


def names_in(text: str) -> tuple[list[str], list[str]]:
    """The different files that `text` names, as they stand there, and its identifiers that are no part of those.

    An identifier is a word whose form shows that it is one: parseDecl, ParseDecl, parse_decl, MAX_SIZE.
    """
    files, symbols = dict[str, None](), dict[str, None]()
    if "\\" in text or "\x1b" in text:
        text = _ESCAPE.sub(" ", text)
    for chunk in dict.fromkeys(_CHUNK.findall(_LINE_OF_FILE.sub(r"\1 ", text))):
        bare = chunk.rstrip(".-+/")
        stem, _, extension = bare.rpartition(".")
        if stem and len(bare) <= 300 and extension.lower() in EXTENSIONS:
            files[bare] = None
        elif not chunk.islower() or "_" in chunk:
            for word in _WORD.findall(chunk):
                if 4 <= len(word) <= LONGEST and _HUMP.search(word) and not word.startswith("__"):
                    symbols[word] = None
    return list(files)[:IN_A_TEXT], list(symbols)[:IN_A_TEXT]


@dataclass(slots=True)
class Name:
    """One name. `home` is the file it was last met in ("" when unknown), `used` whether the agent itself ever used it."""

    text: str
    fading: float = 0.0
    lasting: float = 0.0
    at: int = 0
    home: str = ""
    home_weight: float = 0.0
    used: bool = False
    event: int = 0

    def weight(self, now: int) -> float:
        return self.fading * 0.5 ** ((now - self.at) / HALF_LIFE) + self.lasting


class Names:
    """The working set of names. `step` counts the calls so far and is what weights fade by."""

    def __init__(self) -> None:
        self.known: dict[str, Name] = {}
        self.step = 0

    def meet(
        self, texts: Iterable[str], weight: float, event: int, home: str = "", used: bool = False
    ) -> None:
        """Each different name of `texts` gains `weight`; `home` is the file it stands in."""
        for text in dict.fromkeys(texts):
            name = self.known.get(text)
            if name is None:
                name = self.known[text] = Name(text, at=self.step)
            name.fading = name.fading * 0.5 ** ((self.step - name.at) / HALF_LIFE) + weight
            name.lasting += weight * LASTING
            name.at, name.event = self.step, event
            name.used = name.used or used
            if home and weight >= name.home_weight:
                name.home, name.home_weight = home, weight
        if len(self.known) > MOST:
            self._forget()

    def best(self) -> list[Name]:
        """All names, the weightiest first."""
        return sorted(self.known.values(), key=lambda name: -name.weight(self.step))

    def _forget(self) -> None:
        for name in self.best()[MOST * 2 // 3 :]:
            del self.known[name.text]
