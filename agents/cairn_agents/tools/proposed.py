"""Where the text of a file lies for a session that only proposes: beside the work tree, once it proposed something.

`files/` has the texts as proposed and `base/` as they were then, by the same names. Everything else of a call (its
effect, its recovery, whether it is fresh) is about those files, so a proposal is a change like any other.
"""

from pathlib import Path, PurePosixPath

from cairn_agents.proposals.reasons import replaced
from cairn_agents.tools.base import A, Plan, Scope, ToolError
from cairn_agents.tools.beneath import Moved
from cairn_agents.tools.encoding import decode, digest
from cairn_memory.events import ProposalMade
from cairn_memory.files import write_atomically

FILES, BASE = "files", "base"
LARGEST = 4_000_000
"""Bytes of a file that a change is proposed for."""
MOST = 300
"""Files of one proposal."""


def reading(path: Path, scope: Scope) -> Path:
    """Where what the agent sees as `path` (resolved) is to be read."""
    if scope.proposal is None:
        return path
    place = _place(path, scope, FILES)
    return place if place is not None and place.is_file() else path


def writing(path: Path, scope: Scope) -> Path:
    """Where a change of `path` (resolved) goes. Raises ToolError for a place that nothing is proposed for."""
    if scope.proposal is None:
        return path
    place = _place(path, scope, FILES)
    if place is None:
        raise ToolError(f"{path} lies outside the workspace; propose mode proposes changes within it only")
    return place


def begin(plan: Plan[A], before: bytes | None, scope: Scope) -> ProposalMade:
    """Keeps what a file is before the first proposal for it, and says what the log is told of this one.

    To be called right before the proposed text is written, with the file as the agent sees it now. Blocking.
    Raises ToolError; Moved when the change was worked out from something else.
    """
    path = plan.paths[0]
    place, base = writing(path, scope), _place(path, scope, BASE)
    assert scope.proposal is not None and base is not None
    if ("" if before is None else digest(before)) != plan.basis:
        raise Moved
    if max(len(before or b""), len(plan.data)) > LARGEST:
        raise ToolError(f"{path.name} is larger than the {LARGEST:,} bytes that a change is proposed for")
    if not place.exists():
        _keep(base, before, scope.proposal)
    lines = plan.preview.split("\n")[2:]
    return ProposalMade(
        path=name_of(path, scope.root),
        base=digest(base.read_bytes()) if base.exists() else "",
        text=digest(plan.data),
        reason=scope.said(),
        call=plan.call,
        added=sum(line.startswith("+") for line in lines),
        removed=sum(line.startswith("-") for line in lines),
        ranges=replaced(decode(before or b"").text, decode(plan.data).text),
    )


def _keep(base: Path, before: bytes | None, proposal: Path) -> None:
    if sum(1 for each in (proposal / FILES).rglob("*") if each.is_file()) >= MOST:
        raise ToolError(
            f"a proposal has at most {MOST} files; finish this one, the rest is for another session"
        )
    try:
        proposal.mkdir(mode=0o700, parents=True, exist_ok=True)
        base.unlink(missing_ok=True)  # of a proposal that was answered long ago
        if before is not None:
            base.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(base, before)
    except OSError as error:
        raise ToolError(f"what {base.name} was could not be kept: {error.strerror}") from error


def name_of(path: Path, root: Path) -> str:
    """`path` (resolved) relative to the work tree; "" for one outside, or in what is Cairn's or git's own."""
    try:
        parts = path.relative_to(root.resolve()).parts
    except ValueError:
        return ""
    return "" if not parts or parts[0] == ".git" or parts[:2] == (".cairn", "local") else "/".join(parts)


def _place(path: Path, scope: Scope, kind: str) -> Path | None:
    assert scope.proposal is not None
    name = name_of(path, scope.root)
    return scope.proposal.joinpath(kind, *PurePosixPath(name).parts) if name else None
