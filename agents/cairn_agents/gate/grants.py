"""Grants: what an answer for more than once allows from then on, and what no such answer may ever cover."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from cairn_agents.gate.permission import Decision, Gate
from cairn_agents.gate.rules import NETWORK, UNSANDBOXED, is_literal, matches
from cairn_agents.gate.standing import StandingGrant
from cairn_agents.tools.base import Arguments, Kind, Plan
from cairn_memory.events import Payload, PermissionGranted, PermissionRevoked, Risk
from cairn_memory.sessions import SessionFold

LONGEST = 1_000
"""Characters of a pattern: more is no pattern a person has read."""

ASKED_EACH_TIME: frozenset[Risk] = frozenset(("destructive", "protected"))
"""Classes of which no answer holds for good."""

_WILD = re.compile(r"[*?\[]")
_LITERAL = re.compile(r"\[[*?\[]\]")
"""A wildcard that stands for itself."""

_RUNS_ANYTHING = (
    "bash", "sh", "zsh", "dash", "fish", "ksh", "eval", "exec", "source", ".", "sudo", "doas", "su", "env", "xargs",
    "nohup", "nice", "timeout", "time", "setsid", "ssh", "watch", "parallel", "pwsh", "powershell", "cmd", "awk",
    "gawk", "busybox", "script", "command", "builtin", "coproc", "chroot", "unshare", "nsenter", "bwrap", "flock",
)  # fmt: skip
"""Programs whose arguments are commands: with a wildcard behind them they could run anything."""
_INTERPRETERS = (
    "python",
    "python3",
    "node",
    "nodejs",
    "deno",
    "bun",
    "perl",
    "ruby",
    "php",
    "lua",
    "Rscript",
)
"""Programs that run code given as an argument; a wildcard may stand only behind a script or a module."""
_HAVE_SUBCOMMANDS = (
    "git", "npm", "pnpm", "yarn", "npx", "pip", "pip3", "uv", "poetry", "cargo", "go", "docker", "podman", "kubectl",
    "helm", "terraform", "systemctl", "apt", "apt-get", "dnf", "brew", "gh", "aws", "gcloud", "az", "dotnet", "mvn",
)  # fmt: skip
"""Programs of which everything depends on the second word."""
_NEVER = (
    "rm -rf build", "rm -r .", "git push --force origin main", "git push -f", "git reset --hard HEAD~1",
    "git clean -fdx", "git checkout .", "git checkout -- .", "git restore .", "git branch -D main", "git stash drop",
    "dd if=/dev/zero of=/dev/sda", "mkfs.ext4 /dev/sda1", "chmod -R 777 /", "chown -R root /", "kill -9 1",
    "shutdown now", "reboot", "crontab -", "npm publish", "cargo publish", "twine upload dist/*", "docker push image",
    "docker run -v /:/host image", "docker system prune -af", "kubectl delete namespace prod", "helm uninstall app",
    "terraform destroy", "terraform apply -auto-approve", "systemctl stop sshd", "find . -delete",
    "find . -exec rm {} +", "python -c code", "python3 -c code", "node -e code",
    "perl -e code", "ruby -e code", "npx something", "truncate -s 0 file", "shred file", "gh repo delete owner/name",
    "aws s3 rm s3://bucket --recursive",
)  # fmt: skip
"""Commands that no pattern may cover: they destroy, publish, or run code that nobody has read."""


def pattern_refusal(
    gate: Gate,
    tool: str,
    kind: Kind,
    plan: Plan[Arguments],
    fold: SessionFold,
    decision: Decision,
    pattern: str,
    always: bool,
) -> str:
    """Why calls that match `pattern` may not run unasked from now on, in one line; "" when they may.

    What the gate offered itself is taken for the session as it is. The last test is the gate's own judgement:
    with the grant it must let the call at hand run.
    """
    offered = pattern_of(decision.grant, tool)
    if not offered:
        return f"this is asked each time ({decision.reason or 'it is not plain what it does'}); answer once, or no"
    if always and decision.risk in ASKED_EACH_TIME:
        return f"what is {decision.risk} is never allowed for good; answer once or for this session"
    if decision.risk in ASKED_EACH_TIME and pattern != offered:
        return f"what is {decision.risk} is allowed word for word only, as `{offered}`"
    if problem := _malformed(pattern, offered):
        return problem
    if plan.command and pattern != offered and (problem := _too_wide(pattern)):
        return problem
    if not plan.command and pattern != offered and (problem := _too_wide_path(pattern)):
        return problem
    wider = replace(fold, grants={*fold.grants, f"{tool} {pattern}"})
    judged = gate.judge(tool, kind, plan, wider)
    if judged.action != "allow":
        return f"`{pattern}` would not let this call run ({judged.reason or 'it does not match'}); change it, or answer once"
    return ""


def pattern_of(grant: str, tool: str) -> str:
    """The pattern of a grant of `tool`."""
    return grant.removeprefix(f"{tool} ")


def brought_up_to_date(fold: SessionFold, standing: Iterable[StandingGrant]) -> Iterator[Payload]:
    """The events that make a session's grants for good those that the user has given and not taken back."""
    now = {each.grant: each for each in standing}
    for grant, event in fold.granted.items():
        if event.scope == "workspace" and grant not in now:
            yield PermissionRevoked(tool=event.tool, pattern=event.pattern, by="taken back before")
    for grant, each in now.items():
        if grant not in fold.granted:
            by = f"your answer of {each.since:%Y-%m-%d}"
            yield PermissionGranted(tool=each.tool, pattern=each.pattern, scope="workspace", by=by)


