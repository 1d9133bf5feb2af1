"""The types of the extension come from the host's own models."""

import re
from pathlib import Path

import pytest

from cairn_memory.events import Payload, Unknown
from cairn_server import typescript
from cairn_server.methods import METHODS
from cairn_server.protocol import NOTICES


@pytest.fixture(scope="module")
def generated() -> str:
    return typescript.generate()


def test_the_committed_file_is_fresh() -> None:
    assert typescript.main(["--check"]) == 0


def test_a_stale_file_is_reported_and_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stale = tmp_path / "protocol.ts"
    stale.write_text("// old\n", encoding="utf-8")
    monkeypatch.setattr(typescript, "TARGET", stale)
    assert typescript.main(["--check"]) == 1
    assert stale.read_text(encoding="utf-8") == "// old\n"
    assert typescript.main([]) == 0
    assert typescript.main(["--check"]) == 0


def test_it_is_the_same_every_time(generated: str) -> None:
    assert typescript.generate() == generated


def test_every_method_notice_and_event_has_its_types(generated: str) -> None:
    for method in METHODS:
        types = f"{{ params: {method.params.__name__}; result: {method.result.__name__} }}"
        assert f'  "{method.name}": {types};' in generated
    for name, notice in NOTICES.items():
        assert f'  "{name}": {notice.__name__};' in generated
    for kind, payload in Payload.registry.items():
        assert payload is Unknown or f'  "{kind}": {payload.__name__};' in generated


def test_every_type_that_is_used_is_declared_once(generated: str) -> None:
    code = re.sub(r"/\*\*.*?\*/", "", generated, flags=re.DOTALL)
    declared = re.findall(r"export (?:interface|type) (\w+)", code)
    assert len(set(declared)) == len(declared)
    code = code.split("export type KnownEvent")[0]  # its type parameter is no type of ours
    used = set(re.findall(r"[:|] (\w+)(?:\[\])?(?= [|}]|;)", code))
    assert used - {"string", "number", "boolean", "null", "unknown"} <= set(declared)


def test_a_client_may_leave_out_what_has_a_default_and_the_host_leaves_out_nothing(generated: str) -> None:
    assert '  mode?: "build" | "plan" | "propose" | null;' in generated
    assert "  prompt: string;" in generated
    interface = generated.split("export interface SessionInfo {")[1].split("}")[0]
    assert "?:" not in interface
    assert "/** Tokens that the window holds now. */" in interface
    assert "  state: State;" in interface
