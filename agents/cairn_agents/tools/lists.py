"""Lists as models give them: as a list, as JSON in a text, or as one text with commas or lines."""

import json
from typing import Annotated, Any, cast

from pydantic import BeforeValidator


def _listed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if isinstance(found, list):
        return cast("list[object]", found)
    return [line for line in value.splitlines() if line.strip()]


def _words(value: Any) -> Any:
    listed = _listed(value)
    if not isinstance(listed, (list, tuple)):
        return str(value).split() if isinstance(value, int) else value
    return [word for each in cast("list[object]", listed) for word in str(each).replace(",", " ").split()]


def _numbers(value: Any) -> Any:
    words = _words(value)
    if not isinstance(words, list):
        return words
    numbers = [str(word).lstrip("eE#") for word in cast("list[object]", words)]
    if not all(number.isdecimal() for number in numbers):
        raise ValueError("these are no event numbers such as 12: give those, or leave it out")
    return numbers


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
"""Words without spaces, such as ids."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Lines of text."""
EventNumbers = Annotated[tuple[int, ...], BeforeValidator(_numbers)]
"""Numbers of events, also as they are shown: e12."""
EventNumber = Annotated[
    int, BeforeValidator(lambda value: str(value).strip().lstrip("eE#") if isinstance(value, str) else value)
]
"""The number of one event, also as it is shown: e12."""
