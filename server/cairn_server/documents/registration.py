"""Our features for our own files alone: an editor that can be told so never asks about others."""

from collections.abc import Iterator
from typing import Any

from lsprotocol import types

SELECTOR = [
    {"scheme": "file", "pattern": "**/MEMORY.md"},
    {"scheme": "file", "pattern": "**/.cairn/local/**/*.md"},
]
"""The user's own MEMORY.md lies anywhere; every feature looks whether a page is ours besides."""

_METHODS = {
    "hover": types.TEXT_DOCUMENT_HOVER,
    "definition": types.TEXT_DOCUMENT_DEFINITION,
    "references": types.TEXT_DOCUMENT_REFERENCES,
    "code_lens": types.TEXT_DOCUMENT_CODE_LENS,
    "inlay_hint": types.TEXT_DOCUMENT_INLAY_HINT,
    "completion": types.TEXT_DOCUMENT_COMPLETION,
    "document_link": types.TEXT_DOCUMENT_DOCUMENT_LINK,
    "rename": types.TEXT_DOCUMENT_RENAME,
    "semantic_tokens": "textDocument/semanticTokens",
}
"""What is only for pages. Code actions are for all files, and commands and symbols belong to none."""


def withdrawn(
    server: types.ServerCapabilities, client: types.ClientCapabilities, unstructure: Any
) -> list[types.Registration]:
    """Takes what is only for pages out of the capabilities, to be registered for them; nothing of it when the
    client does not take all of it so."""
    if client.text_document is None:
        return []
    known = {name: getattr(client.text_document, name) for name in _METHODS}
    asked = [name for name, found in known.items() if found and getattr(server, f"{name}_provider")]
    if not all(known[name].dynamic_registration for name in asked):
        return []
    return list(_moved(server, asked, unstructure))


def _moved(
    server: types.ServerCapabilities, names: list[str], unstructure: Any
) -> Iterator[types.Registration]:
    for name in names:
        options: Any = unstructure(getattr(server, f"{name}_provider"))
        setattr(server, f"{name}_provider", None)
        given: dict[str, Any] = {} if isinstance(options, bool) else options
        yield types.Registration(f"cairn.{name}", _METHODS[name], {**given, "documentSelector": SELECTOR})
