"""The JSON Schema of a `config.toml`, for editors: `python -m cairn_agents.config.schema`."""

import json
import sys

from cairn_agents.config.settings import Config


def schema() -> str:
    """The schema as the text of `docs/config.schema.json`."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    sys.stdout.write(schema())
