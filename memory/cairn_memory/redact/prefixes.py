"""The prefixes by which providers mark their keys and tokens.

From the providers' own documentation and the rules of gitleaks (MIT). A prefix that
is also the start of ordinary words asks for a random-looking rest.
"""

import base64
import binascii
import re
from collections.abc import Callable

from cairn_memory.redact.forms import Form, triggers_of
from cairn_memory.redact.lookalikes import is_stand_in, looks_random

_WORD = r"[A-Za-z0-9_-]"
_ALNUM = r"[A-Za-z0-9]"


def _plain(value: str) -> bool:
    return not is_stand_in(value)


def _random(value: str) -> bool:
    return looks_random(value)


def _hides_private_key(value: str) -> bool:
    try:
        return b"PRIVATE KEY" in base64.b64decode(value[:88])
    except binascii.Error:
        return False


def _prefixed(kind: str, prefixes: str, rest: str, accept: Callable[[str], bool] = _plain) -> Form:
    """One of the `prefixes` (separated by spaces), then `rest`."""
    starts = tuple(prefixes.split())
    return Form(kind, starts, re.compile(f"(?:{'|'.join(map(re.escape, starts))})(?:{rest})"), accept)


PREFIXED = triggers_of(
    (
        _prefixed("anthropic-key", "sk-ant-", _WORD + "{20,}"),
        _prefixed("openrouter-key", "sk-or-", _WORD + "{20,}"),
        _prefixed("api-key", "sk-", _WORD + "{20,}", _random),
        _prefixed("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", _ALNUM + "{30,}"),
        _prefixed("github-token", "github_pat_", "[A-Za-z0-9_]{30,}"),
        _prefixed(
            "gitlab-token", "glpat- gldt- glrt- glptt- glft- glsoat- glcbt- glimt- glagent-", _WORD + "{20,}"
        ),
        _prefixed("aws-key-id", "AKIA ASIA ABIA ACCA", "[0-9A-Z]{16}(?![0-9A-Za-z])"),
        _prefixed("google-key", "AIza", _WORD + "{35}"),
        _prefixed("google-token", "ya29.", r"[\w.-]{20,}"),
        _prefixed("google-secret", "GOCSPX-", _WORD + "{20,}"),
        _prefixed("google-token", "1//0", _WORD + "{30,}"),
        _prefixed(
            "slack-token", "xoxb- xoxp- xoxa- xoxe- xoxo- xoxr- xoxs- xoxe. xapp-", r"[\w.-]{14,}", _random
        ),
        _prefixed("slack-webhook", "https://hooks.slack.com/", r"(?:services|workflows|triggers)/[\w/]{20,}"),
        _prefixed("discord-webhook", "/api/webhooks/", r"\d{10,25}/[\w-]{40,}"),
        _prefixed("teams-webhook", ".webhook.office.com/", r"webhookb2/[\w@/-]{40,}"),
        _prefixed(
            "stripe-key", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ whsec_", _ALNUM + "{12,}"
        ),
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
)
"""None has white space inside, and none is shorter than `forms.SHORTEST`."""
