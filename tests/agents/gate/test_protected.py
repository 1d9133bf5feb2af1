"""What git, Cairn, agents, editors and shells obey is not changed in passing, under whatever name."""

from pathlib import Path

import pytest

from cairn_agents.gate.permission import Decision, Gate
from cairn_agents.gate.rules import Rule
from cairn_agents.tools.base import Arguments, Plan
from cairn_memory.sessions import SessionFold


class Writing(Arguments):
    path: str = ""


def written(path: str, *rules: Rule, root: Path = Path("/work-tree"), leads_to: str = "") -> Decision:
    """The judgement on a write to `path`, which `leads_to` another one where it is a link."""
    plan: Plan[Arguments] = Plan(
        "1.0", Writing(path=path), f"write {path}", paths=(root / (leads_to or path),)
    )
    return Gate(rules).judge("write", "write", plan, SessionFold("s", root=str(root)))


EVERYTHING = Rule("*", "*", "allow", "u")


@pytest.mark.parametrize(
    "path",
    [
        ".git",
        ".git/config",
        ".git/hooks/pre-commit",
        "sub/.git/config",
        ".GIT/config",
        ".git./config",
        ".git /config",
        ".g\u200bit/config",
        "\uff0egit/config",
        ".git::$INDEX_ALLOCATION/config",
        "GIT~1/config",
        ".cairn/config.toml",
        ".cairn/MEMORY.md",
        ".cairn/local/cairn.db",
        ".Cairn/config.toml",
        "/elsewhere/.git/hooks/post-checkout",
    ],
)
def test_what_is_gits_or_cairns_own_is_never_written(path: str) -> None:
    decision = written(path, EVERYTHING)
    assert (decision.action, decision.rule, decision.risk) == ("deny", "protected paths", "protected")


@pytest.mark.parametrize(
    "path",
    [
        "AGENTS.md",
        "agents.md",
        "docs/CLAUDE.md",
        "GEMINI.md",
        ".claude/settings.json",
        ".cursor/rules/x.mdc",
        ".cursorrules",
        ".github/copilot-instructions.md",
        ".mcp.json",
        ".vscode/tasks.json",
        ".VSCode/settings.json",
        ".idea/workspace.xml",
        ".devcontainer/devcontainer.json",
        ".envrc",
        ".bashrc",
        ".zshenv",
        ".profile",
        ".gitconfig",
        ".husky/pre-commit",
        ".ssh/authorized_keys",
    ],
)
def test_what_others_obey_is_asked_about_even_where_everything_is_allowed(path: str) -> None:
    decision = written(path, EVERYTHING)
    assert (decision.action, decision.risk) == ("ask", "protected")
    assert written(path, Rule("write", "*", "deny", "u")).action == "deny"


@pytest.mark.parametrize(
    "path", ["src/agents.py", "git/config", "docs/git.md", "environment.md", "vscode/x", ".gitignore"]
)
def test_names_that_are_only_like_them_are_files_like_any_other(path: str) -> None:
    assert written(path, EVERYTHING).action == "allow"


def test_a_link_is_judged_by_its_own_name_and_by_where_it_leads() -> None:
    assert written("notes.md", EVERYTHING, leads_to="AGENTS.md").risk == "protected"
    assert written("AGENTS.md", EVERYTHING, leads_to="docs/agents-text.txt").risk == "protected"
    assert written("notes.md", EVERYTHING, leads_to=".git/hooks/x").action == "deny"


def test_the_folders_above_the_workspace_do_not_count() -> None:
    root = Path("/home/u/.claude/worktrees/x")
    assert written("src/a.py", EVERYTHING, root=root).action == "allow"
