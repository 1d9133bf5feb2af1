"""The general pattern that an answer for more than once is offered as: `npm test *` for `npm test -- --watch`.

Never for what is destructive, secret or outside, for code given to an interpreter, for what runs another program, or
for a program that reaches the network by itself: then only this very command is offered.
"""

import re
from glob import escape

from cairn_agents.gate.commands.danger_tables import INTERPRETERS, NETWORK, SHELLS
from cairn_agents.gate.commands.structure import Part
from cairn_agents.gate.commands.words import named
from cairn_agents.gate.commands.wrappers import WRAPPERS

_LEVELS = {
    **dict.fromkeys(named("git npm pnpm yarn pip pip3 uv poetry cargo go docker podman kubectl helm terraform gh dotnet mvn gradle bundle rake mix "
        "composer php artisan rails django-admin make just task nox tox hatch pdm conda apt brew systemctl swift dart flutter "
        "bazel buck meson ninja cmake ruff deno bun vagrant npx pre-commit"),
        1,
    ),
    **{f"{name} {word}": 2 for name in ("npm", "pnpm", "yarn", "bun", "uv", "poetry", "docker", "pdm", "hatch")
       for word in ("run", "run-script", "compose", "exec")},
}  # fmt: skip
"""How many words behind the program say what it does."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")
_PROGRAM = re.compile(r"[A-Za-z0-9_./+-]+")
_MODULE = re.compile(r"python[0-9.]*")


def general_pattern(part: Part) -> str:
    """The pattern, "" when there is none that a person could answer for."""
    words = part.text.split()
    if not words or part.risk in ("destructive", "protected", "secret", "outside"):
        return ""
    name = words[0]
    if _MODULE.fullmatch(name) and words[1:2] == ["-m"] and len(words) > 2 and _WORD.fullmatch(words[2]):
        return f"{name} -m {words[2]} *"
    if name in INTERPRETERS | SHELLS | WRAPPERS or not _PROGRAM.fullmatch(name):
        return ""
    levels = _LEVELS.get(" ".join(words[:2]), _LEVELS.get(name, 0))
    if not levels and name in NETWORK:
        return ""
    kept = words[: 1 + levels]
    if len(kept) <= levels or any(not _WORD.fullmatch(word) for word in kept[1:]):
        return ""
    return " ".join([escape(kept[0]), *kept[1:], "*"])
