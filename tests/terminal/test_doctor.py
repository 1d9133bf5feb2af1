"""`cairn doctor`: each thing that can be amiss gets a line that says what to do."""

import http.server
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted_host import ScriptedHost

from cairn_memory.places import Workspace
from cairn_server.doctor import doctor
from cairn_server.hostfile import HostFile
from cairn_server.probe import Answer, probe

Endpoint = Callable[[int, bytes], str]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A server that answers every request so; gives its base URL. It wants the key "right"."""
    servers: list[socketserver.TCPServer] = []

    def start(status: int, body: bytes) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                refused = self.headers.get("Authorization") != "Bearer right"
                self.send_response(401 if refused else status if self.path == "/v1/models" else 404)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/v1/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


MODELS = b'{"data": [{"id": "m1"}, {"id": "m2"}]}'


def test_a_healthy_place_gets_no_failure(
    host: ScriptedHost, workspace: Workspace, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(200, MODELS))
    monkeypatch.setenv("OPENAI_API_KEY", "right")
    monkeypatch.setenv("CAIRN_MODEL", "m2")
    assert doctor(workspace) == 0
    out = capsys.readouterr().out
    assert "fail" not in out and "\x1b" not in out
    assert "answers, model m2" in out and "private to you" in out and "the log is whole" in out


def test_what_is_amiss_is_named_with_what_to_do(
    host: ScriptedHost, workspace: Workspace, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], cairn_home: Path,
) -> None:  # fmt: skip
    cairn_home.mkdir()
    (cairn_home / "config.toml").write_text('[model]\nnam = "m1"\n', encoding="utf-8")
    HostFile.path(workspace.local).chmod(0o644)
    (workspace.local / "cairn.db").write_bytes(b"no database" * 1_000)
    host.status_of["problems"] = ["row 17 is damaged"]
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint(200, MODELS))
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    monkeypatch.setenv("PATH", str(cairn_home))
    assert doctor(workspace) == 1
    lines = capsys.readouterr().out.splitlines()
    for level, words in (
        ("warn", "no git on PATH: install git"),
        ("warn", "config.toml"),
        ("fail", "host.json can be read by others: run chmod go="),
        ("warn", "the host found: row 17 is damaged"),
        ("fail", "cairn.db unreadable"),
        ("fail", "refuses the key (401): set OPENAI_API_KEY"),
    ):
        assert [line for line in lines if line.startswith(level) and words in line], words


def test_a_host_that_cannot_start_is_a_failure(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.folder.write_text("in the way", encoding="utf-8")
    assert doctor(workspace) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("fail") and "no host can be started" in line]


@pytest.mark.parametrize(
    ("status", "body", "models"),
    [(200, MODELS, ("m1", "m2")), (200, b"hello", ()), (404, b"", ()), (200, b'{"data": null}', ())],
)
def test_an_endpoint_that_answers_is_well_even_without_a_list(
    endpoint: Endpoint, status: int, body: bytes, models: tuple[str, ...]
) -> None:
    assert probe(endpoint(status, body), "right") == Answer(models)


def test_the_key_follows_no_redirect(endpoint: Endpoint) -> None:
    """Port 9 answers nobody: a client that went there would report it."""
    assert probe(endpoint(302, b""), "right").trouble == ""


def test_an_endpoint_that_is_not_there_or_wants_a_key_is_named(endpoint: Endpoint) -> None:
    assert "does not answer" in probe("http://127.0.0.1:9/v1", "").trouble
    assert "wants a key (401)" in probe(endpoint(200, MODELS), "").trouble
