"""The README's own words, so that what it tells people to type is what the tests run."""

import re
from pathlib import Path
from textwrap import dedent

README = Path(__file__).parents[1] / "README.md"


def snippet(language: str) -> str:
    """The one block of code in that language, without its indent."""
    (code,) = re.findall(
        rf"^ *```{language}\n(.*?)^ *```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return dedent(code)
