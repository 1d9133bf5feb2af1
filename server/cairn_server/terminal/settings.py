"""`cairn config`: the settings in force, each with where it comes from."""

import json
import sys
from collections.abc import Iterator
from typing import Any, cast

from cairn_server.terminal.connection import Dial
from cairn_server.terminal.exits import DONE
from cairn_server.terminal.sanitise import one_line
from cairn_server.terminal.sessions import reach


def settings(dial: Dial, as_json: bool) -> int:
    """Prints what the host goes by; problems go to stderr."""
    report: dict[str, Any] = reach(dial).request("cairn/host/config")
    if as_json:
        print(json.dumps(report))
        return DONE
    origins: dict[str, str] = report.get("origins", {})
    keys = list(_flat("", report["effective"]))
    width = max((len(f"{key} = {value}") for key, value in keys if len(value) < 40), default=0)
    for key, value in keys:
        setting = f"{key} = {value}"
        print(one_line(f"{setting:<{width}}  # {origins[key]}" if key in origins else setting))
    if not report["files"]:
        print("# no config file was read; `cairn config --path` says where they may lie")
    for problem in report["problems"]:
        print(f"cairn: {one_line(problem)}", file=sys.stderr)
    return DONE


def _flat(prefix: str, table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            yield from _flat(f"{key}.", cast(dict[str, Any], value))
        else:
            yield key, json.dumps(value, ensure_ascii=False)
