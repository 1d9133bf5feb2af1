"""Which names say that what they stand for is secret: `DB_PASSWORD` and `apiKey` do, `token_count` does not."""

import re
from functools import lru_cache
from typing import NamedTuple

from cairn_memory.redact.lookalikes import vocabulary


class Kind(NamedTuple):
    """What a name promises. `chosen`: a person may have chosen the value, so it need not look random,
    with `quoted` only a literal; `in_constants`: so it is where a constant is set in a shell or an env file.
    `least`: characters of the value that must look random; `tame`: and all of it are letters and digits."""

    label: str
    chosen: bool
    least: int
    quoted: bool = False
    in_constants: bool = False
    tame: bool = False


PASSWORD = Kind("password", True, 12)
PASS = Kind("password", True, 12, quoted=True)
"""`pass` alone: often a word of a test's report."""
TOKEN = Kind("token", False, 12)
PAT = Kind("token", False, 16, tame=True)
"""A personal access token; a pattern as well."""
SECRET = Kind("secret", False, 10, in_constants=True)
KEY = Kind("key", False, 12)
LOOSE_KEY = Kind("key", False, 20)

KEYWORDS: dict[str, Kind] = {
    "pass": PASSWORD,
    "pwd": PASSWORD,
    "secret": SECRET,
    "token": TOKEN,
    "credential": SECRET,
    "authorization": SECRET,
    "bearer": TOKEN,
    "jwt": TOKEN,
    "_pat": PAT,
    "key": KEY,
}
"""What is looked for, in small letters, and what it promises when nothing in the name speaks against it."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_OTHER_THINGS = vocabulary(
    "algorithm arn audience budget class cost count counts digest dir env error expiration expires expiry field "
    "file filename fingerprint format hash hashed header hint host id identifier ids index issuer kind label len "
    "length limit manager max message min mode name names offset path pattern placeholder policy port position "
    "prefix price provider rate ref regex required rotation schema scope sha size source status store suffix "
    "title ttl type types uri url usage used user username validator var version vars"
)
"""Last words that turn the name into that of something else."""
_NO_TOKEN = vocabulary(
    "bos cached completion continuation cursor eos last max min next num output page pad prev previous "
    "prompt input sync total unk"
)
_NO_PASS = vocabulary("ask by com encom en first multi one over second single sur three tres two under")
"""What stands before "pass" in words that mean something else: `SSH_ASKPASS`, `bypass`, `compass`."""
_OF_PASSWORD = vocabulary("word words wd phrase code wort")
"""What goes on after "pass" in a name that means a password; `DB_PASS` alone does too."""
_KEY_OF = vocabulary(
    "access account admin aes api app application auth bot client consumer cookie credential crypt decryption "
    "deploy developer encrypt encryption fernet hmac ingest integration jwt license master merchant preshared priv "
    "private secret server service session shared sign signing ssh storage stream subscription upload webhook write "
    "airtable alchemy algolia amplitude anthropic assemblyai azure bing binance brevo cohere coinbase datadog dd "
    "deepgram deepl deepseek elevenlabs etherscan exa fastly finnhub fireworks gemini gitlab google groq "
    "honeycomb huggingface hubspot infura jina klaviyo langfuse langsmith linear mailgun maps mistral moonshot "
    "newrelic openai opsgenie openrouter openweather pagerduty perplexity pinecone polygon postmark qdrant "
    "rapidapi recaptcha replicate resend segment sendgrid sentry serper sparkpost steam stripe supabase tavily tmdb together "
    "twilio unsplash vercel voyage xai youtube zendesk"
)
_NO_KEY = vocabulary(
    "blob cache col column composite dedup dict event foreign group hash host hot idempotency index job json "
    "known lookup map memo natural node object partition primary pub public publishable query range redis registry "
    "route row s3 site sort state surrogate unique"
)


@lru_cache(maxsize=2_000)
def kind_of_name(name: str, position: int, keyword: str) -> Kind | None:
    """What `name`, with `keyword` at `position` in it, promises; None when it is the name of something else."""
    before = [word.lower() for word in _WORD.findall(name[:position])]
    after = [word.lower() for word in _WORD.findall(name[position + len(keyword) :])]
    if keyword == "pass":
        if after and after[0] in _OF_PASSWORD:
            after = after[1:]
        elif after or (before and before[-1] in _NO_PASS):
            return None
        elif not before:
            return PASS
    if after and (after[-1] in _OTHER_THINGS or after[0] in _OTHER_THINGS):
        return None
    if keyword == "token" and (_NO_TOKEN & {*before, *after} or after[:1] == ["s"] or after[:1] == ["izer"]):
        return None
    if keyword == "_pat" and after:
        return None
    if keyword == "key":
        return _kind_of_key(name, before, after)
    return KEYWORDS[keyword]


def _kind_of_key(name: str, before: list[str], after: list[str]) -> Kind | None:
    """A key is secret when it is a key to something; a constant in capitals may be one too."""
    joined = "".join(before)
    if after[:1] == ["s"] and not before:
        return None
    if before and (before[-1] in _KEY_OF or joined.endswith(tuple(_KEY_OF))):
        return KEY
    capitals = name.isupper() and bool(before)
    return LOOSE_KEY if capitals and not _NO_KEY & {*before, *after} else None
