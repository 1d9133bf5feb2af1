"""The JSON Schemas of a `config.toml` and of an unattended contract, for editors.

`python -m cairn_agents.config.schema` writes `docs/config.schema.json` and `docs/contract.schema.json` in a
checkout; with `--check` it only says whether they are fresh.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cairn_agents.config.keys import tables
from cairn_agents.config.settings import Config, LanguageSettings
from cairn_agents.gate.contract import TABLES, Contract

PUBLISHED = Path(__file__).parents[3] / "docs" / "config.schema.json"
"""Only in a checkout: an installed Cairn has no such file."""
CONTRACT = PUBLISHED.with_name("contract.schema.json")


def schema() -> str:
    """The schema as the text of `docs/config.schema.json`."""
    return _explained(Config, [*tables().values(), LanguageSettings])


def contract_schema() -> str:
    """The schema as the text of `docs/contract.schema.json`."""
    return _explained(Contract, TABLES.values())


def _explained(whole: type[BaseModel], parts: Iterable[type[BaseModel]]) -> str:
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole.model_json_schema(),
    }
    for model in parts:
        properties = (document if model is whole else document["$defs"][model.__name__])["properties"]
        for name, words in field_docs(model).items():
            properties[name]["description"] = words
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The docstring under each field.

    pydantic's `use_attribute_docstrings` does the same at import, which would cost every start of
    the host 50 ms for what only generators of files need.
    """
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, following in pairwise(body.body):
        match field, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = inspect.cleandoc(words)
            case _:
                pass
    return found


def main(arguments: list[str]) -> int:
    stale = [
        (path, text)
        for path, text in ((PUBLISHED, schema()), (CONTRACT, contract_schema()))
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if arguments == ["--check"]:
            print(f"{path} is stale; run `make generate`", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if stale and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
