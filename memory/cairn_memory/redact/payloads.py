"""Masking what an event says: every string in it, however deep."""

from dataclasses import dataclass
from operator import is_
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from cairn_memory.bounds import Shortened, cut
from cairn_memory.events import BlobRef, Payload
from cairn_memory.redact.masker import Masker

_P = TypeVar("_P", bound=Payload)

REFERENCES = frozenset({"id", "call", "path", "before", "after", "digest", "root", "output", "original"})
"""Fields that name something: they are compared and looked up, so they stay as they are."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A payload that has been masked: the log takes it as it is, so that the work is done once."""

    payload: Payload


def masked(payload: _P, masker: Masker) -> _P:
    """`payload` with every secret in its strings masked; itself when there is none.

    A changed payload is validated anew, since a placeholder can be longer than its secret.
    """
    changes = _changes(payload, masker)
    return type(payload).model_validate({**dict(payload), **changes}) if changes else payload


def _changes(model: BaseModel, masker: Masker) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in model:
        if name not in REFERENCES and (safe := _masked_value(value, masker)) is not value:
            changes[name] = safe
    return changes


def _masked_value(value: Any, masker: Masker) -> Any:
    if isinstance(value, Shortened):  # what was cut is masked as it was before
        return cut(masker.mask(value.whole), value.limit)
    if isinstance(value, str):
        safe = masker.mask(value)
        return value if safe == value else safe
    if isinstance(value, tuple):
        old = cast("tuple[Any, ...]", value)
        new = tuple(_masked_value(item, masker) for item in old)
        return old if all(map(is_, new, old)) else new
    if isinstance(value, BaseModel) and not isinstance(value, BlobRef):
        changes = _changes(value, masker)
        return type(value).model_validate({**dict(value), **changes}) if changes else value
    return value
