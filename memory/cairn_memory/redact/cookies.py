"""Session values in `Cookie` and `Set-Cookie` headers."""

import re
from collections.abc import Iterator

from cairn_memory.redact.findings import Finding
from cairn_memory.redact.lookalikes import looks_random

_WORD = "ookie"
"""Of `Cookie`, `cookies` and `Set-Cookie` alike."""
_HEADER = re.compile(r"""ookies?\\?["']?\]?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?(?=[^\s=;]{1,100}=)""")
_PAIR = re.compile(r"""([^\s=;,"'\\]{1,100})=([^\s;,"'\\]{12,4096})""")
_END_OF_LINE = re.compile(r"[\r\n]|\\n|$")
_LONGEST_LINE = 16_000


def find_cookies(text: str) -> Iterator[Finding]:
    """Random values of cookies, in a line that calls itself one."""
    position = text.find(_WORD)
    while position != -1:
        after = position + len(_WORD)
        if header := _HEADER.match(text, position):
            most = min(header.end() + _LONGEST_LINE, len(text))
            line_end = _END_OF_LINE.search(text, header.end(), most)
            after = line_end.start() if line_end else most
            for pair in _PAIR.finditer(text, header.end(), after):
                if looks_random(pair[2], 16):
                    yield Finding(*pair.span(2), "cookie")
        position = text.find(_WORD, after)
