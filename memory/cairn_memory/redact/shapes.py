"""Secrets that begin with no literal of their own: known by what stands in their midst, or by their shape."""

import re
from collections.abc import Callable, Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.forms import JUDGED
from cairn_memory.redact.lookalikes import is_stand_in, looks_chosen, looks_random

Shape = tuple[str, str, re.Pattern[str], Callable[[str], bool]]
"""Its kind, a literal without which it cannot be there, what to search for, and a judgement. The last group is the secret."""


def find_shapes(text: str, words: str) -> Iterator[Finding]:
    """Those of one word are sought in `words`, the long words of `text`, each once."""
    for kind, secret in _in_words(words):
        position = text.find(secret)
        while position != -1:
            yield Finding(position, position + len(secret), kind)
            position = text.find(secret, position + len(secret))
    for kind, trigger, pattern, accept in _OF_LINES:
        if trigger in text:
            for match in pattern.finditer(text):
                if accept(match[match.lastindex or 0]):
                    yield Finding(*match.span(match.lastindex or 0), kind)


def _in_words(words: str) -> Iterator[tuple[str, str]]:
    for kind, trigger, pattern, accept in _OF_WORDS:
        if trigger in words:
            for match in pattern.finditer(words):
                if accept(match.group()[:JUDGED]):
                    yield kind, match.group()


def _plain(value: str) -> bool:
    return not is_stand_in(value)


def _random(value: str) -> bool:
    return looks_random(value)


def _chosen(value: str) -> bool:
    return looks_chosen(value, bare=True)


def _shape(kind: str, trigger: str, pattern: str, accept: Callable[[str], bool] = _plain) -> Shape:
    return kind, trigger, re.compile(pattern, re.MULTILINE), accept


_B64 = "[A-Za-z0-9+/]"
_HOST = r"(?:https?://)?[\w.-]{0,100}"
_PHRASE = (
    r"""(?i:mnemonic(?:[ _]?phrase)?|(?:seed|recovery)[ _]?phrase)(?: is)?[\\"'`]{0,2}[ ]{0,3}[:=]?[ ]{0,3}[\\"'`]{0,2}"""
    r"((?:[a-z]{3,8} ){11,23}[a-z]{3,8})(?![a-z ])"
)
_OF_WORDS = (
    _shape(
        "slack-webhook",
        "hooks.slack",
        rf"{_HOST}hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/]{{20,}}",
    ),
    _shape("discord-webhook", "/api/webhooks/", rf"{_HOST}/api/webhooks/\d{{10,25}}/[\w-]{{40,}}"),
    _shape("teams-webhook", "office.com/webhook", rf"{_HOST}office\.com/webhook(?:b2)?/[\w@/-]{{40,}}"),
    _shape(
        "zapier-webhook", "hooks.zapier.com/", rf"{_HOST}hooks\.zapier\.com/hooks/catch/\d{{3,12}}/\w{{5,12}}"
    ),
    _shape("feishu-webhook", "/open-apis/bot/", rf"{_HOST}/open-apis/bot/v2/hook/[0-9a-f-]{{30,40}}"),
    _shape("wecom-webhook", "/cgi-bin/webhook/", rf"{_HOST}/cgi-bin/webhook/send\?key=[0-9a-f-]{{30,40}}"),
    _shape(
        "ifttt-webhook",
        "maker.ifttt.com/",
        rf"{_HOST}maker\.ifttt\.com/trigger/[\w-]{{1,100}}/(?:json/)?with/key/[\w-]{{15,}}",
    ),
    _shape("telegram-token", ":A", r"(?<!\d)\d{8,10}:A[\w-]{33,34}(?![\w-])"),
    _shape("azure-secret", "Q~", r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}|[\w~.-]{3}8Q~[\w~.-]{31,34}"),
    _shape("azure-key", "==", rf"{_B64}{{76}}(?:\+ASt|\+ABa|\+AMC|ACDb|APIM){_B64}{{5}}[AQgw]=="),
    _shape("azure-key", "AzSe", r"(?<![A-Za-z0-9])[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}(?![A-Za-z0-9])"),
    _shape("azure-key", "AzFu", r"(?<![\w-])[\w-]{44}AzFu[\w-]{5}[AQgw]=="),
    _shape("azure-token", "AZDO", r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])"),
    _shape("terraform-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,72}"),
    _shape(
        "discord-token",
        ".",
        r"(?<![A-Za-z0-9.-])[MNO][A-Za-z\d_-]{22,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w.-])",
        _random,
    ),
    _shape("mailchimp-key", "-us", r"(?<![A-Za-z0-9])[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    _shape("mailgun-key", "-", r"(?<![A-Za-z0-9-])[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),
    _shape("newrelic-key", "NRAL", r"(?<![A-Za-z0-9])[0-9a-f]{36}NRAL(?![A-Za-z0-9])"),
)
_OF_LINES = (
    _shape("recovery-phrase", "nemonic", _PHRASE),
    _shape("recovery-phrase", "hrase", _PHRASE),
    _shape("recovery-phrase", "NEMONIC", _PHRASE),
    _shape("recovery-phrase", "PHRASE", _PHRASE),
    _shape("password", "@tcp(", r"(?<![\w:/.@-])[\w.-]{1,60}:([^\s:@/\"'()]{4,100})@tcp\(", _chosen),
    _shape("password", "@unix(", r"(?<![\w:/.@-])[\w.-]{1,60}:([^\s:@/\"'()]{4,100})@unix\(", _chosen),
    _shape("password", ":5432:", r"^[\w.*-]{1,100}:5432:[\w*-]{1,60}:[\w*-]{1,60}:(\S{4,100})$"),
    _shape("password-hash", ":$", r"^[\w.-]{1,40}:(\$(?:apr1|1|2[aby]|5|6|y|argon2id?)\$[^\s:]{20,300})"),
    _shape("password-hash", ":{", r"^[\w.-]{1,40}:(\{S?SHA\}[A-Za-z0-9+/=]{20,80})$"),
)
