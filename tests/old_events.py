"""Writes an event of every kind as this version stores it: `python tests/old_events.py KIND... >> tests/memory/data/events-v1.jsonl`.

Only for kinds that have no line yet: a line that stands there was written by an
earlier version, and is what must load for ever. Without a KIND it writes all.
"""

import json
import sys
import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from cairn_memory.events import Payload


def filled(model: type[BaseModel], text: str = "text é") -> Any:
    """An instance with every field set to something that is not its default; `text` is what each string says."""
    return model.model_validate(
        {name: _value(field.annotation, text) for name, field in model.model_fields.items()}
    )


def _value(annotation: Any, text: str) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return arguments[-1]
    if origin in (Union, types.UnionType):
        return _value(next(each for each in arguments if each is not type(None)), text)
    if origin is tuple:
        return (_value(arguments[0], text),)
    if origin is not None and arguments:
        return _value(arguments[0], text)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return filled(annotation, text)
    return {bool: True, int: 7, float: 0.5, str: text}[annotation]


def main(kinds: list[str]) -> None:
    for kind in kinds or sorted(Payload.registry):
        payload = filled(Payload.registry[kind])
        print(json.dumps({"kind": kind, "text": payload.model_dump_json()}, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
