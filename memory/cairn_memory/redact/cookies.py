"""Session values in `Cookie` and `Set-Cookie` headers."""

import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.lookalikes import looks_random

_HEADER = re.compile(r"""ookies?\\?["']?\]?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?(?=[^\s=;]{1,100}=)""")
_PAIR = re.compile(r"""([^\s=;,"'\\]{1,100})=([^\s;,"'\\]{12,4096})""")
_END_OF_LINE = re.compile(r"[\r\n]|\\n|$")
_LONGEST_LINE = 16_000


def find_cookies(text: str) -> Iterator[Finding]:
    """Random values of cookies, in a line that calls itself one."""
    for word in ("ookie",):
        position = text.find(word)
        while position != -1:
            after = position + len(word)
            if header := _HEADER.match(text, position):
                line_end = _END_OF_LINE.search(
                    text, header.end(), min(header.end() + _LONGEST_LINE, len(text))
                )
                after = line_end.start() if line_end else min(header.end() + _LONGEST_LINE, len(text))
                for pair in _PAIR.finditer(text, header.end(), after):
                    if looks_random(pair[2], 16):
                        yield Finding(*pair.span(2), "cookie")
            position = text.find(word, after)
