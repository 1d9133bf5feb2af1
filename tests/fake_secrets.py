"""Made-up secrets. Each is put together when the tests run, so that no scanner takes this file for a leak."""

import base64
import random
import string

_random = random.Random(20_260_101)
_LETTERS_DIGITS = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"
_URL_SAFE = _LETTERS_DIGITS + "-_"
_BASE64 = _LETTERS_DIGITS + "+/"


def some(length: int, alphabet: str = _LETTERS_DIGITS) -> str:
    """Random characters, with a digit among the first: no real secret goes without for long."""
    return "".join(_random.choices(alphabet, k=length - 2)) + "7a"


def _lines(length: int) -> str:
    text = some(length, _BASE64)
    return "\n".join(text[at : at + 64] for at in range(0, length, 64))


def private_key(kind: str = "PRIVATE KEY") -> str:
    dashes = "-" * 5
    return f"{dashes}BEGIN {kind}{dashes}\n{_lines(300)}\n{dashes}END {kind}{dashes}"


def jwt() -> str:
    parts = ('{"alg":"HS256","typ":"JWT"}', '{"sub":"nobody","iat":1}')
    return (
        ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
        + "."
        + some(43, _URL_SAFE)
    )


WITH_FORM: dict[str, str] = {
    "openai project": "sk-" + "proj-" + some(60, _URL_SAFE),
    "openai legacy": "sk-" + some(48),
    "deepseek": "sk-" + some(32, _HEX),
    "anthropic": "sk-" + "ant-api03-" + some(90, _URL_SAFE),
    "openrouter": "sk-" + "or-v1-" + some(64, _HEX),
    "github classic": "gh" + "p_" + some(36),
    "github app": "gh" + "s_" + some(36),
    "github fine": "github" + "_pat_" + some(82),
    "gitlab": "gl" + "pat-" + some(20, _URL_SAFE),
    "aws id": "AK" + "IA" + some(16, string.ascii_uppercase + "234567").upper(),
    "google key": "AI" + "za" + some(35, _URL_SAFE),
    "google token": "ya" + "29." + some(100, _URL_SAFE),
    "slack": "xo" + "xb-" + some(12, string.digits)[:-2] + "-" + some(24),
    "slack webhook": "https://hooks." + "slack.com/services/T0AA/B0BB/" + some(24),
    "stripe": "sk" + "_live_" + some(24),
    "npm": "np" + "m_" + some(36),
    "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + some(120, _URL_SAFE),
    "huggingface": "h" + "f_" + some(34),
    "sendgrid": "S" + "G." + some(22, _URL_SAFE) + "." + some(43, _URL_SAFE),
    "telegram": "7123456789" + ":AA" + some(33, _URL_SAFE),
    "digitalocean": "do" + "p_v1_" + some(64, _HEX),
    "databricks": "da" + "pi" + "".join(_random.choices(_HEX, k=32)),
    "vault": "hv" + "s." + some(90, _URL_SAFE),
    "age": "AGE-" + "SECRET-KEY-1" + some(58, string.ascii_uppercase + string.digits).upper(),
    "linear": "lin" + "_api_" + some(40),
    "groq": "gs" + "k_" + some(52),
    "xai": "xa" + "i-" + some(80),
    "twilio": "S" + "K" + "".join(_random.choices(_HEX, k=32)),
    "azure ad": some(3) + "8Q~" + some(34),
    "jwt": jwt(),
    "pem": private_key(),
    "rsa": private_key("RSA PRIVATE KEY"),
    "openssh": private_key("OPENSSH PRIVATE KEY"),
    "pgp": private_key("PGP PRIVATE KEY BLOCK"),
    "pem in base64": base64.b64encode(private_key().encode()).decode(),
}
"""Kinds of secret that show what they are, wherever they stand."""

PASSWORD = "Lagoon-" + "Nothing-" + "58!"
TOKEN = some(40)
HEX = some(32, _HEX)

