"""The floor under every agent: the same calls with nothing around them. Standard library, no log, no gate.

`python floor.py URL` asks the endpoint until it calls no more tool. What Cairn takes
beyond this is what durability, the gate and the windows cost.
"""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def ask(connection: http.client.HTTPConnection, messages: list[dict[str, Any]]) -> dict[str, Any]:
    body = json.dumps({"model": "scripted", "stream": True, "messages": messages})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    call: dict[str, Any] = {}
    text, arguments = "", ""
    for line in connection.getresponse().read().split(b"\n"):
        if not line.startswith(b"data: {"):
            continue
        for choice in json.loads(line[6:])["choices"]:
            text += choice["delta"].get("content") or ""
            for piece in choice["delta"].get("tool_calls") or ():
                call = call or {"id": piece["id"], "name": piece["function"]["name"]}
                arguments += piece["function"]["arguments"]
    return {"text": text, "call": call and {**call, "arguments": arguments}}


def run(name: str, arguments: dict[str, Any]) -> str:
    if name == "read":
        return Path(arguments["path"]).read_text(encoding="utf-8")
    if name == "write":
        Path(arguments["path"]).write_text(arguments["content"], encoding="utf-8")
        return "written"
    return subprocess.run(
        ["bash", "-c", arguments["command"]], capture_output=True, text=True, check=False
    ).stdout


def main(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Do it."}]
    while (call := (reply := ask(connection, messages))["call"]) is not None and call:
        function = {"name": call["name"], "arguments": call["arguments"]}
        messages.append(
            {
                "role": "assistant",
                "content": reply["text"] or None,
                "tool_calls": [{"id": call["id"], "type": "function", "function": function}],
            }
        )
        result = run(call["name"], json.loads(call["arguments"]))
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


if __name__ == "__main__":
    main(sys.argv[1])
