"""The programs that only read, each with the options that keep it so. A program that is not here is asked about.

Sources: the manuals of GNU coreutils 9, grep 3.11, diffutils 3.10, util-linux 2.40, binutils, ripgrep 14, fd 10,
POSIX.1-2024, and their BSD likes: where the two differ an option stands here only if it is harmless in both.
Left out on purpose: what writes (`sort -o`, `tree -o`, the second file of uniq), what runs a program (`rg --pre`,
`sort --compress-program`, `find -exec`), what reads names of files from a file, what follows links (`grep -R`, `rg -L`),
what never ends by itself (`tail -f`), what looks at other processes.
"""

from collections.abc import Callable, Sequence
from functools import cache

from cairn_agents.gate.commands import awk, builtin, conditions, find, git, queries, sed
from cairn_agents.gate.commands.options import Reads
from cairn_agents.gate.commands.reach import Place
from cairn_agents.gate.commands.words import Word

Judge = Callable[[Sequence[Word], Place], None]
"""Raises Asked unless the call, given its arguments, only reads what lies in the workspace."""

_GREP = Reads(
    "EFGPivwxcnHhoqsLlzbaUTrIyZA:B:C:m:e:f@d:D:",
    "extended-regexp fixed-strings basic-regexp perl-regexp regexp: file@ ignore-case no-ignore-case invert-match "
    "word-regexp line-regexp count color? colour? files-without-match files-with-matches max-count: only-matching quiet "
    "silent no-messages byte-offset with-filename no-filename label: line-number initial-tab null after-context: "
    "before-context: context: text binary-files: exclude: exclude-from@ exclude-dir: include: recursive line-buffered "
    "null-data devices: directories: version",
    "pattern",
    number=True,
    into="-r --recursive -d --directories",
)
_SUM = Reads("btwzc", "binary check tag text ignore-missing quiet status strict warn zero version")
_ENCODED = Reads("dDiw:", "decode ignore-garbage wrap: version")

