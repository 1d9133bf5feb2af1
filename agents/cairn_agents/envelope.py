"""The tags by which the model knows words of the host: nobody else's words can open or close them."""

import re

_MARK = re.compile(r"(?i)<(?=/?\s*from-cairn)")


def enveloped(text: str) -> str:
    """`text` as words of the host, whatever it quotes."""
    return f"<from-cairn>\n{sealed(text)}\n</from-cairn>"


def sealed(text: str) -> str:
    """`text` with the tags in it made harmless: what a file or an output says cannot end our words, or begin some."""
    return _MARK.sub("\u2039", text)
