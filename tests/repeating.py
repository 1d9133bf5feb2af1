"""The option `--count N`: runs every test that is marked `repeat` N times, to see that it never fails by chance.

pytest -m repeat --count 20
"""

from typing import cast

import pytest

_PARAMETER = "repetition"


class Repeating:
    """The plugin behind the option."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        count = cast(int, metafunc.config.getoption("count"))
        if count > 1 and metafunc.definition.get_closest_marker("repeat") is not None:
            if _PARAMETER not in metafunc.fixturenames:
                metafunc.fixturenames.append(_PARAMETER)
            metafunc.parametrize(_PARAMETER, range(1, count + 1), ids=lambda number: f"{number}-of-{count}")

    @pytest.fixture
    def repetition(self) -> int:
        """Which of the repetitions this is, from 1."""
        return 1


def add_options(parser: pytest.Parser) -> None:
    """`--count` and `--seed`."""
    group = parser.getgroup("cairn")
    group.addoption("--count", type=int, default=1, metavar="N", help="run tests marked `repeat` N times")
    group.addoption("--seed", type=int, default=0, metavar="N", help="what chance begins from in chaos runs")
