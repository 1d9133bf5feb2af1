"""What the house promises about its own shape, whoever adds a room."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGES = {name: CHECKOUT / name / f"cairn_{name}" for name in ("server", "agents", "memory")}
TESTS = CHECKOUT / "tests"

LONGEST_FILE = 500
LONGEST_FUNCTION = 70
"""Lines: more does not fit a screen."""

EDGES = {
    "agents/cairn_agents/calls.py": "a defect in one tool is told to the model; the run goes on",
    "agents/cairn_agents/runs.py": "a defect in one session ends that session; the others go on",
    "agents/cairn_agents/checkpoints.py": "a defect in a checkpoint ends that one; the run goes on, and later ones too",
    "server/cairn_server/call.py": "a defect in one method is an error reply; the connection goes on",
    "server/cairn_server/serving.py": "a defect in one connection ends it; the host goes on",
    "server/cairn_server/documents/feature.py": "a defect in one language feature is an empty answer",
    "server/cairn_server/delivery.py": "a defect in one client's delivery ends that connection",
    "server/cairn_server/host.py": "the process itself",
    "server/cairn_server/cli.py": "a defect in the client is one line, with its traceback on demand",
}
"""Where `except Exception` may stand, and what is kept from harm there. Each one logs, or raises by name."""


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


SOURCES = python_files(*PACKAGES.values())
TEST_FILES = python_files(TESTS)


def named(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@cache
def nodes(path: Path) -> Sequence[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_no_file_is_too_long_to_read_at_once() -> None:
    scripts = [
        path
        for pattern in ("vscode-extension/src/**/*.ts", "tests/e2e/**/*.mjs", "tests/e2e/**/*.sh")
        for path in CHECKOUT.glob(pattern)
        if path.name != "protocol.ts"  # generated, not read
    ]
    lengths = {
        named(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*SOURCES, *TEST_FILES, *scripts]
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_function_fits_a_screen() -> None:
    long = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in nodes(path)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_test_sleeps() -> None:
    sleeps = [
        f"{named(path)}:{node.lineno}"
        for path in TEST_FILES
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("time.sleep", "asyncio.sleep", "sleep")
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    assert sleeps == [], "wait for what happens, under a deadline"


def test_errors_are_caught_by_name() -> None:
    broad = [
        f"{named(path)}:{handler.lineno}"
        for path in SOURCES
        for handler in broad_handlers(path)
        if named(path) not in EDGES or not logs_or_raises(handler)
    ]
    assert broad == [], "name the error, or, at an outermost edge that logs, add the file to EDGES"


def test_every_edge_is_still_one() -> None:
    assert [path for path in EDGES if not any(broad_handlers(CHECKOUT / path))] == []


def broad_handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    """Those that catch everything. One that ends in a bare `raise` catches nothing: it cleans up on the way."""
    for node in nodes(path):
        if not isinstance(node, ast.ExceptHandler):
            continue
        everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
        last = node.body[-1]
        if everything and not (isinstance(last, ast.Raise) and last.exc is None):
            yield node


def logs_or_raises(handler: ast.ExceptHandler) -> bool:
    return any(
        isinstance(node, ast.Raise)
        or (isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("logger.", "log.")))
        for node in ast.walk(handler)
    )


def test_no_stub_is_left() -> None:
    stubs = [
        f"{named(path)}:{node.lineno}"
        for path in SOURCES
        for node in nodes(path)
        if isinstance(node, ast.Raise)
        and node.exc is not None
        and "NotImplementedError" in ast.unparse(node.exc)
    ]
    assert stubs == []


def test_prompts_are_markdown() -> None:
    prompts = PACKAGES["agents"] / "prompts"
    kinds = {path.name for path in prompts.iterdir() if path.suffix != ".md" and path.name != "__pycache__"}
    assert kinds == {"__init__.py"}
    asked = {
        node.args[0].value
        for path in SOURCES
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "prompt"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    missing = {name for name in asked if not (prompts / f"{name}.md").is_file()}
    assert asked and missing == set()


def test_no_test_folder_is_a_package() -> None:
    """Two files of one name would then be taken for one module."""
    assert [named(path) for path in TEST_FILES if path.name == "__init__.py"] == []


def test_the_generated_types_are_fresh() -> None:
    check = [sys.executable, "-m", "cairn_server.typescript", "--check"]
    done = subprocess.run(check, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_files_name_versions_and_no_registry() -> None:
    """Everybody fetches from the registry of their own configuration."""
    lock = CHECKOUT / "vscode-extension" / "package-lock.json"
    entries = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert entries
    assert [name for name, entry in entries.items() if "resolved" in entry] == []
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line)] == []


def test_every_dependency_is_pinned_and_explained() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in project["project"]["dependencies"]}
    developing = {re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in project["dependency-groups"]["dev"]}
    constraints = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0].lower() for line in constraints.splitlines()}
    assert {name for name in wanted | developing if name.lower() not in pinned} == set()
    architecture = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert {name for name in wanted if name not in architecture} == set()


# --- the plan of the house ------------------------------------------------------------------


def room(name: str) -> list[str]:
    """The lines under `agents/cairn_agents/` in the plan, without their indent."""
    text = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = re.search(rf"^    {name}/cairn_{name}/\n((?:      .+\n|\n)+)", text, re.MULTILINE)
    assert found, f"ARCHITECTURE.md has no room {name}/cairn_{name}/"
    return [line.strip() for line in found[1].splitlines() if line.strip()]


def modules(package: Path) -> set[str]:
    """What stands directly in a package: `loop`, and `model/` for a folder with code in it."""
    files = {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    return files | {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_plan_names_every_module(name: str) -> None:
    words = set(re.findall(r"[A-Za-z_]+/?", " ".join(room(name))))
    assert sorted(modules(PACKAGES[name]) - words) == [], "add it to ARCHITECTURE.md"


@pytest.mark.parametrize("name", PACKAGES)
def test_every_module_of_the_plan_exists(name: str) -> None:
    planned = {line.split()[0] for line in room(name)}
    assert sorted(planned - modules(PACKAGES[name])) == [], "take it out of ARCHITECTURE.md"
