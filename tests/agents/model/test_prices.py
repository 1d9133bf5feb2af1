"""What a reply costs, from the shipped table and the user's."""

from pathlib import Path

import pytest

from cairn_agents.model.prices import Prices, PricesError
from cairn_memory.events import Usage

MILLION = 1_000_000


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    return tmp_path / "prices.toml"


def test_cached_tokens_are_part_of_the_prompt_and_paid_once(user_file: Path) -> None:
    user_file.write_text("[models.mine]\ninput = 2\ncached_input = 0.5\noutput = 10\n", encoding="utf-8")
    usage = Usage(prompt=3 * MILLION, cached=2 * MILLION, completion=MILLION, reasoning=MILLION // 2)
    assert Prices.load(user_file).cost("mine", usage) == pytest.approx(1 * 2 + 2 * 0.5 + 10)


def test_cached_tokens_cost_as_much_as_others_where_no_price_is_given(user_file: Path) -> None:
    user_file.write_text("[models.mine]\ninput = 2\n", encoding="utf-8")
    assert Prices.load(user_file).cost("mine", Usage(prompt=MILLION, cached=MILLION)) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("model", "same_as"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("openai/gpt-5-mini", "gpt-5-mini"),
        ("GPT-5-Mini", "gpt-5-mini"),
        ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
    ],
)
def test_a_model_is_found_under_the_names_providers_give_it(model: str, same_as: str) -> None:
    prices, usage = Prices.load(), Usage(prompt=MILLION, completion=MILLION)
    assert prices.cost(model, usage) == prices.cost(same_as, usage) > 0
    assert prices.window(model) == prices.window(same_as)


def test_the_longest_pattern_wins() -> None:
    prices, usage = Prices.load(), Usage(prompt=MILLION)
    assert prices.cost("gpt-5-nano", usage) < prices.cost("gpt-5-mini", usage) < prices.cost("gpt-5", usage)


@pytest.mark.parametrize(
    "model", ["qwen3:8b", "llama3.2", "deepseek-r1:8b", "gpt-oss:20b", "no-such-model", ""]
)
def test_local_and_unknown_models_cost_nothing_and_have_no_known_window(model: str) -> None:
    prices = Prices.load()
    assert prices.cost(model, Usage(prompt=MILLION, completion=MILLION)) == 0.0
    assert prices.window(model) is None
    assert prices.max_output(model) is None
    assert not prices.send_reasoning(model)


def test_models_that_want_their_reasoning_back_are_known() -> None:
    prices = Prices.load()
    assert [model for model in ("deepseek-reasoner", "kimi-k2-thinking", "mimo-v2.5-pro", "gpt-5", "deepseek-chat")
            if prices.send_reasoning(model)] == ["deepseek-reasoner", "kimi-k2-thinking", "mimo-v2.5-pro"]  # fmt: skip


def test_the_users_table_lies_over_the_shipped_one(user_file: Path) -> None:
    user_file.write_text('[models."gpt-5*"]\ninput = 99\n\n[models.mine]\nwindow = 32000\n', encoding="utf-8")
    prices = Prices.load(user_file)
    assert prices.cost("gpt-5", Usage(prompt=MILLION)) == 99
    assert prices.cost("gpt-5-mini", Usage(prompt=MILLION)) < 1
    assert prices.window("mine") == 32_000


def test_no_file_is_no_fault(user_file: Path) -> None:
    assert Prices.load(user_file) == Prices.load()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[models.mine\n", "cannot be read"),
        ("[models.mine]\ninput = 'much'\n", "models.mine.input"),
        ("[models.mine]\ninput = -1\n", "models.mine.input"),
        ("[models.mine]\nprice = 1\n", "models.mine.price"),
        ("[model.mine]\ninput = 1\n", "model"),
    ],
)
def test_a_broken_file_is_told_in_one_line_with_file_and_key(
    user_file: Path, written: str, says: str
) -> None:
    user_file.write_text(written, encoding="utf-8")
    with pytest.raises(PricesError) as told:
        Prices.load(user_file)
    message = str(told.value)
    assert message.startswith(str(user_file))
    assert says in message
    assert "\n" not in message
