"""A language server of few words: it says that every line with `bad` in it is wrong. Its argument is how it fails.

dies       ends at the second change of a file       silent     says nothing at all
garbage    says what is no LSP                       pull       waits to be asked
"""

import json
import sys
from typing import Any


def main(fault: str) -> None:
    texts: dict[str, str] = {}
    changes = 0
    while (message := receive()) is not None:
        method: str | None = message.get("method")
        params: dict[str, Any] = message.get("params") or {}
        if fault == "garbage":
            sys.stdout.buffer.write(b"hello, this is no protocol\r\n" * 40)
            sys.stdout.buffer.flush()
            continue
        if fault == "silent":
            continue
        if method == "initialize":
            offered = {"diagnosticProvider": {"interFileDependencies": False, "workspaceDiagnostics": False}}
            capabilities: dict[str, Any] = {"textDocumentSync": 1, **(offered if fault == "pull" else {})}
            answer(message["id"], {"capabilities": capabilities})
        elif method == "textDocument/diagnostic":
            items = wrong(texts[params["textDocument"]["uri"]])
            answer(message["id"], {"kind": "full", "items": items})
        elif method in ("textDocument/didOpen", "textDocument/didChange"):
            document: dict[str, Any] = params["textDocument"]
            changes += 1
            if fault == "dies" and changes == 2:
                sys.exit(3)
            texts[document["uri"]] = document.get("text") or params["contentChanges"][0]["text"]
            if fault != "pull":
                found: dict[str, Any] = {"uri": document["uri"], "diagnostics": wrong(texts[document["uri"]])}
                send({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": found})
        elif method == "shutdown":
            answer(message["id"], None)
        elif method == "exit":
            return


def wrong(text: str) -> list[dict[str, Any]]:
    return [
        {
            "range": {"start": {"line": n, "character": 0}, "end": {"line": n, "character": 3}},
            "severity": 1,
            "message": f"{line} is wrong",
            "source": "odd",
        }
        for n, line in enumerate(text.splitlines())
        if "bad" in line
    ]


def receive() -> dict[str, Any] | None:
    length = 0
    while (header := sys.stdin.buffer.readline()) not in (b"\r\n", b""):
        length = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else length
    return json.loads(sys.stdin.buffer.read(length)) if header else None


def answer(number: object, result: object) -> None:
    send({"jsonrpc": "2.0", "id": number, "result": result})


def send(message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
