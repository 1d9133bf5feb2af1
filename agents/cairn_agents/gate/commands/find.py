"""find: its tests and what prints; not what runs, deletes or writes. Source: find(1) of GNU findutils 4.10 and POSIX."""

from collections.abc import Sequence

from cairn_agents.gate.commands.options import require_told
from cairn_agents.gate.commands.reach import Place, require_readable
from cairn_agents.gate.commands.words import Asked, Word, named

_ALONE = named(
    """! -not -a -and -o -or ( ) , -depth -d -daystart -mount -xdev -noleaf -nowarn -warn -ignore_readdir_race
    -noignore_readdir_race -empty -executable -readable -writable -nouser -nogroup -true -false -print -print0 -ls -prune
    -quit -P"""
)
_VALUED = named(
    """-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -type -xtype -size -mtime -atime -ctime
    -mmin -amin -cmin -perm -user -group -uid -gid -links -inum -maxdepth -mindepth -used -fstype -printf -lname
    -ilname"""
)
_FILES = frozenset(("-newer", "-anewer", "-cnewer", "-samefile"))


def judge(args: Sequence[Word], place: Place) -> None:
    """Raises Asked unless it lists files of the workspace."""
    rest = list(args)
    while rest and not _begins(rest[0]):
        require_readable(rest.pop(0), place)
    while rest:
        word = rest.pop(0)
        require_told("find", word)
        name = word.value
        if not word.literal:
            raise Asked(f"find {word.raw}: what it stands for cannot be told")
        if name in _ALONE:
            continue
        if name in _FILES and rest:
            require_readable(rest.pop(0), place)
        elif name in _VALUED and rest:
            value = rest.pop(0)
            require_told("find", value)
            if (
                value.globs or value.tilde
            ):  # not in quotes: bash puts names of files in its place, where there are some
                require_readable(value, place)
        else:
            raise Asked(f"find {name} is not known to be harmless")


def _begins(word: Word) -> bool:
    """Whether the expression begins here."""
    return word.value.startswith("-") or word.value in ("!", "(", ")", ",")
