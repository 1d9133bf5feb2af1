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


def _drawn(value: str) -> bool:
    """For a prefix that says little: capitals, small letters and digits, thoroughly mixed."""
    kinds = (any(map(str.islower, value)), any(map(str.isupper, value)), any(map(str.isdigit, value)))
    return all(kinds) and looks_random(value, 20)


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
        _prefixed("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9_]{30,}"),
        _prefixed("github-token", "github_pat_", "[A-Za-z0-9_]{30,}"),
        _prefixed(
            "gitlab-token",
            "glpat- gldt- glrt- glrtr- glptt- glft- glffct- glsoat- gloas- glcbt- glimt- glagent- glwt- GR1348941",
            _WORD + r"{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?",
        ),
        _prefixed("aws-key-id", "AKIA ASIA ABIA ACCA", "[0-9A-Z]{16}(?![0-9A-Za-z])"),
        _prefixed("google-key", "AIza", _WORD + "{35}"),
        _prefixed("google-token", "ya29.", r"[\w.-]{20,}"),
        _prefixed("google-secret", "GOCSPX-", _WORD + "{20,}"),
        _prefixed("google-key", "AQ.Ab", _WORD + "{30,}"),
        _prefixed("google-token", "1//0", _WORD + "{30,}"),
        _prefixed(
            "slack-token",
            "xoxb- xoxp- xoxa- xoxc- xoxd- xoxe- xoxo- xoxr- xoxs- xoxe. xapp- xwfp-",
            r"[\w.%/+=-]{14,}",
            _random,
        ),
        _prefixed("stripe-key", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_", r"\w{12,}"),
        _prefixed("webhook-secret", "whsec_", r"[A-Za-z0-9+/]{12,}={0,2}"),
        _prefixed("stripe-key", "sk_org_ ek_live_ ek_test_", r"\w{20,}", _random),
        _prefixed("npm-token", "npm_", _ALNUM + "{30,}", _random),
        _prefixed("pypi-token", "pypi-", _WORD + "{50,}", _random),
        _prefixed("crates-token", "cio", _ALNUM + "{32}(?![0-9A-Za-z])", _random),
        _prefixed("nuget-key", "oy2", "[a-z0-9]{43}(?![0-9A-Za-z])", _random),
        _prefixed("clojars-token", "CLOJARS_", "[0-9a-f]{60}"),
        _prefixed("artifactory-key", "AKCp cmVmdGtu", _ALNUM + "{50,}", _random),
        _prefixed("openvsx-token", "ovsxat_ ovsxp_", r"[\w-]{30,}"),
        _prefixed("rubygems-key", "rubygems_", "[0-9a-f]{40,}"),
        _prefixed("docker-token", "dckr_pat_ dckr_oat_", _WORD + "{20,}"),
        _prefixed("huggingface-token", "hf_ api_org_", _ALNUM + "{30,}"),
        _prefixed(
            "jwt",
            "eyJ ewog eyA",
            r"[\w-]{8,2000}\.(?:eyJ|ewog|eyA)[\w-]{8,8000}\.[\w-]{8,}|[\w-]{8,2000}\.(?:[\w-]{0,2000}\.){3}[\w-]{16,}"
            r"|[\w-]{8,2000}\.\.[\w.-]{20,}",
        ),
        _prefixed("mapbox-token", "sk.eyJ", r"[\w-]{8,2000}\.[\w-]{16,}"),
        _prefixed("1password-token", "ops_eyJ", r"[\w-]{100,}={0,2}"),
        _prefixed(
            "1password-key",
            "A3-",
            r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
        ),
        _prefixed("grafana-key", "eyJrIjoi", r"[A-Za-z0-9+/_-]{50,400}={0,2}"),
        _prefixed("sendgrid-key", "SG.", r"[\w-]{15,40}\.[\w-]{30,}"),
        _prefixed("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", "[0-9a-f]{40,}"),
        _prefixed("databricks-token", "dapi", r"[0-9a-f]{32}(?:-\d)?(?![0-9A-Za-z])"),
        _prefixed("vault-token", "hvs. hvb. hvr.", _WORD + "{20,}"),
        _prefixed("vault-token", "s. b.", _ALNUM + r"{24}(?![\w(.\[])", _drawn),
        _prefixed("age-key", "AGE-SECRET-KEY-1 AGE-SECRET-KEY-PQ-1 AGE-PLUGIN-", "[0-9A-Z-]{40,}"),
        _prefixed("wallet-key", "xprv yprv zprv tprv", "[1-9A-HJ-NP-Za-km-z]{100,112}"),
        _prefixed("linear-key", "lin_api_ lin_oauth_", _ALNUM + "{30,}"),
        _prefixed("groq-key", "gsk_", _ALNUM + "{30,}"),
        _prefixed("xai-key", "xai-", _ALNUM + "{40,}"),
        _prefixed("perplexity-key", "pplx-", _ALNUM + "{30,}"),
        _prefixed("replicate-token", "r8_", _ALNUM + "{30,}"),
        _prefixed("elevenlabs-key", "sk_", "[0-9a-f]{48}(?![0-9A-Za-z])"),
        _prefixed("pinecone-key", "pcsk_", r"\w{50,}"),
        _prefixed("together-key", "tgp_v1_", r"[\w-]{30,}"),
        _prefixed("fireworks-key", "fw_", _ALNUM + "{22,}", _random),
        _prefixed("cerebras-key", "csk-", "[0-9a-z]{40,}", _random),
        _prefixed("jina-key", "jina_", r"[\w-]{40,}", _random),
        _prefixed("firecrawl-key", "fc-", "[0-9a-f]{32}(?![0-9A-Za-z])"),
        _prefixed("anyscale-key", "esecret_", _ALNUM + "{20,}"),
        _prefixed("voyage-key", "pa-", r"[\w-]{43}(?![\w-])", _drawn),
        _prefixed("wandb-key", "wandb_v1_", r"\w{40,}"),
        _prefixed("vercel-token", "vcp_ vci_ vca_ vcr_ vck_", _ALNUM + "{24,}"),
        _prefixed("baseten-key", "bsk-", _ALNUM + "{30,}", _random),
        _prefixed("nvidia-key", "nvapi-", _WORD + "{40,}"),
        _prefixed("tavily-key", "tvly-", _WORD + "{20,}", _random),
        _prefixed("langsmith-key", "lsv2_pt_ lsv2_sk_", r"\w{30,}"),
        _prefixed("grafana-token", "glsa_ glc_", r"[\w+/=]{30,}", _random),
        _prefixed("newrelic-key", "NRAK- NRAA- NRII- NRIQ- NRRA- NRSP-", r"[A-Za-z0-9_-]{20,}"),
        _prefixed("datadog-key", "ddpat_ ddapp_ ddapi_", r"\w{30,}"),
        _prefixed(
            "dynatrace-token",
            "dt0c01. dt0s01. dt0s02. dt0s03. dt0s06. dt0s08. dt0s16.",
            r"[A-Z0-9]{8,24}\.[A-Z0-9]{64}",
        ),
        _prefixed("honeycomb-key", "hcaik_ hcxik_ hcalk_ hcxlk_", "[a-z0-9]{50,}"),
        _prefixed("sumologic-key", "SUMO", _ALNUM + "{10}(?![0-9A-Za-z])[:,][A-Za-z0-9]{64}"),
        _prefixed("shopify-token", "shpat_ shpss_ shpca_ shppa_ shpua_ shptka_", "[0-9a-fA-F]{32}"),
        _prefixed("square-token", "sq0atp- sq0csp- sq0idp- EAAA", _WORD + "{22,}", _random),
        _prefixed("facebook-token", "EAA", _ALNUM + "{60,}", _random),
        _prefixed("twitter-token", "AAAAAAAAAAAAAAAAAAAAA", r"[A-Za-z0-9%]{60,}", _random),
        _prefixed(
            "paypal-token", "access_token$production$ access_token$sandbox$", "[0-9a-z]{16}\\$[0-9a-f]{32}"
        ),
        _prefixed("plaid-token", "access-sandbox- access-development- access-production-", "[0-9a-f-]{36}"),
        _prefixed("adyen-key", "AQE", r"[A-Za-z0-9+/=.*-]{80,}", _random),
        _prefixed("flutterwave-key", "FLWSECK- FLWSECK_TEST-", r"[\w-]{30,}"),
        _prefixed("duffel-token", "duffel_live_ duffel_test_", r"[\w=-]{40,}"),
        _prefixed("lob-key", "live_ test_", "[0-9a-f]{35}(?![0-9A-Za-z])"),
        _prefixed("shippo-token", "shippo_live_ shippo_test_", "[0-9a-f]{40}"),
        _prefixed("airtable-token", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
        _prefixed("hubspot-token", "pat-na1- pat-na2- pat-eu1- pat-ap1-", "[0-9a-f-]{36}"),
        _prefixed("asana-token", "1/ 2/", r"\d{10,20}(?:/\d{10,20})?:[0-9a-f]{32}(?![0-9A-Za-z])"),
        _prefixed("brevo-key", "xkeysib- xsmtpsib-", "[0-9a-f]{64}-[A-Za-z0-9]{16}"),
        _prefixed("resend-key", "re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", _random),
        _prefixed("dropbox-token", "sl.", r"(?:u\.)?[\w-]{120,}", _random),
        _prefixed("contentful-token", "CFPAT-", r"[\w-]{40,}"),
        _prefixed("trello-token", "ATTA", "[0-9a-f]{64}"),
        _prefixed("bitbucket-token", "ATBB", _ALNUM + "{24,}", _random),
        _prefixed(
            "launchdarkly-key", "sdk-", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
        ),
        _prefixed("typeform-token", "tfp_", r"[\w.-]{40,}", _random),
        _prefixed("segment-token", "sgp_", r"\w{40,}", _random),
        _prefixed("sourcegraph-token", "slk_", "[0-9a-f]{40,}"),
        _prefixed("readme-key", "rdme_", "[0-9a-z]{60,}"),
        _prefixed("infracost-key", "ico-", _ALNUM + "{32}(?![0-9A-Za-z])", _random),
        _prefixed("prefect-key", "pnu_ pnb_", _ALNUM + "{30,}"),
        _prefixed("pulumi-token", "pul-", "[0-9a-f]{40}"),
        _prefixed("tailscale-key", "tskey-", r"[a-z]{2,10}-[A-Za-z0-9-]{20,}"),
        _prefixed("defined-key", "dnkey-", r"[\w-]{60,}"),
        _prefixed("sonar-token", "sqp_ squ_ sqa_", "[0-9a-f]{40}"),
        _prefixed("fly-token", "fo1_ fm1r_ fm1a_ fm2_", r"[A-Za-z0-9+/_=-]{40,}", _random),
        _prefixed("cloudflare-key", "v1.0-", "[0-9a-f]{24}-[0-9a-f]{146}"),
        _prefixed("cloudflare-token", "cfk_ cfut_ cfat_", _ALNUM + "{30,}"),
        _prefixed("deno-token", "ddp_ ddo_", _ALNUM + "{36,}"),
        _prefixed("neon-key", "napi_ npg_", _ALNUM + "{12,}", _random),
        _prefixed("frameio-token", "fio-u-", r"[\w=-]{60,}"),
        _prefixed("waka-key", "waka_", "[0-9a-f-]{36}"),
        _prefixed("yandex-key", "AQVN y0_ t1.9eu", r"[\w.-]{30,}", _random),
        _prefixed("unkey-key", "unkey_", _ALNUM + "{20,}", _random),
        _prefixed("postman-key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
        _prefixed("atlassian-token", "ATATT3 ATCTT3", r"[\w=-]{50,}"),
        _prefixed("figma-token", "figd_", _WORD + "{30,}"),
        _prefixed("notion-token", "ntn_ secret_", _ALNUM + "{40,}", _random),
        _prefixed("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa.", r"[\w.]{40,}"),
        _prefixed("planetscale-token", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{32,}"),
        _prefixed("supabase-key", "sbp_ sb_secret_", r"\w{30,}", _random),
        _prefixed("netlify-token", "nfp_", _ALNUM + "{36,}"),
        _prefixed("sentry-token", "sntrys_ sntryu_", r"[\w+/=]{40,}"),
        _prefixed("circleci-token", "CCIPAT_ CCIPRJ_", r"\w{30,}"),
        _prefixed("heroku-key", "HRKU-", r"[\w-]{30,}"),
        _prefixed("buildkite-token", "bkua_ bkct_ bkpt_", _ALNUM + "{40,}"),
        _prefixed("easypost-key", "EZAK EZTK", _ALNUM + "{54}"),
        _prefixed("mailgun-key", "key-", "(?<!-key-)[0-9a-f]{32}(?![0-9A-Za-z])"),
        _prefixed("alibaba-key", "LTAI", _ALNUM + "{16,24}(?![0-9A-Za-z])", _random),
        _prefixed("twilio-key", "SK", "[0-9a-f]{32}(?![0-9A-Za-z])"),
        _prefixed("private-key", "LS0tLS1CRUdJTi", r"[A-Za-z0-9+/]{40,}={0,2}", _hides_private_key),
        _prefixed(
            "docker-auth", "eyJhdXRocyI6 ewogICJhdXRocyI6 ewoJImF1dGhzIj", r"[A-Za-z0-9+/]{20,8000}={0,2}"
        ),
        _prefixed(
            "service-account",
            "eyJ0eXBlIjoic2VydmljZV9hY2NvdW50 eyJ0eXBlIjogInNlcnZpY2VfYWNjb3VudC ewogICJ0eXBlIjogInNlcnZpY2VfYWNjb3VudC",
            r"[A-Za-z0-9+/]{20,8000}={0,2}",
        ),
    )
)
"""None has white space inside, and none is shorter than `forms.SHORTEST`."""
