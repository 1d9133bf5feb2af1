"""A text that comes in pieces is masked as if it had come whole, and no more of it is held than a bounded part."""

from collections.abc import Iterator

import pytest
from fake_secrets import IN_CONTEXT, WITH_FORM, private_key

from cairn_memory.redact import SecretMasker, stream
from cairn_memory.redact.stream import masked_stream

KNOWN = "only the host knows this value 42"
masker = SecretMasker([KNOWN], key=b"k" * 16)
SECRETS = {
    "token": WITH_FORM["github classic"],
    "jwt": WITH_FORM["jwt"],
    "known": KNOWN,
    "key": private_key(),
    "named": IN_CONTEXT["yaml block"][0].format(IN_CONTEXT["yaml block"][1]),
    "password": IN_CONTEXT["json"][0].format(IN_CONTEXT["json"][1]),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", 3_000)
    monkeypatch.setattr(stream, "BEYOND", 2_000)
    monkeypatch.setattr(stream, "BEHIND", 800)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("filler", ["a line of it\n", "word "])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_across_two_pieces_is_masked_as_in_the_whole(name: str, filler: str) -> None:
    secret = SECRETS[name]
    for at in range(3_000 - len(secret) - 20, 3_020, 7):
        text = (filler * 800)[:at] + "\n" + secret + "\n" + filler * 800
        assert "".join(masked_stream(pieces(text, 500), masker)) == masker.mask(text)


def test_at_the_real_bounds_a_long_text_is_masked_as_the_whole() -> None:
    text = "".join(
        f"a line of it, number {at}\n" + (private_key() + "\n" if at % 999 == 0 else "")
        for at in range(40_000)
    )
    assert len(text) > 3 * stream.PIECE
    assert "".join(masked_stream(pieces(text, 60_000), masker)) == masker.mask(text)


def test_no_more_is_held_than_its_bound() -> None:
    handed = told = most = 0

    def counted() -> Iterator[str]:
        nonlocal handed, most
        for _ in range(100):
            most = max(most, handed - told)
            handed += 64_000
            yield "x" * 63_999 + "\n"

    for part in masked_stream(counted(), masker):
        told += len(part)
    assert handed == told == 6_400_000
    assert most < 2 * (stream.PIECE + stream.BEYOND)


def test_nothing_gives_nothing() -> None:
    assert "".join(masked_stream([], masker)) == ""
    assert "".join(masked_stream(["short"], masker)) == "short"


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))
