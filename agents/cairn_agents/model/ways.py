"""The ways to ask an endpoint for JSON of a given shape: not every provider has every one."""

import re
from typing import Literal

from cairn_agents.model.errors import ModelError, QuotaSpent, WindowFull

Way = Literal["schema", "tool", "text"]
"""`schema`: response_format with a JSON Schema. `tool`: a call of one tool is forced. `text`: asked in words alone."""

_ORDER: tuple[Way, ...] = ("schema", "tool", "text")
"""The surest first. `tool` changes the list of tools and so loses the prompt cache; `text` is kept to by the model alone."""

_REFUSING = frozenset({400, 422, 501})
_NAMED = re.compile(
    r"response[_ ]?(?:format|schema|mime)|json[_ ]?schema|structured[_ ]output|tool[_ ]?choice|grammar",
    re.IGNORECASE,
)
"""What a 404 (OpenRouter) or a 500 (llama.cpp) names when it means the way and not the request."""


class Ways:
    """What one endpoint was found to take. In memory: another version of a server may take more."""

    def __init__(self) -> None:
        self._first = 0

    def order(self) -> tuple[Way, ...]:
        """The ways to try, from the one that worked last."""
        return _ORDER[self._first :]

    def worked(self, way: Way) -> None:
        """`way` brought a reply: those before it are not tried again."""
        self._first = _ORDER.index(way)


def refuses_way(error: ModelError) -> bool:
    """Whether another way may do where this error came; one that says nothing about ways is taken for such, too."""
    if isinstance(error, (WindowFull, QuotaSpent)):
        return False
    return error.status in _REFUSING or (error.status != 0 and _NAMED.search(error.message) is not None)