IN_CONTEXT: dict[str, tuple[str, str]] = {
    "env": ("HOME=/root\nDB_PASSWORD={}\nLANG=C", PASSWORD),
    "env short": ("DB_PASS={}", PASSWORD),
    "shell export": ("+ export INTERNAL_API_TOKEN='{}'", TOKEN),
    "yaml": ("db:\n  password: {}\n  port: 5432", PASSWORD),
    "yaml block": ("token: |\n    {}\nnext: 1", TOKEN),
    "json": ('{{"user": "me", "password": "{}"}}', PASSWORD),
    "json in json": ('{{"body": "{{\\"client_secret\\": \\"{}\\"}}"}}', TOKEN),
    "python dict": ("{{'SECRET_KEY': '{}', 'DEBUG': '0'}}", TOKEN),
    "python annotated": ('api_key: str = "{}"', TOKEN),
    "python item": ('os.environ["API_KEY"] = "{}"', TOKEN),
    "typescript": ("const clientSecret: string = `{}`;", TOKEN),
    "toml": ('signing_key = "{}"', HEX),
    "kubernetes": ("- name: DB_PASSWORD\n  value: {}\n", PASSWORD),
    "xml": ("<password>{}</password>", PASSWORD),
    "xml attribute": ('<add key="ApiKey" value="{}"/>', HEX),
    "dockerfile": ("ENV API_TOKEN {}", TOKEN),
    "netrc": ("machine git.invalid login me password {}", PASSWORD),
    "option": ("tool --api-key {} --verbose", TOKEN),
    "option with =": ("tool --password={} --verbose", PASSWORD),
    "curl user": ("curl -u 'me:{}' https://api.invalid", PASSWORD),
    "url": ("postgres://me:{}@db.invalid/app", "n0t-A-real-one"),
    "query": ("GET /v1?access_token={}&page=2", TOKEN),
    "encoded query": ("next=%2Fcb%3Ftoken%3D{}", TOKEN),
    "header": ("Authorization: Bearer {}", TOKEN),
    "header in json": ('{{"headers": {{"authorization": "Bearer {}"}}}}', TOKEN),
    "basic": ("Authorization: Basic {}", base64.b64encode(f"me:{PASSWORD}".encode()).decode()),
    "own header": ("X-Api-Key: {}", HEX),
    "cookie": ("Cookie: theme=dark; session=s%3A{}", TOKEN),
    "set-cookie": ("set-cookie: sid={}; Path=/; HttpOnly", TOKEN),
    "docker config": (
        '{{"auths": {{"r.invalid": {{"auth": "{}"}}}}}}',
        base64.b64encode(f"me:{PASSWORD}".encode()).decode(),
    ),
    "npmrc": ("//registry.invalid/:_authToken={}", TOKEN),
    "azure": ("AccountName=me;AccountKey={};EndpointSuffix=x", some(86, _BASE64) + "=="),
    "aws": ("aws_secret_access_key = {}", some(40, _BASE64)),
    "connection": ("Server=db;User Id=sa;Password={};", "N0tReal!Pass"),
    "colours": ("\x1b[32mSECRET_KEY\x1b[0m=\x1b[33m{}\x1b[0m", HEX),
    "diff": ("-API_TOKEN=\n+API_TOKEN={}", TOKEN),
    "prose": ("401 Incorrect API key provided: {}. You can find it", TOKEN),
    "uuid": ("heroku auth token: {}", "1f7fa4e2-ddb9-4218-a33c-a7ff2b2cc612"),
}
"""Secrets that only what stands around them gives away: a text with a place for the secret, and the secret."""

