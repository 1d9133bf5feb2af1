"""Secrets that show by their form what they are: provider prefixes, PEM, JWT, URLs, headers.

Each form starts with a literal, its trigger, so that a text without the trigger costs
one search for it. Patterns are linear: a literal, then classes that cannot overlap
what follows, every repetition that can fail bounded. The prefixes are those that the
providers publish, and of the rules of gitleaks (MIT).
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.lookalikes import is_stand_in, looks_chosen, looks_random

SHORTEST = 16
"""No secret with a prefix is shorter than this, nor has white space in it."""


@dataclass(frozen=True, slots=True)
class Form:
    """`pattern` is matched where a trigger stands; its group `secret`, or all of it, is judged by `accept`."""

    kind: str
    triggers: tuple[str, ...]
    pattern: re.Pattern[str]
    accept: Callable[[str], bool]

    def find(self, text: str, trigger: str) -> Iterator[Finding]:
        position = text.find(trigger)
        while position != -1:
            after = position + len(trigger)
            match = self.pattern.match(text, position) if _starts_here(text, position) else None
            if match is not None:
                start, end = match.span("secret" if "secret" in self.pattern.groupindex else 0)
                if self.accept(text[start:end]):
                    yield Finding(start, end, self.kind)
                    after = max(after, end)
            position = text.find(trigger, after)


def find_forms(text: str) -> Iterator[Finding]:
    """Every secret in `text` whose form is known."""
    long_words = "\n".join([word for word in text.split() if len(word) >= SHORTEST])
    for form in PREFIXED:
        for trigger in form.triggers:
            if trigger in long_words:
                yield from form.find(text, trigger)
    for form in STRUCTURED:
        for trigger in form.triggers:
            if trigger in text:
                yield from form.find(text, trigger)


def _starts_here(text: str, position: int) -> bool:
    """A trigger in the middle of a word is none; one after an escape (`\\n`, `%3D`, a colour) is."""
    if position == 0 or not text[position - 1].isalnum() or not text[position].isalnum():
        return True
    before = text[max(position - 9, 0) : position]
    return _ESCAPE_ENDS.search(before) is not None


_ESCAPE_ENDS = re.compile(r"(?:\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9A-Fa-f]{2}|\[[0-9;]{0,6}m|bot)$")


def _not_a_stand_in(value: str) -> bool:
    return not is_stand_in(value)


def _random(value: str) -> bool:
    return looks_random(value)


def _prefixed(
    kind: str, triggers: str, rest: str, accept: Callable[[str], bool] = _not_a_stand_in
) -> Form:
    """One of the `triggers` (separated by spaces), then `rest`."""
    starts = tuple(triggers.split())
    return Form(kind, starts, re.compile(f"(?:{'|'.join(map(re.escape, starts))}){rest}"), accept)


def _hides_private_key(value: str) -> bool:
    try:
        return b"PRIVATE KEY" in base64.b64decode(value[:88])
    except binascii.Error:
        return False


def _is_url_password(value: str) -> bool:
    return len(value) >= 4 and not is_stand_in(value) and value not in {"pass", "pwd"}


def _is_basic_auth(value: str) -> bool:
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False


_WORD = r"[A-Za-z0-9_-]"
_ALNUM = r"[A-Za-z0-9]"

PREFIXED = (
    _prefixed("anthropic-key", "sk-ant-", _WORD + "{20,}"),
    _prefixed("openrouter-key", "sk-or-", _WORD + "{20,}"),
    _prefixed("api-key", "sk-", _WORD + "{20,}", _random),
    _prefixed("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", _ALNUM + "{30,}"),
    _prefixed("github-token", "github_pat_", "[A-Za-z0-9_]{30,}"),
    _prefixed("gitlab-token", "glpat- gldt- glrt- glptt- glft- glsoat- glcbt- glimt- glagent-", _WORD + "{20,}"),
    _prefixed("aws-key-id", "AKIA ASIA ABIA ACCA", "[0-9A-Z]{16}(?![0-9A-Za-z])"),
    _prefixed("google-key", "AIza", _WORD + "{35}"),
    _prefixed("google-token", "ya29.", r"[\w.-]{20,}"),
    _prefixed("google-secret", "GOCSPX-", _WORD + "{20,}"),
    _prefixed("google-token", "1//0", _WORD + "{30,}"),
    _prefixed("slack-token", "xoxb- xoxp- xoxa- xoxe- xoxo- xoxr- xoxs- xoxe. xapp-", r"[\w.-]{10,}", _random),
    _prefixed("slack-webhook", "https://hooks.slack.com/", r"(?:services|workflows|triggers)/[\w/]{20,}"),
    _prefixed("discord-webhook", "/api/webhooks/", r"\d{10,25}/[\w-]{40,}"),
    _prefixed("teams-webhook", ".webhook.office.com/", r"webhookb2/[\w@/-]{40,}"),
    _prefixed("stripe-key", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ whsec_", _ALNUM + "{10,}"),
    _prefixed("npm-token", "npm_", _ALNUM + "{30,}", _random),
    _prefixed("pypi-token", "pypi-", _WORD + "{50,}", _random),
    _prefixed("rubygems-key", "rubygems_", "[0-9a-f]{40,}"),
    _prefixed("docker-token", "dckr_pat_ dckr_oat_", _WORD + "{20,}"),
    _prefixed("huggingface-token", "hf_ api_org_", _ALNUM + "{30,}"),
    _prefixed("jwt", "eyJ", r"[\w-]{8,2000}\.eyJ[\w-]{8,8000}\.[\w-]{8,}|[\w-]{8,2000}\.\.[\w.-]{20,}"),
    _prefixed("sendgrid-key", "SG.", r"[\w-]{15,40}\.[\w-]{30,}"),
    _prefixed("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", "[0-9a-f]{40,}"),
    _prefixed("databricks-token", "dapi", r"[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])"),
    _prefixed("vault-token", "hvs. hvb. hvr.", _WORD + "{20,}"),
    _prefixed("age-key", "AGE-SECRET-KEY-1", "[0-9A-Z]{40,}"),
    _prefixed("linear-key", "lin_api_ lin_oauth_", _ALNUM + "{30,}"),
    _prefixed("groq-key", "gsk_", _ALNUM + "{30,}"),
    _prefixed("xai-key", "xai-", _ALNUM + "{40,}"),
    _prefixed("perplexity-key", "pplx-", _ALNUM + "{30,}"),
    _prefixed("replicate-token", "r8_", _ALNUM + "{30,}"),
    _prefixed("nvidia-key", "nvapi-", _WORD + "{40,}"),
    _prefixed("tavily-key", "tvly-", _WORD + "{20,}", _random),
    _prefixed("langsmith-key", "lsv2_pt_ lsv2_sk_", r"\w{30,}"),
    _prefixed("grafana-token", "glsa_ glc_", r"[\w+/=]{30,}", _random),
    _prefixed("newrelic-key", "NRAK-", "[A-Z0-9]{20,}"),
    _prefixed("shopify-token", "shpat_ shpss_ shpca_ shppa_", "[0-9a-fA-F]{32}"),
    _prefixed("square-token", "sq0atp- sq0csp- EAAA", _WORD + "{22,}", _random),
    _prefixed("postman-key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    _prefixed("atlassian-token", "ATATT3 ATCTT3", r"[\w=-]{50,}"),
    _prefixed("figma-token", "figd_", _WORD + "{30,}"),
    _prefixed("notion-token", "ntn_ secret_", _ALNUM + "{40,}", _random),
    _prefixed("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa.", r"[\w.]{40,}"),
    _prefixed("planetscale-token", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{32,}"),
    _prefixed("supabase-key", "sbp_ sb_secret_", r"\w{30,}", _random),
    _prefixed("netlify-token", "nfp_", _ALNUM + "{36,}"),
    _prefixed("sentry-token", "sntrys_ sntryu_", r"[\w+/=]{40,}"),
    _prefixed("circleci-token", "CCIPAT_", r"\w{30,}"),
    _prefixed("heroku-key", "HRKU-", r"[\w-]{30,}"),
    _prefixed("buildkite-token", "bkua_", _ALNUM + "{40}"),
    _prefixed("easypost-key", "EZAK EZTK", _ALNUM + "{54}"),
    _prefixed("mailgun-key", "key-", "[0-9a-f]{32}(?![0-9A-Za-z])"),
    _prefixed("alibaba-key", "LTAI", _ALNUM + "{16,24}(?![0-9A-Za-z])", _random),
    _prefixed("twilio-key", "SK", "[0-9a-f]{32}(?![0-9A-Za-z])"),
    _prefixed("private-key", "LS0tLS1CRUdJTi", r"[A-Za-z0-9+/]{40,}={0,2}", _hides_private_key),
)
"""Without white space inside: only long words are searched for these."""

_PEM_BODY = r"(?:[A-Za-z0-9+/=:,.\-\s]|\\[nrt])*?"

STRUCTURED = (
    Form(
        "private-key",
        ("-----BEGIN ",),
        # Without its end, a key that was cut off is masked as far as lines of base64 go.
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[A-Za-z0-9+/=\s]|\\[nrt]|(?:Proc-Type|DEK-Info|Version|Comment|Hash): ?[\w .,:@()/-]{1,100}){0,20000}"
            r"(?:-----END [A-Z0-9 ]{0,60}-----)?"
        ),
        lambda _: True,
    ),
    Form(
        "private-key",
        ("Private-Lines:",),
        re.compile(r"Private-Lines: \d{1,4}\s{1,2}(?P<secret>[A-Za-z0-9+/=\r\n]{20,})"),
        lambda _: True,
    ),
    Form(
        "url-password",
        ("://",),
        re.compile(r"""://[^\s:/?#@"'<>\\]{0,200}:(?P<secret>[^\s/?#"'<>\\]{1,200})@"""),
        _is_url_password,
    ),
    Form(
        "telegram-token",
        (":A",),
        re.compile(r"(?<=[0-9]{8}):A[\w-]{33,34}(?![\w-])"),
        _not_a_stand_in,
    ),
    Form(
        "azure-secret",
        ("8Q~",),
        re.compile(r"(?<=[\w~.-]{3})8Q~[\w~.-]{31,34}"),
        _not_a_stand_in,
    ),
    Form("docker-auth", ('"auth"', '\\"auth\\"'), re.compile(
        r'\\?"auth\\?"\s{0,4}:\s{0,4}\\?"(?P<secret>[A-Za-z0-9+/=]{8,2000})'), _is_basic_auth),
    Form("npm-auth", ("_auth=", "_auth ="), re.compile(
        r"_auth ?= ?[\"']?(?P<secret>[A-Za-z0-9+/=]{8,2000})"), _not_a_stand_in),
    Form("signature", ("sig=", "Signature="), re.compile(
        r"(?:sig|Signature)=(?P<secret>[A-Za-z0-9%+/=_-]{30,2000})"), _random),
    Form("jwk", ('"d"',), re.compile(r'"d"\s{0,4}:\s{0,4}"(?P<secret>[\w-]{40,2000})"'), _random),
    Form("password", ("-u ", "--user ", "--user=", "-u"), re.compile(
        r"""(?:-u|--user)[ =]?["']?[^\s:"'/]{1,100}:(?P<secret>[^\s"']{4,200})"""), lambda value: looks_chosen(value, bare=True)),
    Form("password", ("sshpass -p",), re.compile(r"""sshpass -p ?["']?(?P<secret>[^\s"']{4,200})"""), _not_a_stand_in),
)
"""With white space inside, or without a prefix of their own."""
