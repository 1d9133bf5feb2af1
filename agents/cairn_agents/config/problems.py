"""What is wrong with a setting, in one line: the key, what was expected and found, what to do.

A value is not repeated where it may be a secret: people do write their key where
its variable's name belongs.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import cast

from pydantic_core import ErrorDetails

from cairn_agents.config import keys

UNSHOWN = frozenset({"model.api_key_env"})
"""Keys whose value never stands in a message."""

LONGEST_VALUE = 40
"""Characters of a value in a message."""

SECRET_NAMES = ("api_key", "apikey", "key", "token", "secret", "password")

_ADVICE = {
    "model.api_key_env": "give its name (letters, digits, _), never the key itself",
    "model.base_url": 'give it as in "http://localhost:11434/v1"',
}

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text in quotes",
    "string_too_short": "some text",
    "bool_type": "true or false",
    "tuple_type": "a list of tables",
    "dict_type": "a table",
    "model_type": "a table",
    "invalid-json-value": "what JSON can hold",
    "model.api_key_env": "the name of an environment variable",
    "model.base_url": "an http or https address",
    "languages.[key]": "a name as LSP has it, such as python",
    "languages.extensions": "the end of a file name such as .py",
    "sandbox.network": "a host such as pypi.org, *.npmjs.org or example.org:8443",
}
"""By the key when its form is wrong, else by pydantic's name of the error."""

_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:,}",
    "string_too_long": "at most {max_length} characters",
    "too_long": "at most {max_length} entries",
    "literal_error": "{expected}",
}


def describe(error: ErrorDetails) -> str:
    """One pydantic error as `key: what is wrong; what to do`."""
    location, kind = error["loc"], error["type"]
    shown = _shown(location)
    names = [part for part in location if isinstance(part, str)]
    key = ".".join([names[0], names[-1]] if names[:1] == ["languages"] else names)
    if kind == "extra_forbidden":
        return f"{shown}: unknown key; {_instead(key, error['input'])}"
    if kind == "missing":
        return f"{shown}: missing; add it{' to the rule' if location[0] == 'rules' else ''}"
    if kind == "value_error":
        return f"{shown}: {error['msg'].removeprefix('Value error, ')}"
    line = f"{shown}: expected {_expected(key, error)}"
    if key not in UNSHOWN:
        line += f", found {_found(error['input'])}"
    return f"{line}; {_ADVICE[key]}" if key in _ADVICE else line


def _shown(location: tuple[int | str, ...]) -> str:
    """`("rules", 0, "tool")` as a person counts: `rules[1].tool`."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")


def _expected(key: str, error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "string_pattern_mismatch":
        return _EXPECTED[key]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**error.get("ctx", {})).replace("'", '"')
    return _EXPECTED.get(kind, error["msg"])


def _found(value: object) -> str:
    """A value of a TOML file in words."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, (str, bool, int, float)):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… (cut)"
    return f"a {type(value).__name__}"


def _instead(key: str, value: object) -> str:
    """What the user may have meant by an unknown key."""
    table, _, name = key.rpartition(".")
    if name.lower() in SECRET_NAMES:
        return "keys are never kept in files: put it into a variable and name that in model.api_key_env"
    wants_table = isinstance(value, Mapping) or _is_list_of_tables(value)
    siblings = [known for known in keys.keys_in(table) if (known in keys.tables()) == wants_table]
    elsewhere = [known for known in keys.settings() if known.rpartition(".")[2] == name]
    meant = elsewhere or get_close_matches(key, siblings, n=1, cutoff=0.6)
    if meant:
        return f"did you mean {meant[0]}?"
    return f"remove it; there are {', '.join(known.rpartition('.')[2] for known in keys.keys_in(table))}"


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(entry, Mapping) for entry in cast(list[object], value))
