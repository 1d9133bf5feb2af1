"""Masking: the same in one piece and line by line, bounded, and nothing of a secret is left behind a cut."""

from fake_secrets import WITH_FORM
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn_agents.tools.masking import head_of, tail_of
from cairn_memory.bounds import cut
from cairn_memory.redact import PLACEHOLDER, SecretMasker

masker = SecretMasker(("correct-horse-battery-staple-77",), key=b"k" * 16)
ONE_LINE = tuple(secret for secret in WITH_FORM.values() if "\n" not in secret)
PROSE = st.sampled_from(
    (
        "",
        "def f(x):",
        "    return x + 1",
        "commit 3fa9c1d2e4b5a6978812345678901234567890ab",
        "https://example.org/a/b?c=d",
        "2026-03-01T10:00:00 INFO started",
        "ünï 漢字 𝄞",
        "total 12",
    )
)
SECRETS = st.sampled_from((*ONE_LINE, "correct-horse-battery-staple-77"))
LINES = st.lists(
    st.one_of(PROSE, SECRETS, st.builds("token {} used".format, SECRETS)), min_size=1, max_size=12
)
LONGEST_PLACEHOLDER = 60


@settings(max_examples=100, deadline=None)
@given(LINES, LINES)
def test_a_text_in_two_parts_is_masked_as_it_is_in_one(first: list[str], second: list[str]) -> None:
    one, other = "\n".join(first), "\n".join(second)
    assert masker.mask(f"{one}\n{other}") == f"{masker.mask(one)}\n{masker.mask(other)}"


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_masking_twice_changes_nothing_and_no_line_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    masked = masker.mask(text)
    assert masker.mask(masked) == masked
    assert masked.count("\n") == text.count("\n")
    assert not [secret for secret in ONE_LINE if secret in masked]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_a_masked_text_is_no_longer_than_its_placeholders_make_it(text: str) -> None:
    masked = masker.mask(text)
    assert len(masked) <= len(text) + masked.count(PLACEHOLDER) * LONGEST_PLACEHOLDER
    masked.encode("utf-8", "surrogatepass")


@settings(max_examples=100, deadline=None)
@given(PROSE, SECRETS, st.data())
def test_a_cut_through_a_secret_leaves_no_half_of_it(prose: str, secret: str, data: st.DataObject) -> None:
    text = f"{prose}\n{secret}\n{prose}"
    at = data.draw(st.integers(1, len(text) - 1))
    for half in (head_of(text[:at], text[at:], masker.mask), tail_of(text[:at], text[at:], masker.mask)):
        assert len(_common(half, secret)) < max(len(secret) * 3 // 4, 12)


def _common(text: str, secret: str) -> str:
    """The longest piece of `secret` that stands in `text`."""
    for size in range(len(secret), 0, -1):
        for start in range(len(secret) - size + 1):
            if secret[start : start + size] in text:
                return secret[start : start + size]
    return ""


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.integers(60, 300))
def test_a_cut_text_is_within_its_bound_and_says_how_much_is_gone(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= max(limit, len("\n[... 400 characters left out ...]\n"))
    assert cut(short, limit) == short
    short.encode("utf-8")
    if len(text) > limit:
        assert "characters left out" in short
        kept = short.split("\n[... ")[0], short.rsplit(" left out ...]\n", 1)[-1]
        clean = text.encode("utf-8", "replace").decode("utf-8")
        assert clean.startswith(kept[0]) and clean.endswith(kept[1])
