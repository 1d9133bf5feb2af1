"""Secrets are masked wherever they stand, look-alikes are left alone, and it costs next to nothing."""

import base64
import json
import os
import random
import string
import time
from pathlib import Path
from urllib.parse import quote

import fake_secrets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_memory.errors import StoreError
from cairn_memory.redact import PLACEHOLDER, SecretMasker, environment_secrets, workspace_key

masker = SecretMasker(key=b"k" * 16)

SURROUNDINGS = (
    "{}",
    "token={}",
    'x = "{}";',
    "it said {}.",
    "https://api.invalid/v1?access_token={}&page=2",
    "\x1b[33m{}\x1b[0m",
    "url%3D{}",
)


@pytest.mark.parametrize("kind", fake_secrets.WITH_FORM)
def test_a_secret_with_a_known_form_is_masked_anywhere(kind: str) -> None:
    secret = fake_secrets.WITH_FORM[kind]
    for surroundings in SURROUNDINGS:
        masked = masker.mask(surroundings.format(secret))
        assert PLACEHOLDER in masked, surroundings
        assert_nothing_left(secret, masked)


@pytest.mark.parametrize("kind", fake_secrets.WITH_FORM)
def test_json_with_a_secret_stays_json(kind: str) -> None:
    secret = fake_secrets.WITH_FORM[kind]
    text = json.dumps({"command": f'export X_TOKEN="{secret}"\necho done', "timeout": 5})
    masked = json.loads(masker.mask(text))
    assert masked["timeout"] == 5
    assert masked["command"].endswith("\necho done")
    assert_nothing_left(secret, masked["command"])


@pytest.mark.parametrize("name", fake_secrets.IN_CONTEXT)
def test_a_secret_that_only_its_context_gives_away_is_masked(name: str) -> None:
    context, secret = fake_secrets.IN_CONTEXT[name]
    masked = masker.mask(context.format(secret))
    assert_nothing_left(secret, masked)
    before, after = context.format("\0").split("\0")
    assert masked.startswith(before.removesuffix("s%3A")) and masked.endswith(after), (
        "what stands around it stays"
    )


@pytest.mark.parametrize("name", fake_secrets.HARMLESS)
def test_a_look_alike_is_left_alone(name: str) -> None:
    text = fake_secrets.HARMLESS[name]
    assert masker.mask(text) == text


