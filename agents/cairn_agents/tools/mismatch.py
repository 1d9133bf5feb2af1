"""Why an edit's old text is not in the file: told so that the next try fits."""

import difflib

_LONGEST_SEARCH = 20_000
"""Lines. In a larger file no similar place is looked for."""


def lines_of(text: str, piece: str) -> list[int]:
    """The lines where `piece` begins in `text`, from 1."""
    found: list[int] = []
    at = text.find(piece)
    while at >= 0:
        found.append(text.count("\n", 0, at) + 1)
        at = text.find(piece, at + len(piece))
    return found


def explain(text: str, old: str, name: str) -> str:
    """One message: only the white space differs, or something similar stands there, or nothing does."""
    lines, wanted = text.split("\n"), old.strip("\n").split("\n")
    if place := _same_but_for_space(lines, wanted):
        there = lines[place - 1 : place - 1 + len(wanted)]
        different = next(
            ((a, b) for a, b in zip(wanted, there, strict=True) if a != b), (wanted[0], there[0])
        )
        return (
            f"old is not in {name}, but at line {place} it stands with other white space. "
            f"You gave {_visible(different[0])} and the file has {_visible(different[1])}. "
            "Copy the lines exactly as read shows them, without the line numbers."
        )
    if similar := _similar(lines, wanted):
        place, block = similar
        shown = "\n".join(f"{place + i}\t{line}" for i, line in enumerate(block))
        return f"old is not in {name}. The most similar place begins at line {place}:\n{shown}"
    return f"old is not in {name}, nor anything like it; read the file and copy the lines to change exactly"


def _same_but_for_space(lines: list[str], wanted: list[str]) -> int:
    """The line where `wanted` stands but for blanks and tabs; 0 when it does not."""
    squeezed = ["".join(line.split()) for line in lines]
    target = ["".join(line.split()) for line in wanted]
    if not any(target):
        return 0
    for start in range(len(squeezed) - len(target) + 1):
        if squeezed[start : start + len(target)] == target:
            return start + 1
    return 0


def _similar(lines: list[str], wanted: list[str]) -> tuple[int, list[str]] | None:
    anchor = max(wanted, key=lambda line: len(line.strip()))
    if len(lines) > _LONGEST_SEARCH or len(anchor.strip()) < 4:
        return None
    close = difflib.get_close_matches(anchor, [line for line in lines if line.strip()][:_LONGEST_SEARCH], n=1)
    if not close:
        return None
    start = max(lines.index(close[0]) - wanted.index(anchor), 0)
    return start + 1, [line[:400] for line in lines[start : start + min(len(wanted) + 1, 12)]]


def _visible(line: str) -> str:
    """The line with its white space made visible: tabs as →, leading and trailing blanks as ·."""
    line = line[:200]
    core = line.strip(" ")
    lead = len(line) - len(line.lstrip(" "))
    trail = len(line) - len(line.rstrip(" ")) if core else 0
    marked = "·" * lead + core + "·" * trail
    return "`" + marked.replace("\t", "→").replace("\r", "␍") + "`"
