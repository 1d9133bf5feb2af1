"""Secrets on command lines of well-known programs, where an option names them and no word beside it does."""

import re
from collections.abc import Callable, Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import Form, find_forms, triggers_of
from cairn_memory.redact.lookalikes import is_stand_in, looks_chosen

_BEFORE = r"[^\n|;&]{0,300}?[ ]"
"""What stands between a program's name and the option, on the same line."""
_QUOTE = r"""\\?["']?"""
_VALUE = rf"""{_QUOTE}([^\s"'\\]{{4,200}})"""


def find_commands(text: str) -> Iterator[Finding]:
    """Passwords given to programs on their command lines."""
    yield from find_forms(text, _FORMS, text)


def _plain(value: str) -> bool:
    return not is_stand_in(value)


def _chosen(value: str) -> bool:
    return looks_chosen(value, bare=True)


def _given(triggers: tuple[str, ...], pattern: str, accept: Callable[[str], bool] = _plain) -> Form:
    return Form("password", triggers, re.compile(pattern), accept)


_FORMS = triggers_of(
    (
        _given(
            (" -u", " -U", "--user", "--proxy-user", "--auth"),
            rf"(?: -[uU]|--(?:proxy-)?user|--auth)[ =]{{0,2}}{_QUOTE}[^\s:\"'/\\]{{1,100}}[:%]([^\s\"'\\]{{4,200}})",
            _chosen,
        ),
        _given(("sshpass",), rf"sshpass -p[ =]?{_VALUE}"),
        _given(("mysql", "mariadb"), rf"(?:mysql|mariadb)[\w-]{{0,12}}{_BEFORE}-p{_VALUE}"),
        _given(("redis-cli",), rf"redis-cli{_BEFORE}-a[ ]{{1,3}}{_VALUE}"),
        _given(
            (
                "docker login",
                "podman login",
                "registry login",
                "az login",
                "mongo ",
                "mongosh ",
                "mongodump ",
            ),
            rf"[\w-]{{1,20}} (?:login)?{_BEFORE}?-p[ ]{{1,3}}{_VALUE}",
        ),
        _given(("sqlcmd ", "ldapsearch ", "bcp "), rf"\w{{1,20}} {_BEFORE}?-[Pw][ ]{{1,3}}{_VALUE}", _chosen),
        _given(("zip ", "7z ", "7za ", "unrar "), rf"\w{{1,8}} {_BEFORE}?-[pP][ ]?{_VALUE}", _chosen),
        _given(
            ("echo ", "printf "),
            rf"(?:echo|printf)(?: -[ne]{{1,2}})?[ ]{{1,3}}{_VALUE}{_QUOTE}[ ]{{0,3}}\|[^\n|]{{0,200}}?(?:--password-stdin|sudo -S|--stdin)",
        ),
        _given(("pass:",), rf"pass:{_VALUE}", _chosen),
        _given(
            ("IDENTIFIED BY", "identified by"),
            r"(?i:identified by)\s{1,4}(?:PASSWORD\s{1,4})?\\?['\"]([^\s'\"\\]{4,200})",
        ),
        _given(("ConvertTo-SecureString",), rf"ConvertTo-SecureString (?:-String )?{_VALUE}"),
        _given(("requirepass", "masterauth"), rf"(?:requirepass|masterauth)[ ]{{1,8}}{_VALUE}", _chosen),
        _given(
            ("configure set",), rf"configure set [\w.]{{0,60}}(?:secret|token)[\w.]{{0,40}}[ ]{{1,3}}{_VALUE}"
        ),
        _given(("thin:",), r"thin:[\w$]{1,60}/([^\s/@\"'\\]{4,100})@"),
        _given(("sqlplus ",), rf"sqlplus (?:-\w{{1,4}} )?{_QUOTE}[\w$]{{1,60}}/([^\s/@\"'\\]{{4,100}})@"),
    )
)
