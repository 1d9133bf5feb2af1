"""Tool calls out of pieces, as providers really cut and number them."""

from typing import Any

import pytest

from cairn_agents.model.toolcalls import CallPieces

A, B = '{"path":"a"}', '{"path":"b"}'


def piece(arguments: object = None, name: str | None = None, **more: Any) -> dict[str, object]:
    function: dict[str, object] = (
        {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    )
    return {"function": function, **more}


EMPTY: dict[str, object] = {}


def together(*pieces: dict[str, object], cut_off: bool = False) -> list[tuple[str, str, str]]:
    calls = CallPieces()
    for each in pieces:
        calls.add(each)
    return [(call.id, call.name, call.arguments) for call in calls.take("made", cut_off=cut_off)[0]]


ONE = [("t1", "read", A)]
TWO = [("t1", "read", A), ("t2", "read", B)]


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        pytest.param(
            [piece("", "read", index=0, id="t1"), piece('{"path":', index=0), piece('"a"}', index=0)],
            ONE,
            id="by the book",
        ),
        pytest.param(
            [
                piece(A[:4], "read", index=0, id="t1"),
                piece(B[:4], "read", index=1, id="t2"),
                piece(A[4:], index=0),
                piece(B[4:], index=1),
            ],
            TWO,
            id="two, in turn",
        ),
        pytest.param(
            [piece(A[:4], "read", index=0, id="t1"), piece(A[4:], "read", index=0, id="t1")],
            ONE,
            id="id and name in every piece",
        ),
        pytest.param(
            [piece(A[:4], "read", id="t1"), piece(A[4:], "read", id="t1"), piece(B, "read", id="t2")],
            TWO,
            id="no index, id and name in every piece",
        ),
        pytest.param(
            [piece(A[:4], "read", id="t1"), piece(A[4:])], ONE, id="no index, the rest without an id"
        ),
        pytest.param(
            [piece(A, "read", id="t1"), piece(B, "read", id="t2")], TWO, id="whole calls without an index"
        ),
        pytest.param(
            [piece(A, "read", index=0, id="t1"), piece(B, "read", index=0, id="t2")],
            TWO,
            id="one index for all calls",
        ),
        pytest.param(
            [piece("", "read", index=0, id="t1"), piece("", "read", index=0, id="t2"), piece(B, index=0)],
            [("t1", "read", ""), ("t2", "read", B)],
            id="one index for all calls, the first without arguments",
        ),
        pytest.param(
            [piece(A, "read", index=0), piece(B, "read", index=0)],
            [("made-1", "read", A), ("made-2", "read", B)],
            id="one index for all calls and no ids",
        ),
        pytest.param(
            [piece('{"n":1', "read", index=0), piece("}", "read", index=0)],
            [("made-1", "read", '{"n":1}')],
            id="the name in every piece and no id",
        ),
        pytest.param(
            [piece("", "read"), piece("", "bash")],
            [("made-1", "read", ""), ("made-2", "bash", "")],
            id="no index, no id, no arguments",
        ),
        pytest.param(
            [piece({"path": "é"}, "read", index=0, id="t1")],
            [("t1", "read", '{"path": "é"}')],
            id="arguments as an object",
        ),
        pytest.param(
            [
                piece(A, "read", index=0, id="t1"),
                piece(B, "read", index=1, id="t1"),
                piece(A, "read", index=2, id="t1"),
            ],
            [("t1", "read", A), ("t1-2", "read", B), ("t1-3", "read", A)],
            id="one id for all calls",
        ),
        pytest.param(
            [piece(A, "read", index=0, id="x"), piece(None, None, index=0, id="another"), piece(index=0)],
            [("x", "read", A)],
            id="a new id for a call that goes on",
        ),
        pytest.param([piece(A, "functions.read", index=0, id="t1")], ONE, id="functions. before the name"),
        pytest.param(
            [piece(A, "my tool<|x|>", index=0, id="t1")],
            [("t1", "my_tool__x__", A)],
            id="a name no provider takes back",
        ),
        pytest.param([piece(A, index=0, id="t1")], [("t1", "unnamed", A)], id="no name at all"),
        pytest.param(
            [piece('{"path":"\ud800"}', "read", index=0, id="t1")],
            [("t1", "read", '{"path":"�"}')],
            id="half a character",
        ),
        pytest.param(
            [EMPTY, {"index": 0, "function": None}, piece(A, "read", index=0, id="t1"), {"index": 1}],
            ONE,
            id="empty pieces",
        ),
    ],
)
def test_calls_are_told_apart_and_put_together(
    pieces: list[dict[str, object]], calls: list[tuple[str, str, str]]
) -> None:
    assert together(*pieces) == calls


@pytest.mark.parametrize("half", ["", "{", '{"path": "a', '{"path": "a"', "{'path': 'a'", '{"a": {}'])
def test_of_a_reply_that_was_cut_off_only_whole_calls_are_kept(half: str) -> None:
    pieces = [piece(A, "read", index=0, id="t1"), piece(half, "write", index=1, id="t2")]
    assert together(*pieces, cut_off=True) == ONE
    calls = CallPieces()
    for each in pieces:
        calls.add(each)
    assert calls.take("made", cut_off=True)[1]


def test_a_name_is_shown_once_when_its_call_begins() -> None:
    calls = CallPieces()
    begun = [
        calls.add(piece("{", "read", index=0, id="t1"))[0],
        calls.add(piece("}", "read", index=0, id="t1"))[0],
    ]
    assert begun == ["read", ""]
