"""git, with every program off that the repository could name. Plain git is asked about: its configuration runs programs.

The options before the command must turn off the pager, core.fsmonitor and the hooks; a command that shows
differences must turn off external differs and text converters as well. What git's filters do is the sandbox's to hold.
Source: git-config(1), gitattributes(5) of git 2.45.
"""

from collections.abc import Sequence

from cairn_agents.gate.commands.options import Reads, require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Word, named

_FSMONITOR = frozenset(("core.fsmonitor=false", "core.fsmonitor=0", "core.fsmonitor=no", "core.fsmonitor="))
_HOOKS = frozenset(("core.hookspath=/dev/null", "core.hookspath="))
_HARMLESS = named(
    """color.ui=never color.ui=false core.pager=cat core.pager= diff.external= core.quotepath=off core.quotepath=false
    log.showsignature=false core.askpass= core.sshcommand= credential.helper= gc.auto=0 maintenance.auto=false
    core.attributesfile=/dev/null submodule.recurse=false diff.ignoresubmodules=all core.editor=true
    core.editor=false protocol.allow=never advice.detachedhead=false"""
)
_NO_PAGER = frozenset(("--no-pager", "-P"))
_QUIET = frozenset(
    ("--no-optional-locks", "--literal-pathspecs", "--no-replace-objects", "--no-lazy-fetch", "--no-advice")
)

_SHOWN = (
    "stat? shortstat numstat dirstat? summary name-only name-status raw patch no-patch unified: minimal patience histogram "
    "diff-algorithm: color? no-color word-diff? word-diff-regex: color-words? no-renames find-renames? find-copies? "
    "diff-filter: ignore-space-at-eol ignore-space-change ignore-all-space ignore-blank-lines function-context "
    "inter-hunk-context: exit-code quiet no-ext-diff no-textconv ignore-submodules? src-prefix: dst-prefix: no-prefix "
    "text binary abbrev? full-index relative? check compact-summary pickaxe-all pickaxe-regex no-indent-heuristic"
)
_WALKED = (
    "oneline graph decorate? no-decorate all branches? tags? remotes? max-count: skip: since: after: until: before: author: "
    "committer: grep: all-match invert-grep regexp-ignore-case extended-regexp fixed-strings merges no-merges first-parent "
    "reverse date-order topo-order author-date-order date: abbrev-commit no-abbrev-commit pretty? format: follow "
    "full-history no-walk? left-right cherry-pick parents children count no-notes notes? not ancestry-path? "
    "simplify-by-decoration relative-date source no-color-moved"
)
_DIFFS = {
    "diff": Reads("puwbBaRzU:M:C:S:G:O@", f"{_SHOWN} cached staged merge-base no-index-not"),
    "show": Reads("puwbBaszqU:M:C:S:G:n:", f"{_SHOWN} {_WALKED}", number=True),
    "log": Reads("puwbBaszqiEFU:M:C:S:G:n:L:", f"{_SHOWN} {_WALKED}", number=True),
    "blame": Reads(
        "lswewtpcnfbML:C:",
        "porcelain line-porcelain show-name show-number show-email root date: no-textconv abbrev:",
    ),
}
_SHOWS_NONE = frozenset(("-n", "#", "-i", "-E", "-F")) | {
    f"--{name.rstrip(':?')}" for name in _WALKED.split()
}
_PLAIN = {
    "status": Reads(
        "sbzvu:", "short branch porcelain? long show-stash untracked-files? ignored? column? no-column ahead-behind "
        "no-ahead-behind renames no-renames find-renames? ignore-submodules?",
    ),
    "branch": Reads(
        "arvl", "all remotes list verbose show-current contains? no-contains? merged? no-merged? points-at: sort: format: "
        "color? no-color column? no-column ignore-case", "data",
    ),
    "tag": Reads("ln:i", "list sort: contains? no-contains? merged? no-merged? points-at: format: color? column? ignore-case", "data"),
    "remote": Reads("v", "verbose", "none"),
    "rev-parse": Reads(
        "q", "verify abbrev-ref? short? show-toplevel git-dir git-common-dir show-prefix show-cdup is-inside-work-tree "
        "is-bare-repository is-inside-git-dir absolute-git-dir symbolic symbolic-full-name quiet all branches tags remotes "
        "show-superproject-working-tree", "data",
    ),
    "rev-list": Reads("n:", _WALKED, "data", number=True),
    "ls-files": Reads(
        "zcdomsktuvf", "cached deleted others modified ignored stage unmerged killed exclude: exclude-standard full-name "
        "error-unmatch abbrev? deduplicate eol directory no-empty-directory",
    ),
    "ls-tree": Reads("drtlz", "long name-only name-status object-only full-name full-tree abbrev? format:", "data"),
    "merge-base": Reads("a", "all octopus independent is-ancestor fork-point", "data"),
    "describe": Reads(long="all tags contains long always abbrev: candidates: match: exclude: dirty? exact-match first-parent", operands="data"),
    "shortlog": Reads("nsec", "numbered summary email committer group:", "data", number=True),
    "show-ref": Reads("qdh", "head heads tags verify hash? dereference quiet", "data"),
    "for-each-ref": Reads(long="count: sort: format: points-at: merged? no-merged? contains? no-contains? ignore-case", operands="data"),
    "name-rev": Reads(long="tags refs: all name-only always", operands="data"),
    "count-objects": Reads("vH", "verbose human-readable", "none"),
    "cat-file": Reads("tsep", operands="data"),
    "check-ignore": Reads("qvn", "quiet verbose non-matching no-index"),
    "grep": Reads(
        "niwvhHEFGPlLczpWe:A:B:C:m:", "line-number ignore-case word-regexp invert-match extended-regexp fixed-strings "
        "perl-regexp files-with-matches files-without-match name-only count cached untracked heading break color? "
        "after-context: before-context: context: max-depth: column and or not all-match threads: no-textconv max-count:",
        "data",
    ),
}  # fmt: skip


