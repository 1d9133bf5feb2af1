"""What a call that is asked about may do, at the worst: its class of risk, and why, in plain words.

It decides nothing: whatever is not proven to be read-only is asked about. It tells the person who is asked,
the contract that answers in their stead, and the grants, which cover nothing destructive.
"""

import os
import re
from collections.abc import Sequence

from cairn_agents.gate import names
from cairn_agents.gate.commands.danger_tables import (
    BY_ARGUMENTS,
    DESTRUCTIVE,
    IN_LONG_TEXT,
    IN_TEXT,
    INTERPRETERS,
    NETWORK,
    SECRETS,
    SHELLS,
    WRITES,
)
from cairn_agents.gate.commands.loose import Call
from cairn_agents.gate.commands.words import named
from cairn_agents.gate.commands.wrappers import inner, program
from cairn_memory.events import Risk

WORST: tuple[Risk, ...] = (
    "read", "memory", "write", "run", "network", "outside", "secret", "protected", "destructive"
)  # fmt: skip
"""All classes, the worst last."""

Danger = tuple[Risk, str]
_SHORT = 1_000
"""Characters over which patterns that look far ahead are tried."""
_READS = named(
    "cat head tail less more grep egrep fgrep rg ag ack ls find stat file wc sort uniq cut diff cmp od xxd hexdump strings nl "
    "tac du tree awk sed jq yq realpath readlink test [ [[ git cd base64 md5sum sha256sum tar bat view echo printf"
)
_HARD_TARGET = re.compile(
    r"/dev/(tcp|udp)/|/dev/(sd|nvme|hd|vd|mem|kmem|port)|/proc/|/sys/|/etc/|/boot/|/bin/|/usr/|/lib"
)


def worst(risks: Sequence[Risk]) -> Risk:
    """The worst of several classes; "read" of none."""
    found: Risk = "read"
    for risk in risks:
        if WORST.index(risk) > WORST.index(found):
            found = risk
    return found


def of_whole(text: str) -> Danger | None:
    """What only several calls together do: what is fetched is run, what is secret is sent."""
    for pattern, reason in IN_TEXT:
        if pattern.search(text[:_SHORT]):
            return "destructive", reason
    if len(text) > _SHORT:
        for one, other, reason in IN_LONG_TEXT:
            if one.search(text) and other.search(text):
                return "destructive", reason
    return None


def of_call(call: Call, root: str) -> Danger:
    """The class of one call (or redirection), and why it is asked about."""
    found = [danger for target in call.targets if (danger := _of_target(*target, root))]
    words = inner(call.words)
    if call.words:
        found.append(_of_program(call.words, words, call.text))
        found += _of_paths(words, root)
    return max(found, key=lambda danger: WORST.index(danger[0]), default=("run", ""))


def _of_program(outer: Sequence[str], words: Sequence[str], text: str) -> Danger:
    name = program(words)
    for each in dict.fromkeys((program(outer), name)):
        if reason := DESTRUCTIVE.get(each, ""):
            return "destructive", reason
    if name.startswith("mkfs"):
        return "destructive", "it makes a file system and erases what was there"
    line = " ".join(words)
    line = line if len(line) <= 2 * _SHORT else f"{line[:_SHORT]} {line[-_SHORT:]}"
    for pattern, reason in BY_ARGUMENTS.get(name, ()):
        if pattern.search(line):
            return "destructive", reason
    if name in INTERPRETERS or name in SHELLS:
        return "run", f"{name} runs code"
    if name in SECRETS and SECRETS[name].search(line):
        return "secret", f"{name} may print secrets"
    if name in NETWORK and NETWORK[name].search(line):
        return "network", f"{name} reaches the network"
    if name in WRITES:
        return "write", f"{name} changes files"
    return "run", ""


def _of_paths(words: Sequence[str], root: str) -> list[Danger]:
    """What the arguments name, if they are paths."""
    name, found = program(words), list[Danger]()
    reads = name in _READS and "-i" not in words[1:3] and not (name == "git" and "config" in words)
    for word in words[1:]:
        text = word.rpartition("=")[2] if word.startswith("-") else word
        if len(text) > 400 or "\n" in text or (text.startswith("-") and "/" not in text):
            continue
        parts = [part for part in text.split("/") if part]
        if not reads and (special := _special(parts)):
            found.append(("destructive", special))
        elif names.secret(parts):
            found.append(("secret", f"{text} may hold secrets"))
        elif _outside(text, root):
            found.append(("outside", f"{text} lies outside the workspace"))
    return found


def _special(parts: Sequence[str]) -> str:
    """What it would mean to change such a path."""
    if part := names.instructs(parts):
        return f"it may change what instructs agents ({part})"
    if part := names.git(parts):
        return f"it may change git's own folder ({part})"
    if part := names.starts(parts):
        return f"it may change what is run or obeyed later ({part})"
    if part := names.editor(parts):
        return f"it may change what an editor runs ({part})"
    return ""


def _outside(text: str, root: str) -> bool:
    if text.startswith("~") or re.match(r"\$\{?(HOME|OLDPWD)\b", text):
        return True
    if not text.startswith("/") and ".." not in text.split("/"):
        return False
    plain = os.path.normpath(os.path.join(root, text))
    return plain != "/dev/null" and plain != root and not plain.startswith(root.rstrip(os.sep) + os.sep)


def _of_target(operator: str, target: str, root: str) -> Danger | None:
    if operator in ("<", "<&") or re.fullmatch(r"[0-9]+-?|-|/dev/(null|stdout|stderr)", target):
        if not _outside(target, root):
            return None
        sends = "/dev/tcp/" in target or "/dev/udp/" in target
        return ("network" if sends else "outside", f"it reads {target}, outside the workspace")
    if _HARD_TARGET.match(target):
        return "destructive", f"it writes to {target}"
    if special := _special([part for part in target.split("/") if part]):
        return "destructive", special
    if _outside(target, root):
        return "outside", f"it writes to {target}, outside the workspace"
    return "write", f"it writes to {target}"