def _malformed(pattern: str, offered: str) -> str:
    if not pattern.strip():
        return "an empty pattern allows nothing; say which calls, or answer once"
    if len(pattern) > LONGEST:
        return f"the pattern has {len(pattern):,} characters, at most {LONGEST:,} are taken; make it general, or answer once"
    if pattern != offered and not pattern.isprintable():
        return "the pattern holds line feeds or invisible characters; write it as one plain line"
    return ""


def _too_wide(pattern: str) -> str:
    """What of a pattern for commands covers more than a person can mean."""
    if is_literal(pattern):
        return ""
    bare = pattern.removesuffix(NETWORK).removesuffix(UNSANDBOXED)
    wild = _WILD.search(_LITERAL.sub("xxx", bare))
    plain = bare[: wild.start()] if wild else bare
    words = plain.split()
    whole = len(words) - (0 if plain.endswith((" ", "\t")) else 1)
    program = words[0] if words else ""
    name = program.rpartition("/")[2]
    if whole < 1:
        return f"`{pattern}` would allow any program; write its name in full, as in `npm test *`"
    if name in _RUNS_ANYTHING:
        return f"`{pattern}` would allow any command, since {name} runs what it is given; write it out without wildcards"
    if _is_interpreter(name) and not _names_script(words[1:whole]):
        return f"`{pattern}` would allow any code; name the script or the module, as in `{name} -m pytest *`"
    if name in _HAVE_SUBCOMMANDS and whole < 2:
        return f"`{pattern}` would allow every command of {name}; write the next word too, as in `{name} {_example(name)} *`"
    for command in _NEVER:
        if matches(bare, command):
            return f"`{pattern}` would also allow `{command}`; make it narrower"
    return ""


def _is_interpreter(name: str) -> bool:
    return name in _INTERPRETERS or re.fullmatch(r"(python|perl|ruby|php|lua)[0-9.]+", name) is not None


def _names_script(words: list[str]) -> bool:
    """Whether a script or a module stands there, before anything that could be code."""
    match words:
        case ["-m", module, *_]:
            return not module.startswith("-")
        case [script, *_]:
            return not script.startswith("-")
        case _:
            return False


def _example(program: str) -> str:
    return {"git": "log", "npm": "test", "cargo": "test", "go": "test", "docker": "ps"}.get(program, "list")


def _too_wide_path(pattern: str) -> str:
    """What of a pattern for paths covers more than a person can mean: whole folders above the workspace."""
    wild = _WILD.search(pattern)
    absolute = pattern.startswith(("/", "~")) or pattern[1:2] == ":"
    if wild is None or not absolute:
        return "" if wild is None or not fnmatchcase("/etc/passwd", pattern) or absolute else _EVERYWHERE
    folders = [part for part in re.split(r"[/\\]", pattern[: wild.start()])[:-1] if part]
    return (
        ""
        if len(folders) >= 3
        else f"`{pattern}` covers too much outside of the workspace; name a folder further down"
    )


_EVERYWHERE = "such a pattern covers every file there is; name a folder of the workspace, as in `src/*`"