def judge(args: Sequence[Word], place: Place) -> None:
    """Raises Asked unless it reads, and can run nothing that the repository names."""
    rest = list(args)
    if len(rest) == 1 and rest[0].literal and rest[0].value in ("--version", "version", "-v"):
        return
    settings: set[str] = set()
    pager_off = False
    while rest and rest[0].value.startswith("-"):
        word = rest.pop(0)
        require_told("git", word)
        if word.literal and word.value in _NO_PAGER:
            pager_off = True
        elif word.literal and word.value == "-c" and rest and rest[0].literal:
            settings.add(_setting(rest.pop(0)))
        elif not word.literal or word.value not in _QUIET:
            raise Asked(f"git {word.value} may have another program run or reach another repository")
    if not rest or not rest[0].literal:
        raise Asked("git without a plain command")
    command = rest[0].value
    if command not in _DIFFS and command not in _PLAIN:
        raise Asked(f"git {command} may change the repository")
    if not (pager_off and settings & _FSMONITOR and settings & _HOOKS):
        raise Asked(
            f"git {command} runs what the repository's configuration names (pager, fsmonitor, hooks), unless it is told not to"
        )
    _command(command, rest[1:], place)


def _setting(word: Word) -> str:
    name, equals, value = word.value.partition("=")
    setting = f"{name.lower()}{equals}{value}"
    if setting not in _FSMONITOR | _HOOKS | _HARMLESS:
        raise Asked(f"git -c {word.raw} may have another program run")
    return setting


def _command(command: str, args: list[Word], place: Place) -> None:
    shows = command in _DIFFS
    table = _DIFFS[command] if shows else _PLAIN[command]
    given = table.parse(f"git {command}", args, place)
    named = {name for name, _ in given.options}
    if shows and not {"--no-ext-diff", "--no-textconv"} <= named and not _needs_no_diff(command, named):
        raise Asked(
            f"git {command} runs differs and converters, unless it has --no-ext-diff and --no-textconv"
        )
    for _, value in given.options:
        if value is not None and "%G" in value.value:
            raise Asked(f"git {command} {value.raw} runs the program that checks signatures")
    if command in ("tag", "branch") and given.operands and not given.has("-l", "--list"):
        raise Asked(f"git {command} {given.operands[0].raw} makes a new one", "write")
    if command in ("show", "log", "diff", "cat-file", "blame"):
        _require_plain_names(command, given.operands, place)
    else:
        table.require_operands(f"git {command}", given, place)


def _needs_no_diff(command: str, named: set[str]) -> bool:
    """`log` shows no difference unless it is asked to; blame knows only converters."""
    return (command == "log" and named <= _SHOWS_NONE) or (command == "blame" and "--no-textconv" in named)


def _require_plain_names(command: str, operands: list[Word], place: Place) -> None:
    """Revisions and files look alike; both are held to what may be read. `HEAD:.env` is a secret too."""
    for word in operands:
        if word.globs:
            raise Asked(f"git {command} {word.raw}: quote the pattern")
        revision, colon, path = word.value.partition(":")
        require_readable(
            Word(
                word.raw, path if colon and revision else word.value, word.start, word.end, tilde=word.tilde
            ),
            place,
        )
