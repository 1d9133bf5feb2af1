"""What comes in from a client: bounded, never an unnamed error, and the same however its bytes arrive."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_server.incoming import DEEPEST, LARGEST_MESSAGE, BadMessage, TooLong, parse, read_line

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, max_size=5)
LIMIT = 64
"""Bytes a reader holds before it must be asked again."""


@given(OBJECTS)
def test_a_message_is_what_its_json_says(message: dict[str, Any]) -> None:
    assert parse(json.dumps(message).encode()) == message
    assert parse(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")) == message


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text('{}[]",:0123456789eE.+-\\u \ntrfalsn', max_size=200).map(str.encode))
def test_any_bytes_are_a_message_or_one_named_error(data: bytes) -> None:
    try:
        assert isinstance(parse(data), dict)
    except BadMessage as error:
        assert len(str(error)) <= 300 and "\n" not in str(error)


@given(st.integers(0, 3 * DEEPEST), st.booleans())
def test_depth_is_bounded_for_objects_and_arrays_alike(depth: int, arrays: bool) -> None:
    inner = "[" * depth + "1" + "]" * depth if arrays else '{"a":' * depth + "1" + "}" * depth
    text = f'{{"params": {inner}}}'.encode()
    if depth < DEEPEST:
        assert parse(text)
    else:
        with pytest.raises(BadMessage, match="nested"):
            parse(text)


async def _lines(pieces: list[bytes]) -> list[bytes]:
    reader = asyncio.StreamReader(limit=LIMIT)
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    found: list[bytes] = []
    while line := await read_line(reader):
        found.append(line)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=150).map(lambda line: line.replace(b"\n", b"")), max_size=6), st.data())
def test_lines_are_the_same_however_their_bytes_arrive(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in lines) + b"half a line"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert asyncio.run(_lines(pieces)) == [line + b"\n" for line in lines]


async def test_a_line_over_the_bound_is_refused_as_soon_as_it_is_over_it() -> None:
    reader = asyncio.StreamReader(limit=1 << 20)
    reader.feed_data(b"x" * (LARGEST_MESSAGE + (1 << 20) + 1))
    with pytest.raises(TooLong, match=str(LARGEST_MESSAGE)):
        await read_line(reader)
