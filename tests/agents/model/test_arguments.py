"""Arguments out of what a model wrote: certain repairs only, and never half a call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn_agents.model.arguments import BadArguments, calls_in_text, parse_arguments

PLAIN = {"path": "a.py", "text": 'say "hi",}\n\t[1,]', "n": None}
RAW = '{"path": "a.py", "text": "say \\"hi\\",}\\n\\t[1,]", "n": null}'

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(RAW, id="as it should be"),
        pytest.param(f"  {RAW}\n", id="white space around"),
        pytest.param(RAW.replace("\\n", "\n").replace("\\t", "\t"), id="raw control characters"),
        pytest.param(f"```json\n{RAW}\n```", id="fenced"),
        pytest.param(f"```\n{RAW}\n```\n", id="fenced without a language"),
        pytest.param(RAW[:-1] + ",}", id="a trailing comma"),
        pytest.param(RAW[:-1] + " , \n}", id="a trailing comma with white space"),
        pytest.param(repr(PLAIN), id="a Python object"),
    ],
)
def test_what_is_certain_is_repaired_without_changing_a_character_of_a_value(raw: str) -> None:
    assert parse_arguments(raw) == PLAIN


def test_an_object_encoded_twice_is_read() -> None:
    assert parse_arguments('"{\\"path\\": \\"a\\"}"') == {"path": "a"}


@pytest.mark.parametrize("raw", ["", "  \n", "{}"])
def test_nothing_is_an_empty_object(raw: str) -> None:
    assert parse_arguments(raw) == {}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("[1, 2]", "a list"),
        ("7", "a number"),
        ("null", "null"),
        ("true", "true or false"),
        ('"just words"', "no whole JSON object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "1e999"),
        ("{'a': {1, 2}}", "no whole"),
        ("{'a': b'x'}", "no whole"),
        ("{1: 'a'}", "no whole"),
        ("{'path': 'C:\\dir'}", "no whole"),
        ("{'a': __import__('os')}", "no whole"),
        ('{"a": 1} {"a": 1}', "Extra data"),
        ("[" * 100_000, "nested too deeply"),
        ("{'a':" * 5_000, "no whole"),
        ('{"a": ' + "9" * 5_000 + "}", "no whole"),
    ],
)
def test_what_is_no_object_is_told_to_the_model(raw: str, says: str) -> None:
    with pytest.raises(BadArguments, match="was not run") as told:
        parse_arguments(raw)
    assert says in str(told.value)
    assert len(str(told.value)) < 500


@pytest.mark.parametrize("whole", [RAW, repr(PLAIN), f"```json\n{RAW}\n```", RAW[:-1] + ",}"])
def test_an_object_that_was_cut_off_is_never_completed(whole: str) -> None:
    last = whole.rindex("}")
    for end in range(1, last + 1):
        with pytest.raises(BadArguments):
            parse_arguments(whole[:end])


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_whatever_is_json_is_read_as_json(value: dict[str, object]) -> None:
    import json

    for ascii_only in (True, False):
        written = json.dumps(value, ensure_ascii=ascii_only)
        assert parse_arguments(written) == value
        if value:
            assert parse_arguments(written[:-1] + ",}") == value


def test_a_hostile_text_takes_no_long_time() -> None:
    for raw in ('{"' + '\\"' * 200_000, '{"a": "' + ",}" * 200_000, "{" + "," * 300_000):
        with pytest.raises(BadArguments):
            parse_arguments(raw)


NAMES = ("read", "bash")


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "read", "arguments": {"path": "a"}}\n</tool_call>',
        'I will look.\n<tool_call>{"name": "read", "arguments": {}}',
        "<function=read>\n<parameter=path>a.py</parameter>\n</function>",
        "<tool_call>\n<function=read>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>",
        '<|tool_call|>{"name": "read", "arguments": {}}<|/tool_call|>',
        '<|tool_call_begin|>functions.read:0<|tool_call_argument_begin|>{"path": "a"}<|tool_call_end|>',
        '[TOOL_CALLS] [{"name": "read", "arguments": {"path": "a"}}]',
        '[TOOL_CALLS]read[ARGS]{"path": "a"}',
        '<|channel|>commentary to=functions.read <|message|>{"path": "a"}',
        '<invoke name="read"><parameter name="path">a</parameter></invoke>',
        '{"name": "read", "arguments": {"path": "a"}}',
        '[{"name": "read", "parameters": {"path": "a"}}]',
        'Let me see:\n```json\n{"name": "read", "arguments": {"path": "a"}}\n```',
        '```tool_call\n{"name": "read", "arguments": {"path": "a"}}\n```',
    ],
)
def test_a_call_written_as_text_is_seen(text: str) -> None:
    assert calls_in_text(text, NAMES) == "read"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All done: the tests pass.",
        '{"name": "other", "arguments": {}}',
        '{"name": "read"}',
        'The format is `<tool_call>{"name": "read", "arguments": {}}</tool_call>`, and the parser takes it now.',
        'Models write\n```json\n{"name": "read", "arguments": {}}\n```\nfor a call; I added a test for that.',
        "<function=unknown>x</function>",
        'In package.json it says\n```json\n{"name": "read", "version": "1.0"}\n```',
    ],
)
def test_a_text_that_calls_nothing_is_left_alone(text: str) -> None:
    assert calls_in_text(text, NAMES) is None