HARMLESS: dict[str, str] = {
    "placeholder": "OPENAI_API_KEY=<YOUR_API_KEY>",
    "stars": "TOKEN=*** ghp_**************************** password=xxxxxxxx",
    "reference": 'api_key: ${API_KEY}\npassword: "{{ vault_password }}"\ntoken: $CI_TOKEN',
    "github secrets": "token: ${{ secrets.GITHUB_TOKEN }}",
    "environment in code": 'key = os.environ["API_KEY"]; const k = process.env.STRIPE_SECRET_KEY;',
    "call": "secret = secrets.token_hex(32)\npassword = getpass.getpass('Password: ')",
    "attribute": "login(password=self.password, token=args.token, api_key=config.api_key)",
    "annotation": "def login(user: str, password: str, token: str | None = None) -> Token:",
    "schema": '{"password": {"type": "string", "minLength": 8}, "token": "string"}',
    "null": 'PASSWORD=""\ntoken: null\nsecret: false',
    "example of aws": "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
    "default database": "postgres://user:password@localhost:5432/db mysql://root@localhost/app",
    "counts": "max_tokens=4096, token_count: 128000, prompt_tokens=1234567890123",
    "pages": 'nextPageToken: "CAUQAA1b2c3d4e5f6g7h"',
    "git": "commit 9760c505c08469873ef4bd90563589402e0638fc\nindex 9eac41b..3554ea9 100644\n--- a/auth/token.py",
    "digest": "sha256:d6405f84fe23adb8e408b3fa456dc1f093968fb5c2398f89d5d0f15f35e82ed2  secret.key",
    "password hash name": "password_hash: 5f4dcc3b5aa765d61d8327deb882cf99",
    "integrity": '"integrity": "sha512-SEjWUFxQV5SG1hUF5xuB2EN1SxCvTKTC7V4FIb2EOQGW5fJgnlDVALn7XzHWUtDZqkZmAqBI8kIB=="',
    "go.sum": "golang.org/x/net v0.21.0 h1:7i5IKmpynmYD1WP59An7LgQgxBSZUZqIsMQcwWoCG2w=",
    "uuid": "request-id: 9cc91a48-ddb8-4e86-a897-77924f9fc65d",
    "cache key": "cache key: linux-node-3d8442d74a3813db6e403e629fcc15d291e8fe3690b9baf42251b5f0577894f7",
    "other keys": 'primary_key="id1a2b3c4d5e6f7a8b9c0d1e2f", CACHE_KEY=v2-1a2b3c4d5e6f7a8b9c0d1e2f',
    "key id": '"private_key_id": "61b44c2b719cb59736cd6ca61a1840da1b7a3c94"',
    "public key": "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A8SNWUeYjOlP3YGoywYRANvCkg\n-----END PUBLIC KEY-----",
    "ssh public": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ2EZNIN7WBuREKheTg9QLCHR2eNc6Xr0EMlbDVlbz me@host",
    "image": "url(data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAABcLx3fl0N+cDTxxVzuVhoWRRFfufUwbjsepGCU99qiF7)",
    "prose": "Set the secret in your CI settings. error: invalid api key provided. The password is required.",
    "prompt": "fatal: could not read Password for 'https://github.com': terminal prompts disabled",
    "usage": "usage: tool [--token TOKEN] [--password-file FILE]",
    "list of names": "redact = ['password', 'secret', 'api_key', 'access_token', 'passphrase', 'credentials1']",
    "fetch option": "fetch(url, {credentials: 'include'})",
    "pattern": "AKIA_PATTERN = /AKIA[0-9A-Z]{16}/; key_prefix = 'ghp_'",
    "branch": "git show origin/fix/token-usage-to-agent:cmd/agent.go",
    "header of a pem": "a key starts with -----BEGIN PRIVATE KEY----- and so on",
    "path": "token_file: /run/secrets/db1_a2b3c4d5e6f7\nPWD=/home/me/project-1a2b3c4d",
    "bundle": 'chunk-vendors.dbd1ce46.js !function(e,t){var n="Vq5kV23Wo6Oq";e.exports=t(LVD)}',
    "sklearn": '<div id="sk-container-id-1" class="sk-top-container sk-toggleable__label-arrow">',
}
"""What looks like a secret, or stands where one would, and is none."""
