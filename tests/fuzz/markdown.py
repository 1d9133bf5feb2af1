"""Fuzzes the Markdown of the memory: what is read is kept byte for byte, and an edit touches only its lines.

python tests/fuzz/markdown.py --seconds 60 --seed 1
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutating import main

from cairn_memory.markdown import Document
from cairn_memory.recall.checkpoint import Checkpoint
from cairn_memory.recall.page import hand_edit

MODULES = ("cairn_memory/markdown", "cairn_memory/recall/page", "cairn_memory/recall/checkpoint")
TOKENS = (
    *(b"# ", b"## Rules\n", b"### ", b"- ", b"* ", b"+ ", b"1. ", b"10) ", b"  - ", b"\t- ", b"    code\n"),
    *(b"```\n", b"~~~\n", b"<!-- ", b" -->", b"---\n", b"===\n", b"* * *\n", b"> quote\n", b"| a | b |\n"),
    *(
        b"\r\n",
        b"\n\n",
        b"\r",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\x0c",
        b" (e12, e13)",
        b"## Decisions\n",
        b"-",
    ),
)


def one(data: bytes) -> None:
    """The text is kept; each block can be taken out and put in anew, and nothing else moves."""
    text = data.decode("utf-8", "replace")
    document = Document(text)
    assert "".join(document.lines) == text
    end = 0
    for section in document.sections:
        assert end <= section.body <= section.end
        for block in section.blocks[:20]:
            assert section.body <= block.start < block.end <= section.end
            _edited(document, block.start, block.end)
        end = section.end
    assert end == len(document.lines)
    added = document.add("Rules", "- the line that comes in")
    assert len(added.text) >= len(text) and "- the line that comes in" in added.text
    page = hand_edit("", text, Checkpoint(number=1, covers=1))
    assert hand_edit(text, text, page) == page


def _edited(document: Document, start: int, end: int) -> None:
    block = next(
        block
        for section in document.sections
        for block in section.blocks
        if (block.start, block.end) == (start, end)
    )
    before, after = "".join(document.lines[:start]), "".join(document.lines[end:])
    assert document.remove(block).text == before + after
    replaced = document.replace(block, "- instead").text
    assert replaced.startswith(before) and replaced.endswith(after)


if __name__ == "__main__":
    sys.exit(main("markdown", one, MODULES, TOKENS))
