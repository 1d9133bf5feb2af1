"""Pieces of tool output made by chance from a seed: some with one made-up secret, some with what only looks like one.

Wider than `fake_secrets`: every provider's form in every place where people leave secrets. Nothing in it is
real, and each is put together when it is asked for, so that no scanner takes this file for a leak.
"""

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

_LETTERS = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_WORDS = [
    "maple",
    "quartz",
    "lagoon",
    "walnut",
    "pixel",
    "ember",
    "harbour",
    "thistle",
    "copper",
    "meadow",
    "falcon",
    "marble",
]


@dataclass(frozen=True)
class Piece:
    """`text` with `secret` in it ("" for none), and the family it belongs to."""

    family: str
    text: str
    secret: str


class Maker:
    """Random parts of secrets."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, length: int, alphabet: str = _LETTERS) -> str:
        """As drawn by a machine; with a digit, as nearly all have."""
        return "".join(self.random.choices(alphabet, k=length - 2)) + ("7a" if "a" in alphabet else "7A")

    def hex(self, length: int) -> str:
        return "".join(self.random.choices(_HEX, k=length))

    def b64(self, length: int) -> str:
        return self.some(length, _LETTERS + "+/")

    def url(self, length: int) -> str:
        return self.some(length, _LETTERS + "-_")

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def password(self) -> str:
        """As people choose them."""
        word = self.random.choice(_WORDS)
        number = self.random.randrange(10, 9999)
        return self.random.choice(
            (
                f"{word.capitalize()}-Fake-{number}!",
                f"{word}{number}#{self.random.choice(_WORDS)}",
                f"{word.capitalize()}${number}",
                self.some(16),
                f"{word}_{number}_{self.some(4)}",
                f"F4ke!{word.upper()}{number}",
            )
        )

    def encoded(self, text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def pem(self, kind: str, lines: int = 8, end: str = "\n") -> str:
        dashes = "-" * 5
        body = end.join(self.b64(64) for _ in range(lines))
        return f"{dashes}BEGIN {kind}{dashes}{end}{body}{end}{dashes}END {kind}{dashes}"

    def jwt(self) -> str:
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        body = (
            base64.urlsafe_b64encode(json.dumps({"sub": self.some(8), "iat": 1}).encode())
            .decode()
            .rstrip("=")
        )
        return f"{head}.{body}.{self.url(43)}"


Make = Callable[[Maker], str]

PROVIDERS: dict[str, Make] = {
    "aws id": lambda m: "AK" + "IA" + m.some(16, string.ascii_uppercase + "234567").upper(),
    "github classic": lambda m: "gh" + "p_" + m.some(36),
    "github oauth": lambda m: "gh" + "o_" + m.some(36),
    "github refresh": lambda m: "gh" + "r_" + m.some(76),
    "github fine": lambda m: "github" + "_pat_" + m.some(22) + "_" + m.some(59),
    "gitlab": lambda m: "gl" + "pat-" + m.url(20),
    "gitlab routable": lambda m: "gl" + "pat-" + m.url(27) + ".01." + m.some(9, _HEX),
    "gitlab deploy": lambda m: "gl" + "dt-" + m.url(20),
    "gitlab runner": lambda m: "GR" + "1348941" + m.url(20),
    "openai project": lambda m: "sk-" + "proj-" + m.url(74) + "T3Blbk" + "FJ" + m.url(74),
    "anthropic": lambda m: "sk-" + "ant-api03-" + m.url(93) + "AA",
    "langfuse": lambda m: "sk-" + "lf-" + m.uuid(),
    "google api": lambda m: "AI" + "za" + m.url(35),
    "google new api": lambda m: "AQ" + ".Ab8RN6" + m.url(40),
    "google client secret": lambda m: "GOC" + "SPX-" + m.url(28),
    "huggingface": lambda m: "h" + "f_" + m.some(34),
    "groq": lambda m: "gs" + "k_" + m.some(52),
    "replicate": lambda m: "r8" + "_" + m.some(37),
    "elevenlabs": lambda m: "sk" + "_" + m.hex(48),
    "pinecone": lambda m: "pc" + "sk_" + m.some(6) + "_" + m.some(63),
    "perplexity": lambda m: "pp" + "lx-" + m.some(48),
    "together": lambda m: "tgp" + "_v1_" + m.url(43),
    "cerebras": lambda m: "cs" + "k-" + m.some(48, string.ascii_lowercase + string.digits),
    "slack bot": lambda m: "xo" + f"xb-{m.random.randrange(10**11, 10**12)}-{m.random.randrange(10**12, 10**13)}-" + m.some(24),
    "slack app": lambda m: "xa" + f"pp-1-A{m.some(10, _UPPER)}-{m.random.randrange(10**12, 10**13)}-" + m.hex(64),
    "slack refresh": lambda m: "xo" + "xe-1-" + m.some(146),
    "slack webhook": lambda m: "https://hooks." + f"slack.com/services/T{m.some(8, _UPPER)}/B{m.some(10, _UPPER)}/{m.some(24)}",
    "discord webhook": lambda m: "https://discord.com/api/web" + f"hooks/{m.random.randrange(10**17, 10**18)}/{m.url(68)}",
    "discord bot": lambda m: "M" + m.some(25) + "." + m.some(6) + "." + m.url(38),
    "telegram": lambda m: f"{m.random.randrange(10**9, 10**10)}:AA" + m.url(33),
    "stripe": lambda m: "sk" + "_live_51" + m.some(97),
    "stripe restricted": lambda m: "rk" + "_live_" + m.some(24),
    "webhook secret": lambda m: "wh" + "sec_" + m.some(32),
    "twilio key": lambda m: "S" + "K" + m.hex(32),
    "sendgrid": lambda m: "S" + "G." + m.url(22) + "." + m.url(43),
    "mailgun": lambda m: "ke" + "y-" + m.hex(32),
    "mailgun new": lambda m: f"{m.hex(32)}-{m.hex(8)}-{m.hex(8)}",
    "mailchimp": lambda m: m.hex(32) + "-us14",
    "brevo": lambda m: "xkey" + "sib-" + m.hex(64) + "-" + m.some(16),
    "resend": lambda m: "r" + "e_" + m.some(8) + "_" + m.some(24),
    "npm": lambda m: "np" + "m_" + m.some(36),
    "pypi": lambda m: "py" + "pi-AgEIcHlwaS5vcmc" + m.url(150),
    "rubygems": lambda m: "ruby" + "gems_" + m.hex(48),
    "crates": lambda m: "ci" + "o" + m.some(32),
    "nuget": lambda m: "oy" + "2" + m.some(43, string.ascii_lowercase + string.digits),
    "docker": lambda m: "dckr" + "_pat_" + m.url(27),
    "artifactory": lambda m: "AK" + "Cp" + m.some(69),
    "vault": lambda m: "hv" + "s." + m.url(95),
    "terraform": lambda m: m.some(14) + ".atl" + "asv1." + m.url(67),
    "digitalocean": lambda m: "do" + "p_v1_" + m.hex(64),
    "heroku": lambda m: "HR" + "KU-AA" + m.url(58),
    "cloudflare origin": lambda m: "v1" + ".0-" + m.hex(24) + "-" + m.hex(146),
    "new relic": lambda m: "NR" + "AK-" + m.some(27, _UPPER),
    "new relic licence": lambda m: m.hex(36) + "NR" + "AL",
    "dynatrace": lambda m: "dt0" + "c01." + m.some(24, _UPPER) + "." + m.some(64, _UPPER),
    "sentry": lambda m: "sntr" + "ys_" + m.b64(150),
    "grafana": lambda m: "gl" + "sa_" + m.some(32) + "_" + m.hex(8),
    "shopify": lambda m: "sh" + "pat_" + m.hex(32),
    "square": lambda m: "sq0" + "atp-" + m.url(22),
    "airtable": lambda m: "p" + "at" + m.some(14) + "." + m.hex(64),
    "hubspot": lambda m: "pat" + "-na1-" + m.uuid(),
    "asana": lambda m: "1" + f"/{m.random.randrange(10**15, 10**16)}:" + m.hex(32),
    "atlassian": lambda m: "ATA" + "TT3xFfGF0" + m.url(180) + "=" + m.some(8, _UPPER),
    "bitbucket": lambda m: "AT" + "BB" + m.some(32),
    "notion": lambda m: "nt" + "n_" + m.some(46),
    "linear": lambda m: "lin" + "_api_" + m.some(40),
    "postman": lambda m: "PM" + "AK-" + m.hex(24) + "-" + m.hex(34),
    "figma": lambda m: "fi" + "gd_" + m.url(43),
    "doppler": lambda m: "dp" + ".pt." + m.some(43),
    "planetscale": lambda m: "pscale" + "_tkn_" + m.url(43),
    "supabase": lambda m: "sb" + "p_" + m.hex(40),
    "databricks": lambda m: "da" + "pi" + m.hex(32),
    "tailscale": lambda m: "tskey" + "-auth-" + m.some(12) + "CNTRL-" + m.some(32),
    "sonarqube": lambda m: "sq" + "p_" + m.hex(40),
    "pulumi": lambda m: "pu" + "l-" + m.hex(40),
    "prefect": lambda m: "pn" + "u_" + m.some(36),
    "circleci": lambda m: "CCI" + "PAT_" + m.some(22) + "_" + m.hex(40),
    "buildkite": lambda m: "bk" + "ua_" + m.hex(40),
    "fly": lambda m: "fo" + "1_" + m.url(43),
    "age": lambda m: "AGE-" + "SECRET-KEY-1" + m.some(58, string.ascii_uppercase + "023456789").upper(),
    "plaid": lambda m: "access" + "-production-" + m.uuid(),
    "paypal": lambda m: "access" + f"_token$production${m.some(16, _HEX)}${m.hex(32)}",
    "facebook": lambda m: "EA" + "AC" + m.some(150),
    "dropbox": lambda m: "sl" + ".u." + m.url(140),
    "contentful": lambda m: "CF" + "PAT-" + m.url(43),
    "launchdarkly": lambda m: "sd" + "k-" + m.uuid(),
    "azure ad": lambda m: m.some(3) + "8" + "Q~" + m.url(34),
    "azure storage": lambda m: m.b64(76) + "+A" + "St" + m.b64(5) + "A==",
    "azure devops": lambda m: m.some(76) + "AZ" + "DO" + m.some(4),
    "jwt": lambda m: m.jwt(),
    "wallet": lambda m: "xp" + "rv" + m.some(107, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    "1password": lambda m: "op" + "s_ey" + "J" + m.url(300),
    "mapbox": lambda m: "sk" + ".ey" + "J" + m.url(80) + "." + m.url(22),
}  # fmt: skip
"""Secrets that show what they are."""

PLACES: dict[str, str] = {
    "alone": "{}",
    "env": "PORT=8080\nINTERNAL_VALUE={}\nLANG=C.UTF-8",
    "json": '{{\n  "port": 8080,\n  "value": "{}",\n  "debug": false\n}}',
    "log": "2026-03-01T10:00:00Z WARN  upstream rejected {} (retrying in 2s)",
    "diff": '@@ -3,4 +3,4 @@\n-const v = load();\n+const v = "{}";',
    "history": "  501  git push\n  502  tool --value {} --verbose\n  503  ls",
    "traceback": "  File \"app.py\", line 12, in main\n    client = Client('{}')\nValueError: refused",
    "url": "https://api.invalid/v1/items?value={}&page=2",
    "markdown": "Use the value `{}` for now.",
    "escaped": '{{"text": "export X={}\\nmake deploy"}}',
    "csv": "name,value,owner\nprod,{},me",
    "brackets": "Client(<{}>)",
}

NAMED: dict[str, tuple[str, Make]] = {
    "env password": ("DB_HOST=db\nDB_PASSWORD={}\nDB_PORT=5432", Maker.password),
    "env password word": ("MYSQL_ROOT_PASSWORD={}\n", lambda m: m.random.choice(_WORDS) + m.random.choice(_WORDS)),
    "env secret": ("JWT_SECRET={}\n", lambda m: f"{m.random.choice(_WORDS)}-{m.random.choice(_WORDS)}-{m.random.randrange(99)}"),
    "env pat": ("AZURE_DEVOPS_EXT_PAT={}\n", lambda m: m.some(52, string.ascii_lowercase + "234567")),
    "powershell": ('$env:API_KEY = "{}"', lambda m: m.some(32)),
    "fish": ("set -gx STRIPE_TOKEN {}", lambda m: m.some(32)),
    "setx": ("setx API_TOKEN {}", lambda m: m.some(32)),
    "yaml": ("smtp:\n  user: me\n  password: {}\n  port: 25", Maker.password),
    "yaml quoted": ("smtp:\n  password: '{}'\n", Maker.password),
    "yaml block": ("tls:\n  secret: |\n    {}\n  port: 1", lambda m: m.b64(60)),
    "yaml folded": ("auth_token: >-\n  {}\nport: 1", lambda m: f"{m.b64(60)}\n  {m.b64(60)}\n  {m.b64(30)}"),
    "toml": ('[db]\npassword = "{}"\n', Maker.password),
    "ini": ("[client]\nuser=root\npassword={}\n", Maker.password),
    "properties": ("spring.datasource.password={}\n", Maker.password),
    "json": ('{{"username": "me", "password": "{}"}}', Maker.password),
    "json next line": ('{{"apiKey":\n    "{}"}}', lambda m: m.some(32)),
    "json in json": ('{{"body": "{{\\"api_token\\": \\"{}\\"}}"}}', lambda m: m.some(32)),
    "json in json in json": ('{{"a": "{{\\"b\\": \\"{{\\\\\\"password\\\\\\": \\\\\\"{}\\\\\\"}}\\"}}"}}', lambda m: m.some(20)),
    "nodemailer": ("auth: {{ user: 'me@mail.invalid', pass: '{}' }}", Maker.password),
    "python call": ("connect(host='db', user='me', password='{}')", Maker.password),
    "python dict": ("{{'user': 'me', 'passwd': '{}'}}", Maker.password),
    "java setter": ('config.setPassword("{}");', Maker.password),
    "php define": ("define( 'DB_PASSWORD', '{}' );", Maker.password),
    "php array": ("'password' => '{}',", Maker.password),
    "csharp": ('var c = new Client {{ ClientSecret = "{}" }};', lambda m: m.some(40)),
    "go": ('cfg := Config{{Password: "{}"}}', Maker.password),
    "rust": ('let api_key: &str = "{}";', lambda m: m.some(32)),
    "kotlin": ('val apiKey: String = "{}"', lambda m: m.some(32)),
    "swift": ('let clientSecret = "{}"', lambda m: m.some(32)),
    "ruby": ("config.secret_key_base = '{}'", lambda m: m.hex(128)),
    "terraform": ('resource "x" "y" {{\n  password             = "{}"\n}}', Maker.password),
    "terraform variable": ('variable "db_password" {{\n  type    = string\n  default = "{}"\n}}', Maker.password),
    "kubernetes env": ("- name: DB_PASSWORD\n  value: {}\n", Maker.password),
    "kubernetes secret": ("kind: Secret\ndata:\n  password: {}\n", lambda m: m.encoded(m.password() + "x1")),
    "from literal": ("kubectl create secret generic db --from-literal=password={}", lambda m: m.some(14)),
    "compose": ("environment:\n  - POSTGRES_PASSWORD={}\n", Maker.password),
    "dockerfile": ("ENV API_TOKEN {}\n", lambda m: m.some(32)),
    "xml": ("<server><password>{}</password></server>", Maker.password),
    "android": ('<string name="api_key">{}</string>', lambda m: m.some(32)),
    "plist": ("<key>API_SECRET</key>\n  <string>{}</string>", lambda m: m.some(32)),
    "html input": ('<input type="hidden" name="token" value="{}">', lambda m: m.some(40)),
    "dotnet": ('"Db": "Server=db;Database=x;User Id=sa;Password={};Encrypt=True"', lambda m: f"Str0ng{m.some(6)}"),
    "dotnet setting": ('<add key="ApiSecret" value="{}" />', lambda m: m.some(32)),
    "jdbc": ("jdbc:mysql://db/app?user=me&password={}&useSSL=false", lambda m: m.some(14)),
    "oracle": ("jdbc:oracle:thin:scott/{}@//db:1521/x", lambda m: m.some(12)),
    "go dsn": ('sql.Open("mysql", "app:{}@tcp(db:3306)/x")', lambda m: m.some(12)),
    "libpq": ("host=db user=me password={} dbname=x", lambda m: m.some(14)),
    "pgpass": ("db.invalid:5432:app:me:{}\n", lambda m: m.some(14)),
    "url": ("postgres://me:{}@db.invalid:5432/app", lambda m: m.some(14)),
    "url srv": ("mongodb+srv://me:{}@c0.invalid/?retryWrites=true", lambda m: m.some(14)),
    "url unescaped": ("amqp://me:{}@mq.invalid:5672/x", lambda m: f"{m.some(6)}#{m.some(4)}/{m.some(4)}"),
    "url token": ("https://{}@git.invalid/x/y.git", lambda m: m.some(40)),
    "git remote": ("origin\thttps://oauth2:{}@git.invalid/x/y.git (push)", lambda m: m.some(26)),
    "git credentials": ("https://me:{}@git.invalid\n", lambda m: m.some(20)),
    "netrc": ("machine api.invalid\n  login me\n  password {}\n", Maker.password),
    "netrc short": ("machine api.invalid password {}\n", lambda m: m.some(20)),
    "npmrc": ("//registry.invalid/:_authToken={}\n", Maker.uuid),
    "npmrc basic": ("//registry.invalid/:_auth={}\n", lambda m: m.encoded(f"me:{m.password()}")),
    "pypirc": ("[pypi]\nusername = __token__\npassword = {}\n", lambda m: m.some(60)),
    "docker config": ('{{"auths": {{"r.invalid": {{"auth": "{}"}}}}}}', lambda m: m.encoded(f"me:{m.password()}")),
    "docker config b64": (".dockerconfigjson: {}\n", lambda m: m.encoded('{"auths":{"r.invalid":{"auth":"' + m.encoded("me:" + m.some(12)) + '"}}}')),
    "kubeconfig": ("users:\n- name: me\n  user:\n    token: {}\n", lambda m: m.some(64)),
    "kubeconfig key": ("    client-key-data: {}\n", lambda m: m.encoded(m.pem("EC PRIVATE KEY", 4))),
    "aws secret": ("aws_secret_access_key = {}\n", lambda m: m.b64(40)),
    "aws csv": ("User name,Access key ID,Secret access key\nme,AKI" + "A2345672345672345,{}\n", lambda m: m.b64(40)),
    "aws pair": ("creds: AKI" + "A2345672345672345:{}", lambda m: m.b64(40)),
    "aws configure": ("aws configure set aws_secret_access_key {}", lambda m: m.b64(40)),
    "aws json": ('"SessionToken": "{}"', lambda m: m.b64(300)),
    "presigned": ("https://b.s3.invalid/o?X-Amz-Expires=60&X-Amz-Signature={}", lambda m: m.hex(64)),
    "sas": ("https://x.blob.invalid/c?sv=2022-11-02&sig={}&se=2026", lambda m: quote(m.b64(43) + "=", safe="")),
    "account key": ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=y", lambda m: m.b64(86) + "=="),
    "service bus": ("Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={}", lambda m: m.b64(43) + "="),
    "gcp": ('{{"type": "service_account", "private_key": "{}"}}', lambda m: m.pem("PRIVATE KEY", 8, "\\n")),
    "bearer": ("> Authorization: Bearer {}\n< HTTP/2 401", lambda m: m.some(40)),
    "bearer json": ('{{"headers": {{"Authorization": "Bearer {}"}}}}', lambda m: m.some(40)),
    "bearer encoded": ("authorization=Bearer%20{}", lambda m: m.some(40)),
    "token scheme": ("Authorization: Token {}", lambda m: m.hex(40)),
    "genie": ("Authorization: GenieKey {}", Maker.uuid),
    "okta": ("Authorization: SSWS {}", lambda m: "00" + m.url(40)),
    "basic": ("Authorization: Basic {}", lambda m: m.encoded(f"me:{m.password()}")),
    "api header": ("curl -H 'X-Api-Key: {}' https://api.invalid", lambda m: m.hex(32)),
    "auth header": ("X-Auth-Token: {}", lambda m: m.some(32)),
    "cookie": ("Cookie: theme=dark; sessionid={}; lang=en", lambda m: m.some(32, string.ascii_lowercase + string.digits)),
    "set-cookie": ("< set-cookie: _app_session={}; path=/; HttpOnly", lambda m: m.some(64)),
    "curl user": ("curl -u me:{} https://api.invalid", Maker.password),
    "curl form": ("curl -d 'user=me&password={}' https://api.invalid", lambda m: m.some(14)),
    "mysql": ("mysql -h db -u root -p{} app", lambda m: m.some(14)),
    "sshpass": ("sshpass -p '{}' ssh me@h", Maker.password),
    "redis": ("redis-cli -h h -a {} ping", lambda m: m.some(20)),
    "redis conf": ("requirepass {}\n", lambda m: m.some(20)),
    "docker login": ("docker login -u me -p {} r.invalid", lambda m: m.some(20)),
    "stdin": ("echo '{}' | docker login -u me --password-stdin", Maker.password),
    "sudo": ("echo {} | sudo -S apt update", lambda m: m.some(12)),
    "option": ("tool --password {} --user me", Maker.password),
    "option =": ("tool --client-secret={} -v", lambda m: m.some(32)),
    "option next line": ("tool --api-key \\\n  {} \\\n  -v", lambda m: m.some(32)),
    "openssl": ("openssl rsa -in k.pem -passin pass:{}", lambda m: m.some(12)),
    "sql": ("CREATE USER me IDENTIFIED BY '{}';", Maker.password),
    "sql role": ("ALTER ROLE me WITH PASSWORD '{}';", Maker.password),
    "secure string": ('ConvertTo-SecureString "{}" -AsPlainText -Force', lambda m: f"F4ke!{m.some(8)}"),
    "url encoded": ("body=%7B%22password%22%3A%22{}%22%7D", lambda m: m.some(14)),
    "prose": ("Hi, the password is {} until Friday.", Maker.password),
    "colours": ("\x1b[36mAPI_TOKEN\x1b[0m=\x1b[33m{}\x1b[0m", lambda m: m.some(32)),
    "heroku": ("HEROKU_API_KEY={}", Maker.uuid),
    "datadog": ("DD_API_KEY={}", lambda m: m.hex(32)),
    "datadog lower": ('datadog_key: "{}"', lambda m: m.hex(32)),
    "mistral": ('mistral_key = "{}"', lambda m: m.some(32)),
    "cloudflare": ("X-Auth-Key: {}", lambda m: m.hex(37)),
    "fernet": ("FERNET_KEY={}", lambda m: m.url(43) + "="),
    "wireguard": ("[Interface]\nPrivateKey = {}\nAddress = 10.0.0.2/32", lambda m: m.b64(43) + "="),
    "preshared": ("PresharedKey = {}\n", lambda m: m.b64(43) + "="),
    "ethereum": ("PRIVATE_KEY=0x{}", lambda m: m.hex(64)),
    "mnemonic": ('mnemonic: "{}"', lambda m: " ".join(m.random.choices([w for w in _WORDS if len(w) <= 8], k=12))),
    "htpasswd": ("me:{}\n", lambda m: "$apr1$" + m.some(8) + "$" + m.some(22)),
    "shadow": ("root:{}:19000:0:99999:7:::\n", lambda m: "$6$" + m.some(16) + "$" + m.some(86)),
    "encoded env": ("user_data: {}\n", lambda m: m.encoded("export GITHUB_TOKEN=gh" + "p_" + m.some(36) + "\n")),
    "pem": ("{}\n", lambda m: m.pem("RSA PRIVATE KEY")),
    "pem in diff": ("{}\n", lambda m: m.pem("PRIVATE KEY", 6, "\n+")),
    "pem in yaml": ("key: |\n  {}\n", lambda m: m.pem("EC PRIVATE KEY", 4, "\n  ")),
    "openssh": ("{}\n", lambda m: m.pem("OPENSSH PRIVATE KEY")),
    "pgp": ("{}\n", lambda m: m.pem("PGP PRIVATE KEY BLOCK")),
    "encrypted pem": ("{}\n", lambda m: m.pem("ENCRYPTED PRIVATE KEY")),
    "putty": ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{}\nPrivate-MAC: x", lambda m: m.b64(48)),
    "ssh2": ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----", lambda m: "\n".join(m.b64(70) for _ in range(6))),
    "minisign": ("untrusted comment: minisign encrypted secret key\n{}\n", lambda m: "RWRTY0Iy" + m.b64(200)),
}  # fmt: skip
"""Secrets that only what stands around them gives away."""

BENIGN: dict[str, Make] = {
    "git log": lambda m: f"commit {m.hex(40)}\nAuthor: Me <me@mail.invalid>\n\n    Rotate the API token of the client",
    "git index": lambda m: f"index {m.hex(7)}..{m.hex(7)} 100644\n--- a/src/password.py\n+++ b/src/password.py",
    "git tree": lambda m: f"100644 blob {m.hex(40)}\tsrc/secrets.py",
    "uuid": lambda m: f'{{"id": "{m.uuid()}", "trace_id": "{m.hex(32)}", "span_id": "{m.hex(16)}"}}',
    "ulid": lambda m: f"job {m.some(26, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')} finished",
    "package lock": lambda m: f'"node_modules/x": {{"resolved": "https://r.invalid/x/-/x-1.0.0.tgz", "integrity": "sha512-{m.b64(86)}=="}}',
    "yarn lock": lambda m: f'x@^1:\n  version "1.0.0"\n  resolved "https://r.invalid/x-1.0.0.tgz#{m.hex(40)}"\n  integrity sha512-{m.b64(86)}==',
    "cargo lock": lambda m: f'name = "token"\nversion = "0.1.0"\nchecksum = "{m.hex(64)}"',
    "poetry lock": lambda m: f'{{file = "secretstorage-3.3.whl", hash = "sha256:{m.hex(64)}"}}',
    "go sum": lambda m: f"github.com/x/token v1.2.3/go.mod h1:{m.b64(43)}=",
    "pip hash": lambda m: f"cryptography==42.0.0 \\\n    --hash=sha256:{m.hex(64)}",
    "docker digest": lambda m: f"r.invalid/x@sha256:{m.hex(64)}\nDigest: sha256:{m.hex(64)}",
    "checksum": lambda m: f"{m.hex(64)}  secrets-tool_1.0_linux_amd64.tar.gz\n{m.hex(32)} *x.iso",
    "sri": lambda m: f'<script src="x.js" integrity="sha384-{m.b64(64)}" crossorigin="anonymous"></script>',
    "csp nonce": lambda m: f"Content-Security-Policy: script-src 'nonce-{m.b64(22)}=='",
    "etag": lambda m: f'ETag: W/"{m.hex(40)}"\nX-Request-Id: {m.uuid()}',
    "ssh public": lambda m: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{m.b64(43)} me@host",
    "fingerprint": lambda m: f"256 SHA256:{m.b64(43)} me@host (ED25519)",
    "known hosts": lambda m: f"|1|{m.b64(27)}=|{m.b64(27)}= ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{m.b64(200)}",
    "certificate": lambda m: m.pem("CERTIFICATE"),
    "public key": lambda m: m.pem("PUBLIC KEY", 5),
    "pgp public": lambda m: m.pem("PGP PUBLIC KEY BLOCK", 6),
    "pgp message": lambda m: m.pem("PGP SIGNATURE", 4),
    "ca data": lambda m: "certificate-authority-data: " + m.encoded(m.pem("CERTIFICATE", 4)),
    "image": lambda m: f'<img src="data:image/png;base64,iVBORw0KGgo{m.b64(300)}==">',
    "wasm": lambda m: f'const wasm = "AGFzbQEAAAA{m.b64(400)}";',
    "source map": lambda m: "//# sourceMappingURL=data:application/json;base64," + m.encoded('{"version":3,"sources":["src/app.ts"],"names":[],"mappings":"AAAA,SAAS"}'),
    "minified": lambda m: f'!function(e,t){{var n=e.token,r=t.password||"";return n.key(r,"{m.some(8)}")}}(window,{{apiKey:a.b.c}});',
    "bundle": lambda m: f"dist/assets/index-{m.some(8)}.js  143.20 kB | gzip: 45.1 kB",
    "css module": lambda m: f".Button_token__{m.some(5)}{{color:#{m.hex(6)}}}",
    "hexdump": lambda m: "\n".join(f"{at:08x}: " + " ".join(m.hex(4) for _ in range(8)) + "  ................" for at in range(0, 64, 16)),
    "address": lambda m: f"0x{m.hex(16)} in malloc () from libc.so.6\n#1 0x{m.hex(12)} in token_free (t=0x{m.hex(12)})",
    "mac": lambda m: ":".join(m.hex(2) for _ in range(6)) + " fe80::" + ":".join(m.hex(4) for _ in range(4)),
    "pod": lambda m: f"pod/secret-operator-{m.hex(9)}-{m.some(5, string.ascii_lowercase)} 1/1 Running",
    "cache key": lambda m: f"cache-key-{m.hex(32)}\nRestored from key: linux-pip-{m.hex(64)}",
    "sort key": lambda m: f'{{"partition_key": "{m.some(24)}", "sort_key": "v1-{m.hex(32)}", "idempotency_key": "{m.uuid()}"}}',
    "key id": lambda m: f'"kid": "{m.hex(40)}", "key_id": "{m.uuid()}", "private_key_id": "{m.hex(40)}"',
    "publishable": lambda m: "STRIPE_PUBLISHABLE_KEY=pk" + f"_live_{m.some(24)}\nRECAPTCHA_SITE_KEY=6L{m.some(38)}",
    "sentry dsn": lambda m: f"SENTRY_DSN=https://{m.hex(32)}@o1.ingest.sentry.io/1",
    "aws example": lambda m: "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "arn": lambda m: f"arn:aws:secretsmanager:eu-west-1:{m.random.randrange(10**11, 10**12)}:secret:prod/db-{m.some(6)}",
    "placeholder": lambda m: "API_KEY=<your-api-key>\nTOKEN=your_token_here\nPASSWORD=changeme\nSECRET=xxxxxxxxxxxx",
    "reference": lambda m: 'password: ${DB_PASSWORD}\ntoken: $CI_TOKEN\nsecret: "{{ .Values.secret }}"\nkey: %API_KEY%',
    "github action": lambda m: "env:\n  GH_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  NPM_TOKEN: ${{ secrets.NPM_TOKEN }}",
    "op reference": lambda m: "DB_PASSWORD=op://vault/db/password\nTOKEN=vault:secret/data/x#token",
    "sops": lambda m: f"password: ENC[AES256_GCM,data:{m.b64(20)},iv:{m.b64(43)}=,tag:{m.b64(22)}==,type:str]",
    "code environment": lambda m: 'const t = process.env.API_TOKEN;\npassword = os.environ["DB_PASSWORD"]\nkey := os.Getenv("API_KEY")',
    "code call": lambda m: "token = generate_token(32)\npassword = getpass('Password: ')\nsecret = load_secret(path)",
    "code names": lambda m: "def login(user, password=None, token: str = ''):\n    self.token = token or self.default_token",
    "type": lambda m: "interface Auth { password: string; token?: string; apiKey: string | undefined }",
    "pydantic": lambda m: 'password: SecretStr = Field(min_length=8, description="The password")',
    "sql": lambda m: "SELECT id, password_hash, api_token FROM users WHERE token = $1 AND secret = :secret",
    "fixture": lambda m: 'login("admin", "password")\nassert user.password == "secret"\npassword = "password"',
    "help": lambda m: "  --password PASSWORD   the password (env: DB_PASSWORD)\n  --token-file FILE     where the token lies",
    "error": lambda m: "401 Unauthorized: invalid token. Please provide a valid API key.",
    "prompt": lambda m: "Password for 'https://me@git.invalid':\n[sudo] password for me:",
    "report": lambda m: "# tests 12\n# pass 11\n# fail 1\npass: 11, fail: 1, passing rate: 91.7%",
    "tokens": lambda m: '"usage": {"prompt_tokens": 4096, "completion_tokens": 128, "total_tokens": 4224}\nmax_tokens=128000',
    "tokenizer": lambda m: '{"bos_token": "<s>", "eos_token": "</s>", "pad_token_id": 32000, "unk_token": "[UNK]"}',
    "page token": lambda m: f'"nextPageToken": "{m.some(24)}", "continuation_token": "{m.some(32)}"',
    "path": lambda m: f"token_file: /run/secrets/db_{m.hex(8)}\nSSH_AUTH_SOCK=/tmp/ssh-{m.some(10)}/agent.42",
    "askpass": lambda m: "GIT_ASKPASS=echo1\nSSH_ASKPASS=/usr/bin/ksshaskpass\nBYPASS_CACHE=yes1",
    "css": lambda m: "a { --token-color: #a1b2c3; --key-width: 12px; pass-through: 1 }",
    "i18n": lambda m: '{"password": "Passwort", "token_label": "Zugriffstoken", "forgot_password": "Forgot your password?"}',
    "url": lambda m: f"https://r.invalid:8443/x/@scope/y?v={m.hex(8)}#secret-{m.some(6)}",
    "scoped url": lambda m: "https://registry.invalid:443/@babel/core/-/core-7.24.0.tgz",
    "websocket": lambda m: f"wss://s.invalid/?v=13&sid={m.some(8)}",
    "mysql options": lambda m: "mysql -h db -P 3306 -u root -p app < dump.sql\nmysqldump --skip-lock-tables --port=3306 -p app",
    "docker user": lambda m: "docker run -u 1000:1000 -p 8080:80 r.invalid/x:1.2\nchown -R app:app /srv",
    "echo": lambda m: "echo building | tee build.log\nprintf '%s' done | sha256sum",
    "words": lambda m: "The token bucket has a key rate; pass the secret sauce: see docs/secrets.md for what a credential is.",
    "regular expression": lambda m: r"token: /^[A-Za-z0-9_-]{20,}$/, key: 'AKIA[0-9A-Z]{16}', ghp_[A-Za-z0-9]{36}",
    "protobuf": lambda m: f"string api_key = 1;\nbytes token = {m.random.randrange(2, 20)};\nSecretKey secret_key = 3;",
    "crash": lambda m: f"thread 'main' panicked at src/token.rs:{m.random.randrange(999)}:9: called `Option::unwrap()`",
    "base64 words": lambda m: m.encoded("The quick brown fox jumps over the lazy dog, again and again."),
    "bcrypt name": lambda m: f'password_hash = "$2b$12${m.some(53)}"',
    "session": lambda m: f"session {m.hex(12)} resumed; window 3; key bindings loaded",
    "jwk": lambda m: f'{{"kty": "EC", "crv": "P-256", "x": "{m.url(43)}", "y": "{m.url(43)}", "kid": "{m.some(12)}"}}',
    "lfs": lambda m: f"version https://git-lfs.github.com/spec/v1\noid sha256:{m.hex(64)}\nsize {m.random.randrange(10**6)}",
    "change id": lambda m: f"Change-Id: I{m.hex(40)}",
    "cmake": lambda m: f"-- Looking for pthread_key_create - found\n[ 42%] Building C object token.c.o ({m.hex(8)})",
}  # fmt: skip
"""What looks like a secret, or stands where one would, and is none."""


def provider_pieces(seed: int) -> Iterator[Piece]:
    """Every provider's secret in every place."""
    maker = Maker(seed)
    for family, make in PROVIDERS.items():
        for place, text in PLACES.items():
            secret = make(maker)
            yield Piece(f"{family} in {place}", text.format(secret), secret)


def named_pieces(seed: int, each: int = 6) -> Iterator[Piece]:
    """Every context, several times."""
    maker = Maker(seed)
    for family, (text, make) in NAMED.items():
        for _ in range(each):
            secret = make(maker)
            yield Piece(family, text.format(secret), secret)


def benign_pieces(seed: int, each: int = 6) -> Iterator[Piece]:
    """What is no secret, several times."""
    maker = Maker(seed)
    for family, make in BENIGN.items():
        for _ in range(each):
            yield Piece(family, make(maker), "")


def left_of(piece: Piece, masked: str) -> str:
    """The longest beginning or end of the piece's secret that still stands in `masked`, "" for less than four characters.

    What stands beside the secret too is none of it, nor are the first and the last line of a private key.
    """
    beside = piece.text.replace(piece.secret, "\0")
    shown = re.sub(r"\[masked:[^\]\n]{1,60}\]", "\0", masked)
    for line in piece.secret.replace("\\n", "\n").split("\n"):
        line = line.strip("+ ")
        for size in range(len(line) if "-----" not in line else 0, 3, -1):
            for left in (line[:size], line[-size:]):
                if left in shown and left not in beside:
                    return left
    return ""