def test_a_key_that_was_cut_off_is_masked_as_far_as_it_goes() -> None:
    whole = fake_secrets.private_key()
    masked = masker.mask(whole[: len(whole) // 2] + "\nand then some words")
    assert_nothing_left(whole[40 : len(whole) // 2], masked)
    assert masked.endswith("and then some words")


def test_an_escape_in_json_stays_whole() -> None:
    """The `n` of a line break may look like the start of a prefix."""
    text = json.dumps("one\n" + "pm_" + fake_secrets.TOKEN)
    assert PLACEHOLDER in masker.mask(text)
    assert json.loads(masker.mask(text)).startswith("one\n")


# --- known values ---------------------------------------------------------------------------

KNOWN = "pa/ss wörd" + '+9=&"q'


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
def test_a_known_value_is_masked_in_every_coding(before: str) -> None:
    knowing = SecretMasker([KNOWN])
    whole = f"{before}{KNOWN} and more".encode()
    for coded in (
        KNOWN,
        quote(KNOWN, safe=""),
        json.dumps(KNOWN),
        base64.b64encode(whole).decode(),
        base64.urlsafe_b64encode(whole).decode(),
    ):
        masked = knowing.mask(f"<{coded}>")
        assert "[masked:known-secret:" in masked
        if coded.isascii() and set(coded) <= set(string.ascii_letters + string.digits + "+/=-_"):
            decoded = base64.urlsafe_b64decode(coded.translate(str.maketrans("+/", "-_")))
            assert decoded == whole


def test_what_is_learnt_later_is_masked_from_then_on() -> None:
    learning = SecretMasker()
    text = "the value is plain-words-only"
    assert learning.mask(text) == text
    learning.learn("plain-words-only")
    assert "plain-words-only" not in learning.mask(text)


@pytest.mark.parametrize("value", ["", "short", "password", "localhost", "aaaaaaaaaaaa", "        "])
def test_short_and_common_values_are_not_looked_for(value: str) -> None:
    text = f"the {value} of the user is aaaaaaaaaaaa password short localhost        ."
    assert SecretMasker([value]).mask(text) == text


def test_the_environment_is_searched_by_name() -> None:
    secret = {
        "OPENAI_API_KEY": fake_secrets.TOKEN,
        "db_password": "Correct-9-horse",
        "MY_TOKEN": fake_secrets.HEX,
        "AWS_SECRET_ACCESS_KEY": "abc/def+ghi9",
        "GIT_CREDENTIALS": "https://me:n0t-real@git.invalid",
    }
    address = {"DATABASE_URL": "postgres://me:n0t%2Freal@db.invalid/app"}
    other = {
        "PATH": "/usr/bin:/bin",
        "SSH_AUTH_SOCK": "/tmp/ssh-1234/agent.1",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key.json",
        "MAX_TOKENS": "4096",
        "AWS_ACCESS_KEY_ID": "someid12345",
        "AUTH_URL": "https://auth.invalid/login",
        "KEYBOARD": "pc-one-hundred",
    }
    found = environment_secrets(secret | address | other)
    assert found == [*secret.values(), "n0t-real", "n0t/real"], "passwords in addresses, too"


# --- placeholders -----------------------------------------------------------------------------


def test_a_placeholder_names_the_kind_and_is_the_same_for_the_same_secret() -> None:
    secret = fake_secrets.WITH_FORM["github classic"]
    other = fake_secrets.WITH_FORM["github app"]
    first, second, third = masker.mask(f"{secret} {secret} {other}").split()
    assert first.startswith("[masked:github-token:") and len(first) == len("[masked:github-token:3fa9]")
    assert first == second != third
    assert SecretMasker(key=b"o" * 16).mask(secret) != first, "another workspace, another hash"


def test_the_key_of_a_workspace_is_kept_and_private(tmp_path: Path) -> None:
    key = workspace_key(tmp_path)
    assert key == workspace_key(tmp_path) != workspace_key(_made(tmp_path / "other"))
    if os.name == "posix":
        assert (tmp_path / "mask.key").stat().st_mode & 0o077 == 0
    (tmp_path / "mask.key").write_bytes(b"torn")
    assert len(workspace_key(tmp_path)) == 16
    with pytest.raises(StoreError):
        workspace_key(tmp_path / "nowhere")


def test_a_placeholder_is_never_masked_itself() -> None:
    text = "[masked:github-token:3fa9] is a github-token"
    assert SecretMasker(["github-token"]).mask(text).startswith("[masked:github-token:3fa9] is a [masked:")


PIECES = (
    *fake_secrets.WITH_FORM.values(),
    *(context.format(secret) for context, secret in fake_secrets.IN_CONTEXT.values()),
    *fake_secrets.HARMLESS.values(),
    *(
        "password",
        "token",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        "\\n",
        "\n",
        " ",
        ".",
        "[masked:token:12ab]",
        "[masked:",
    ),
    *("-----BEGIN PRIVATE KEY-----", "://a:", "@b", "Bearer ", "Cookie: a=", "key", "x" * 20, "İ", "ß"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=8).map("".join))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    masked = masker.mask(text)
    assert masker.mask(masked) == masked


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=4)
)
def test_json_stays_json_with_anything_in_it(values: dict[str, str]) -> None:
    assert json.loads(masker.mask(json.dumps({"arguments": json.dumps(values)})))


# --- cost ---------------------------------------------------------------------------------------

KB64 = 65_536
_random = random.Random(3)
WORST: dict[str, str] = {
    "base64": "".join(_random.choices(string.ascii_letters + string.digits + "+/", k=KB64)),
    "hex": "".join(_random.choices("0123456789abcdef", k=KB64)),
    "prefixes": "sk-" * (KB64 // 3),
    "slack prefixes": "xoxb-" * (KB64 // 5),
    "jwt heads": "eyJ" * (KB64 // 3),
    "names": "api_key" * (KB64 // 7),
    "assignments": "password=" * (KB64 // 9),
    "open quotes": 'password="' * (KB64 // 10),
    "backslashes": 'password="' + "\\" * KB64,
    "blanks": "token" + " " * KB64,
    "urls": "://a:" * (KB64 // 5),
    "pem heads": "-----BEGIN PRIVATE KEY-----" * (KB64 // 27),
    "signatures": "sig=" * (KB64 // 4),
    "cookies": "Cookie: a=" * (KB64 // 10),
    "placeholders": "[masked:" * (KB64 // 8),
}


@pytest.mark.parametrize("name", WORST)
def test_no_text_takes_long(name: str) -> None:
    """An allowance for slow machines: what grows with the square of the length takes a hundred times as long."""
    start = time.process_time()
    masker.mask(WORST[name])
    assert time.process_time() - start < 1.5


def assert_nothing_left(secret: str, masked: str) -> None:
    """No quarter of the secret is still there."""
    size = max(len(secret) // 4, 6)
    left = [
        secret[at : at + size] for at in range(len(secret) - size + 1) if secret[at : at + size] in masked
    ]
    assert [piece for piece in left if piece not in ("github", "github_")] == [], masked


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
