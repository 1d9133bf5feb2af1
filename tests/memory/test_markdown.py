"""Markdown files are read by line, and an edit changes the lines it names and no other byte."""

from hypothesis import example, given
from hypothesis import strategies as st

from cairn_memory.markdown import Document

LINES = (
    "# Memory",
    "## Rules",
    "### Git",
    "Facts",
    "-----",
    "=====",
    "- a claim",
    "* another  ",
    "1. numbered",
    "  - nested",
    "  goes on",
    "lazy",
    "",
    "   ",
    "\t- tab",
    "```",
    "~~~~ python",
    "<!-- hidden",
    "-->",
    "> quote",
    "- ",
    "---",
    "a\u2028b\x0cc",
    "## Ünï 漢字 ##",
)


def put_together(bom: str, lines: list[tuple[str, str]], last: str) -> str:
    return bom + "".join(f"{line}{ending}" for line, ending in lines) + last


texts = st.builds(
    put_together,
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(["\n", "\r\n"])), max_size=20),
    st.sampled_from(["", "- no end", "no end\r"]),
)
anything = st.one_of(texts, st.text())


def bullets(text: str) -> list[tuple[str, str]]:
    """(heading, text) of every bullet."""
    return [
        (section.heading, block.text)
        for section in Document(text).sections
        for block in section.blocks
        if block.bullet
    ]


@given(anything)
def test_every_text_is_kept_byte_for_byte_and_every_line_lies_in_one_section(text: str) -> None:
    document = Document(text)
    assert "".join(document.lines) == document.text == text
    end = 0
    for section in document.sections:
        assert end <= section.body <= section.end
        for block in section.blocks:
            assert section.body <= block.start < block.end <= section.end
            assert block.start >= end
            end = block.end
        end = section.end
    assert end == len(document.lines)


@given(texts, st.sampled_from(["Rules", "Git", "Facts", "New"]))
def test_a_line_comes_in_and_all_else_stays(text: str, heading: str) -> None:
    document = Document(text)
    added = document.add(heading, "- the new claim")
    new = list(added.lines)
    (at,) = [at for at, line in enumerate(new) if line.rstrip("\r\n") == "- the new claim"]
    before, after = "".join(new[:at]), "".join(new[at + 1 :])
    if not text.endswith(after):  # an underlined heading stands right behind
        after = after.removeprefix("\r").removeprefix("\n")
    assert text.endswith(after)
    assert before.startswith(text[: len(text) - len(after)])
    assert before[len(text) - len(after) :].strip("#\r\n ") in ("", heading)
    assert (heading, "the new claim") in bullets(added.text)


@given(texts)
@example("- a\n- b")
def test_a_block_that_is_removed_takes_nothing_with_it(text: str) -> None:
    document = Document(text)
    for block in [block for section in document.sections for block in section.blocks]:
        rest = document.remove(block).text
        assert rest == "".join(document.lines[: block.start] + document.lines[block.end :])
        replaced = document.replace(block, "- instead").text
        ending = document.lines[block.end - 1].removeprefix(document.lines[block.end - 1].rstrip("\r\n"))
        assert replaced.startswith("".join(document.lines[: block.start]) + "- instead")
        assert replaced.endswith("".join(document.lines[block.end :]))
        assert ending.endswith("\n") or replaced.endswith("- instead")


@given(texts.filter(lambda text: ("Rules", "old") not in bullets(text)))
def test_adding_and_removing_gives_the_text_back(text: str) -> None:
    text += ("" if text.endswith("\n") or not text else "\n") + "## Added\n\n- old\n"
    document = Document(text).add("Added", "- new")
    (block,) = [block for section in document.sections for block in section.blocks if block.text == "new"]
    assert document.remove(block).text == text


def test_a_bullet_is_one_with_what_belongs_to_it() -> None:
    text = (
        "- one\n  goes on\n\n  and on\n  - nested\nlazy\n\n- two\n1. three\nprose\n\n"
        "apart\n- four\n# Next\n- five\n"
    )
    assert bullets(text) == [
        ("", "one\ngoes on\n\nand on\n- nested\nlazy"),
        ("", "two"),
        ("", "three\nprose"),
        ("", "four"),
        ("Next", "five"),
    ]


def test_what_is_hidden_or_code_is_no_bullet_unless_nobody_closed_it() -> None:
    assert bullets("```\n- code\n# no heading\n```\n- seen\n") == [("", "seen")]
    assert bullets("<!-- - no\n- hidden\n-->\n- seen\n") == [("", "seen")]
    assert bullets("---\ntitle: x\n- no\n---\n- seen\n") == [("", "seen")]
    assert bullets("* * *\n    - code\n- seen\n") == [("", "seen")]
    assert bullets("```\n- seen\n## Rules\n- rule\n") == [("", "seen"), ("Rules", "rule")]
    assert bullets("<!-- oh\n\n- seen\n") == [("", "seen")]


def test_headings_of_both_kinds_are_found_and_lie_in_one_another() -> None:
    document = Document("\ufeff# Memory #\n\nRules:\n------\n- a\n### Git\n- b\n## Facts\n- c\n")
    assert document.title == "Memory"
    assert [section.within for section in document.sections[1:]] == [
        ("Memory",),
        ("Memory", "Rules:"),
        ("Memory", "Rules:", "Git"),
        ("Memory", "Facts"),
    ]
    assert document.section("RULES") is document.sections[2]


def test_new_lines_end_as_the_others_do_and_a_missing_last_end_stays_missing() -> None:
    assert Document("## A\r\n- x\r\n").add("A", "- y").text == "## A\r\n- x\r\n- y\r\n"
    assert Document("## A\r\n- x").add("A", "- y").text == "## A\r\n- x\r\n- y"
    assert Document("- x").add("A", "- y").text == "- x\n\n## A\n\n- y"
    assert Document("").add("A", "- y").text == "## A\n\n- y\n"
    assert Document("## A\n## B\n- z\n").add("A", "- y").text == "## A\n\n- y\n## B\n- z\n"
    assert Document("## A\nB\n---\n").add("A", "- y").text == "## A\n\n- y\n\nB\n---\n"
    assert Document("## A\nprose\n\n\n## B\n").add("A", "- y").text == "## A\nprose\n\n- y\n\n\n## B\n"
