"""A run of hundreds of steps with every tool in it, each step named in its reply, for runs that are disturbed.

Which step comes next is read off the request itself. So the model goes on rightly after a kill,
a retry or a rebuilt window, as a model would that looks at where it stands.
"""

import re
from pathlib import Path

from scripted_provider import Turn, calls, say

_NAMED = re.compile(rb"STEP-(\d+)\.")
END = "All of it is done."


def next_step(body: bytes) -> int:
    """The step that a request asks for, from 1: behind the newest that it tells of."""
    return max((int(number) for number in _NAMED.findall(body)), default=0) + 1


def turn(step: int, steps: int) -> Turn:
    """The reply of step number `step`; the last one ends the run."""
    if step >= steps:
        return say(END)
    return calls(*_calls(step), text=f"STEP-{step}.")


def _calls(step: int) -> tuple[tuple[str, dict[str, object]], ...]:
    """What the step does: no two do the same, and none depends on how often it was asked for."""
    match step % 8:
        case 1:
            return (("bash", {"command": f"echo line {step} >> log.txt"}),)
        case 2:
            return (("write", {"path": f"out/{step}.txt", "content": f"made in {step}\n" * (step % 7 + 1)}),)
        case 3:
            made = f"out/{step - 1}.txt"
            return (
                (
                    "edit",
                    {
                        "path": made,
                        "old": f"made in {step - 1}\n",
                        "new": f"changed in {step}\n",
                        "all": True,
                    },
                ),
            )
        case 4:
            return (
                ("read", {"path": f"out/{step - 2}.txt"}),
                ("grep", {"pattern": f"line {step - 3}$", "path": "log.txt"}),
            )
        case 5:
            again = f"echo again {step} >> log.txt; exit {step % 3}"
            return (
                ("bash", {"command": again}),
                ("bash", {"command": f"tail -n 1 log.txt; printf {step} > newest.txt"}),
            )
        case 6:
            return (("bash", {"command": f"seq {step} {step + 12_000 if step % 48 == 6 else step + 9}"}),)
        case 7:
            return (
                ("edit", {"path": "missing.txt", "old": f"x{step}", "new": "y"}),
                ("note", {"text": f"note of {step}"}),
            )
        case _:
            gone = f"rm -f out/{step - 6}.txt; ls out | wc -l; echo {step} > dir-{step % 5}"
            return (("bash", {"command": gone}),)


def make_workspace(folder: Path) -> Path:
    """The work tree that the run begins with."""
    root = folder / "work"
    root.mkdir(parents=True)
    (root / "log.txt").write_text("", encoding="utf-8")
    (root / "README.md").write_text("# A project\n", encoding="utf-8")
    return root