_TABLE: dict[str, Reads] = {
    "arch": Reads(operands="none"),
    "b2sum": _SUM,
    "base32": _ENCODED,
    "base64": _ENCODED,
    "basename": Reads("as:z", "multiple suffix: zero version", "data"),
    "cal": Reads("13jmywA:B:", operands="data"),
    "cat": Reads(
        "AbeEnstTuv",
        "show-all number-nonblank show-ends number squeeze-blank show-tabs show-nonprinting version",
    ),
    "cksum": Reads("a:", "algorithm: untagged base64 raw version"),
    "cmp": Reads("bln:i:s", "print-bytes ignore-initial: verbose bytes: quiet silent version"),
    "column": Reads(
        "txnes:c:o:N:R:", "table separator: output-separator: columns: output-width: table-columns: version"
    ),
    "comm": Reads("123iz", "check-order nocheck-order output-delimiter: total zero-terminated version"),
    "cut": Reads(
        "b:c:d:f:nsz",
        "bytes: characters: delimiter: fields: complement only-delimited output-delimiter: zero-terminated version",
    ),
    "df": Reads(
        "ahHiklTPt:x:B:",
        "all block-size: human-readable si inodes local portability total type: print-type version",
    ),
    "diff": Reads(
        "aBbcdeEiNnpqrstTuvwyZU:C:L:x:I:W:F:",
        "normal brief report-identical-files context? unified? ed rcs side-by-side width: left-column "
        "suppress-common-lines show-c-function show-function-line: label: expand-tabs initial-tab tabsize: recursive "
        "no-dereference new-file exclude: ignore-case ignore-tab-expansion ignore-trailing-space ignore-space-change "
        "ignore-all-space ignore-blank-lines ignore-matching-lines: text strip-trailing-cr minimal speed-large-files "
        "color? version",
        number=True,
    ),
    "dirname": Reads("z", "zero version", "data"),
    "du": Reads(
        "abchkmsSx0t:d:B:",
        "null all apparent-size block-size: bytes total max-depth: human-readable inodes one-file-system separate-dirs si "
        "summarize threshold: exclude: version",
    ),
    "egrep": _GREP,
    "expand": Reads("it:", "initial tabs: version"),
    "expr": Reads(operands="data"),
    "factor": Reads("h", "exponents version", "data"),
    "false": Reads(operands="data"),
    "fd": Reads(
        "HIsigFap0d:t:e:E:S:c:j:",
        "hidden no-ignore case-sensitive ignore-case glob fixed-strings absolute-path full-path print0 max-depth: "
        "min-depth: exact-depth: type: extension: exclude: size: changed-within: changed-before: color: threads: "
        "max-results: version",
        "pattern",
    ),
    "fgrep": _GREP,
    "file": Reads(
        "bhiIkNnpr0F:v",
        "brief mime mime-type mime-encoding no-dereference keep-going raw extension print0 separator: version",
    ),
    "fmt": Reads(
        "cstuw:p:g:", "crown-margin prefix: split-only tagged-paragraph uniform-spacing width: goal: version"
    ),
    "fold": Reads("bsw:", "bytes spaces width: version"),
    "free": Reads("bkmghltwv", "bytes kilo mega giga human lohi total wide version", "none"),
    "getconf": Reads("a", operands="data"),
    "grep": _GREP,
    "groups": Reads(operands="data"),
    "head": Reads("c:n:qvz", "bytes: lines: quiet silent verbose zero-terminated version", number=True),
    "hexdump": Reads(
        "bcCdoxvn:s:", "one-byte-octal one-byte-char canonical no-squeezing length: skip: version"
    ),
    "hostname": Reads("s", "short", "none"),
    "iconv": Reads("f:t:lcs", "from-code: to-code: list silent version"),
    "id": Reads("gGnruz", "group groups name real user zero version", "data"),
    "join": Reads(
        "a:e:i1:2:j:o:t:v:z", "ignore-case check-order nocheck-order header zero-terminated version"
    ),
    "ls": Reads(
        "aAbBcCdfFgGhiklmnopqQrRsStuUvxX1ZNI:w:T:",
        "all almost-all author escape block-size: ignore-backups color? directory classify? file-type format: full-time "
        "group-directories-first no-group human-readable si hide: indicator-style: inode ignore: kibibytes "
        "numeric-uid-gid literal hide-control-chars show-control-chars quote-name quoting-style: reverse recursive size "
        "sort: time: time-style: tabsize: width: zero context hyperlink? version",
    ),
    "lscpu": Reads("abce", "all online offline json extended? parse? version", "none"),
    "md5sum": _SUM,
    "nl": Reads(
        "b:d:f:h:i:l:n:ps:v:w:",
        "body-numbering: section-delimiter: footer-numbering: header-numbering: line-increment: join-blank-lines: "
        "number-format: no-renumber number-separator: starting-line-number: number-width: version",
    ),
    "nproc": Reads(long="all ignore: version", operands="none"),
    "numfmt": Reads(
        "d:z",
        "from: to: from-unit: to-unit: padding: suffix: field: format: header? round: grouping version",
        "data",
    ),
    "od": Reads(
        "A:j:N:S:t:abcdfhilosxv", "address-radix: skip-bytes: read-bytes: format: output-duplicates version"
    ),
    "paste": Reads("d:sz", "delimiters: serial zero-terminated version"),
    "pwd": Reads("LP", "logical physical version", "none"),
    "readlink": Reads(
        "femnqsvz",
        "canonicalize canonicalize-existing canonicalize-missing no-newline quiet silent verbose zero version",
    ),
    "realpath": Reads(
        "emLPqsz",
        "canonicalize-existing canonicalize-missing logical physical quiet strip no-symlinks zero relative-to: "
        "relative-base: version",
    ),
    "rev": Reads("V", "version"),
    "rg": Reads(
        "inNvwxclopqHhIFPUsSabu.0V1A:B:C:e:E:f@g:m:M:r:t:T:j:d:",
        "after-context: before-context: context: regexp: file@ fixed-strings ignore-case smart-case case-sensitive "
        "line-number no-line-number count count-matches files files-with-matches files-without-match glob: iglob: type: "
        "type-not: type-list max-count: max-columns: max-columns-preview max-depth: only-matching word-regexp line-regexp "
        "invert-match multiline multiline-dotall pcre2 quiet color: colors: column no-column heading no-heading vimgrep "
        "sort: sortr: stats json no-messages trim with-filename no-filename replace: no-config null threads: pretty "
        "passthru max-filesize: encoding: text byte-offset hidden no-ignore no-ignore-vcs unrestricted version",
        "pattern",
        into="-u -. --hidden --no-ignore --no-ignore-vcs --unrestricted",
    ),
    "seq": Reads("f:s:w", "format: separator: equal-width version", "data", number=True),
    "sha1sum": _SUM,
    "sha224sum": _SUM,
    "sha256sum": _SUM,
    "sha384sum": _SUM,
    "sha512sum": _SUM,
    "shasum": Reads("a:bctUs", "algorithm: binary check text status version"),
    "shuf": Reads("ei:n:rz", "echo input-range: head-count: repeat zero-terminated version"),
    "sort": Reads(
        "bdfgiMhnRrVcCmsuzk:t:S:",
        "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort "
        "human-numeric-sort numeric-sort random-sort reverse sort: version-sort check? merge key: buffer-size: stable "
        "field-separator: unique zero-terminated parallel: version",
    ),
    "stat": Reads("c:ft", "format: printf: file-system terse version"),
    "strings": Reads("an:t:e:fo", "all bytes: radix: encoding: print-file-name version", number=True),
    "sum": Reads("rs", "sysv version"),
    "tac": Reads("brs:", "before regex separator: version"),
    "tail": Reads("c:n:qvz", "bytes: lines: quiet silent verbose zero-terminated version", number=True),
    "tr": Reads("cCdst", "complement delete squeeze-repeats truncate-set1 version", "data"),
    "tree": Reads(
        "adfpsughDFrtxnACSNQqvUcXJiL:P:I:",
        "dirsfirst noreport prune gitignore du si inodes device filelimit: charset: ignore-case matchdirs version",
    ),
    "true": Reads(operands="data"),
    "tsort": Reads(),
    "tty": Reads("s", "silent quiet version", "none"),
    "uname": Reads(
        "asnrvmpio", "all kernel-name nodename kernel-release kernel-version machine version", "none"
    ),
    "unexpand": Reads("at:", "all first-only tabs: version"),
    "uniq": Reads(
        "cdDiuzf:s:w:",
        "count repeated all-repeated? skip-fields: group? ignore-case skip-chars: unique zero-terminated check-chars: "
        "version",
        "one",
    ),
    "uptime": Reads("psV", "pretty since version", "none"),
    "wc": Reads("clLmw", "bytes chars lines max-line-length words total: version"),
    "whereis": Reads("bms", operands="data"),
    "which": Reads("as", "all version", "data"),
    "whoami": Reads(long="version", operands="none"),
    "xxd": Reads("abeiupl:s:c:g:o:", operands="one"),
    "zcat": Reads(),
    "zipinfo": Reads("12hlmstzTZ", operands="paths"),
}


def judge_of(name: str) -> Judge | None:
    """What judges the calls of a program or builtin; None for one that is not known to only read."""
    return _judges().get(name)


@cache
def _judges() -> dict[str, Judge]:
    return {
        **{name: _bound(name, reads) for name, reads in _TABLE.items()},
        **builtin.JUDGES,
        **queries.JUDGES,
        "find": find.judge,
        "sed": sed.judge,
        "gsed": sed.judge,
        "awk": awk.judge,
        "gawk": awk.judge,
        "mawk": awk.judge,
        "git": git.judge,
        "test": conditions.judge_test,
    }


def _bound(name: str, reads: Reads) -> Judge:
    def judge(args: Sequence[Word], place: Place) -> None:
        reads.judge(name, args, place)

    return judge
