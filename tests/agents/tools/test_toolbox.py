"""Calls are matched to tools, and what is wrong with one is named."""

import json

from desk import Desk

from cairn_agents.tools.toolbox import Toolbox


async def test_what_is_wrong_with_a_call_is_named(desk: Desk) -> None:
    assert "read, write, edit" in await desk.fails("cat", path="x")
    said = await desk.fails("edit", path="f", olt="a")
    assert "old is missing" in said and "new is missing" in said and "olt is unknown" in said


def test_the_schemas_are_small_and_always_the_same_bytes() -> None:
    usual = ("diagnostics",)  # offered only where somebody looks at files
    first, second = (
        json.dumps(Toolbox(without=usual).schemas(("read", "write", "run", "note"))) for _ in range(2)
    )
    assert first == second
    assert len(first) / 4 < 1_600


async def test_an_optional_argument_that_is_null_counts_as_not_given(desk: Desk) -> None:
    desk.put("f", "a\n")
    assert (await desk("read", path="f", offset=None, limit=None)).text == "1\ta"


async def test_a_long_wrong_value_is_counted_and_not_quoted(desk: Desk) -> None:
    said = await desk.fails("read", path="f", offset="x" * 5_000)
    assert "5,000 characters" in said and len(said) < 300
