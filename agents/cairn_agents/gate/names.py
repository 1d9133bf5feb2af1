"""Names of files that are more than files: secrets, what instructs an agent or an editor, what a shell runs at its start.

Every name is compared as the most forgiving file system would: without case, without dots and
spaces at the end, compatibility characters made plain, invisible ones left out, and nothing after
a colon (Windows keeps streams of a file there).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_SECRET = re.compile(
    r"""
    \.env(rc|\..+)? | .+\.env | [._]netrc | \.npmrc | \.pypirc | \.git-credentials | \.pgpass | \.my\.cnf | \.htpasswd
    | \.aws | \.ssh | \.gnupg | \.kube | \.azure | \.docker | \.dockercfg | \.vault-token | \.password-store
    | id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\..+)? | .*id_(rsa|ed25519).* | .+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|tfstate)
    | (secrets?|credentials?)(\.(json|ya?ml|toml|txt|ini|env|xml|properties))? | service[-_]?account.*\.json
    | \..*_history | (secring|trustdb)\..+ | master\.key | shadow
    """,
    re.VERBOSE,
)
_NO_SECRET = re.compile(r".*\.(example|sample|template|dist|defaults?|pub|md)")
"""Names that look like a secret's and are made to be shown."""

_INSTRUCTS = re.compile(
    r"""
    (agents?|claude|gemini|copilot|memory|soul|skill)(\.(local|override))?\.md | copilot-instructions\.md
    | \.(cursor|windsurf|cline|roo|goose|aider|codeium|continue)(rules|ignore|hints)?
    | \.aider\..+ | \.(claude|gemini|codex|agents?|copilot|opencode|kiro|amazonq|continue|trae|junie|zed)(\.json)?
    | (.*[-_.])?mcp(_config|[-_.]?servers)?\.json | \.mcp | opencode\.jsonc? | \.cairn
    """,
    re.VERBOSE,
)
_EDITOR = re.compile(
    r"\.(vscode|idea|vs|fleet|zed|nova|devcontainer)|.+\.code-workspace|\.editorconfig|\.exrc|\.nvim.*|\.vimrc"
)
_STARTS = re.compile(
    r"""
    \.(bash|zsh|k|c|tc)(rc|_profile|_login|_logout|_aliases|env|login|logout) | \.z?profile | \.inputrc | \.xinitrc
    | \.xsessionrc | \.envrc | \.gitconfig | \.gitmodules | \.ripgreprc | \.lesskey | \.screenrc | \.tmux\.conf
    | authorized_keys | crontab | sitecustomize\.py | usercustomize\.py | .+\.pth | config\.fish | \.pam_environment
    | \.husky | \.pre-commit-config\.yaml
    """,
    re.VERBOSE,
)
_SHORT = re.compile(r"[^.~]{1,6}~\d+(\..{1,3})?")
"""A name as old Windows programs see a longer one: `GIT~1` may be `.git`."""


@lru_cache(maxsize=4_096)
def folded(name: str) -> str:
    """`name` as a forgiving file system compares it."""
    if name.isascii():
        plain = name
    else:
        plain = "".join(
            c
            for c in unicodedata.normalize("NFKC", name)
            if unicodedata.category(c) not in ("Cf", "Mn", "Cc")
        )
    plain = plain.split(":", 1)[0] if len(plain) > 2 else plain
    return plain.casefold().rstrip(". ") if plain.strip(".") else plain


def secret(parts: Iterable[str]) -> str:
    """The part of a path that names a secret, "" when none does."""
    for part in parts:
        plain = folded(part)
        if _SECRET.fullmatch(plain) and not _NO_SECRET.fullmatch(plain):
            return part
    return ""


def git(parts: Iterable[str]) -> str:
    """The part of a path that is git's own folder or the file in its place, "" when none is."""
    return next((part for part in parts if folded(part) in (".git", "git~1", ".git~1")), "")


def own(parts: Iterable[str]) -> str:
    """The part of a path that is Cairn's own folder, "" when none is."""
    return next((part for part in parts if folded(part) in (".cairn", "cairn~1")), "")


def instructs(parts: Iterable[str]) -> str:
    """The part of a path from which an agent takes instructions or rights, "" when there is none."""
    return next((part for part in parts if _INSTRUCTS.fullmatch(folded(part))), "")


def editor(parts: Iterable[str]) -> str:
    """The part of a path that configures an editor, which may run what stands there; "" when none does."""
    return next((part for part in parts if _EDITOR.fullmatch(folded(part))), "")


def starts(parts: Iterable[str]) -> str:
    """The part of a path that something runs or obeys later: shells at their start, logins, hooks; "" when none is."""
    return next((part for part in parts if _STARTS.fullmatch(folded(part))), "")


def shortened(parts: Iterable[str]) -> str:
    """The part of a path that may be another name for something longer, "" when none is."""
    return next((part for part in parts if _SHORT.fullmatch(part)), "")
