"""Text of unknown origin inside Markdown, by any text hypothesis can think of."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cairn_server.documents.markdown import code, fenced, plain, quoted, shortened, visible

pieces = st.one_of(
    st.sampled_from(
        ["```", "````", "~~~", "\n", "\n\n", "# ", "> ", "- ", "===", "---", "    ", "\x1b", "\u202e", "<a>"]
    ),
    st.characters(),
)
nasty = st.lists(pieces, max_size=30).map("".join)
ALLOWED = {"\n", "\t", "\u200c", "\u200d"}


def _tokens(markdown: str) -> list[str]:
    return [token.type for token in MarkdownIt("commonmark").parse(markdown)]


@given(nasty)
def test_a_fence_is_never_left(text: str) -> None:
    assert _tokens(f"{fenced(text, 'text')}\n## after\n") == [
        "fence", "heading_open", "inline", "heading_close"
    ]  # fmt: skip


@given(nasty)
def test_a_quotation_is_never_left_and_has_no_heading(text: str) -> None:
    tokens = _tokens(f"{quoted(text)}\n## after\n")
    assert tokens[-3:] == ["heading_open", "inline", "heading_close"]
    assert tokens[0] == "blockquote_open"
    assert tokens[-4] == "blockquote_close"


@given(nasty)
def test_a_plain_line_is_one_paragraph_of_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"# x {plain(text, 60)}\n")
    assert [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]
    assert {child.type for child in tokens[1].children or []} <= {"text", "text_special"}


@given(nasty)
def test_inline_code_stays_code(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"x {code(text)} y\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    before, inline, after = tokens[1].children or []
    assert (before.content, inline.type, after.content) == ("x ", "code_inline", " y")


@given(nasty)
def test_no_character_is_left_that_acts_instead_of_showing(text: str) -> None:
    shown = {c for c in visible(text) if unicodedata.category(c) in ("Cc", "Zl", "Zp")}
    assert shown <= ALLOWED
    assert not [c for c in visible(text) if unicodedata.bidirectional(c) in _TURNING]


_TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(max_size=500), st.integers(1, 20), st.integers(10, 200))
def test_shortened_text_keeps_its_end(text: str, lines: int, characters: int) -> None:
    short = shortened(text, lines, characters)
    assert len(short) <= max(characters + 40, 1)
    assert text.strip("\n").split("\n")[-1][-3:] in short
