"""What is remembered: claims, proposals and notes, and what a search finds.

Claims are the lines of two files of bounded size, proposals and versions are held in memory: the length of the log costs
nothing here.
"""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cairn_agents.runs import RunInfo
from cairn_memory.claims import Claim, Proposal
from cairn_memory.memory import Memory
from cairn_memory.memory_files import local_file
from cairn_memory.versions import Version
from cairn_server import words
from cairn_server.call import Context
from cairn_server.protocol.views import ViewRow
from cairn_server.views.row import ROWS, bounded, group, lines, row

if TYPE_CHECKING:
    from cairn_memory.search import Hit

NOTES = 50
"""The newest pages of notes."""
SNIPPET = 400


async def memory(context: Context, session: str) -> list[ViewRow]:
    """What waits for an answer first, then the claims in the order of their files, then the notes of sessions."""
    kept = context.runs.memory
    claims = await kept.claims.all()
    proposals = await kept.proposals.all()
    waiting = bounded(
        [_proposal(each) for each in proposals[:ROWS]],
        len(proposals) - ROWS,
        "cairn memory proposals lists all",
    )
    infos = {info.session: info for info in context.runs.list()}
    return [
        *group("proposals", "Proposals", waiting),
        *_scope("project", "Project", claims),
        *_scope("user", "User", claims),
        *group("notes", "Notes", [_notes(kept, each, infos) for each in _newest_notes(kept)]),
    ]


async def found(context: Context, query: str, limit: int) -> list[ViewRow]:
    """What a search finds, best first."""
    index = await context.runs.memory.index()
    (answer,) = await index.search_all([query], "all", limit)
    return [_hit(hit) for hit in answer.hits]


def _scope(scope: str, name: str, claims: list[Claim]) -> list[ViewRow]:
    own = [claim for claim in claims if claim.scope == scope]
    rows = bounded(
        [_claim(each) for each in own[:ROWS]], len(own) - ROWS, "the file has all", f"more {scope}"
    )
    return group(scope, name, rows, kinds=("memory",), ref=scope)


def _newest_notes(kept: Memory) -> list[Version]:
    names = [name for name in kept.versions.names if name.endswith("/notes.md")]
    versions = [kept.versions.newest(local_file(kept.workspace, name)) for name in names]
    return sorted(versions, key=lambda version: version.time, reverse=True)[:NOTES]


def _claim(claim: Claim) -> ViewRow:
    use = f"in {words.counted(claim.used, 'window')}" if claim.used else "not used yet"
    last = f"last {words.ago(claim.last_used)}" if claim.last_used else ""
    who = words.joined(claim.id, claim.about, f"by the {claim.by}")
    sources = ", ".join(f"e{seq}" for seq in claim.sources)
    return row(
        f"{claim.scope} {claim.id}",
        claim.text,
        "rule" if claim.about == "rule" else "claim",
        ("claim",),
        words.joined(claim.about, words.since(claim.time), use),
        lines(claim.text[:1_000], who, words.joined(use, last), sources),
        action="openMemory",
        ref=claim.id,
    )


def _proposal(proposal: Proposal) -> ViewRow:
    label = f"Forget: {proposal.text}" if proposal.forget else proposal.text
    return row(
        f"proposal {proposal.id}",
        label,
        "proposal",
        ("proposal",),
        words.joined(proposal.about, words.since(proposal.time)),
        lines(label[:1_000], proposal.reason, f"by the {proposal.by}"),
        ref=proposal.id,
    )


def _notes(kept: Memory, version: Version, infos: dict[str, RunInfo]) -> ViewRow:
    info = infos.get(PurePosixPath(version.file).parent.name)
    return row(
        version.file,
        info.goal if info else version.file,
        "file",
        ("memory",),
        words.since(version.time),
        str(local_file(kept.workspace, version.file).path),
        action="openMemory",
        ref=version.file,
    )


def _hit(hit: "Hit") -> ViewRow:
    return row(
        hit.ref,
        hit.snippet[:SNIPPET],
        "found",
        ("memory",),
        words.joined(hit.kind, hit.who, hit.ref, words.since(hit.time)),
        hit.title,
        action="openMemory",
        ref=hit.ref,
    )
