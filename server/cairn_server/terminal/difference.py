"""What an approval is about, as lines: a diff in its colours, anything else as it is."""

from cairn_server.terminal.line import Line, Span, line
from cairn_server.terminal.sanitise import exact, visible

_STYLES = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))
INDENT = "    "


def difference(group: str, text: str, most: int) -> list[Line]:
    """At most `most` lines of `text`, and how many there are beyond: nobody shall allow unseen what is hidden."""
    if not text.strip():
        return []
    is_diff = any(part.startswith(("--- ", "+++ ", "@@ ")) for part in text.split("\n", 3)[:3])
    parts = (visible if is_diff else exact)(text.rstrip("\n")).split("\n")
    shown = [_line(group, part, is_diff) for part in parts[:most]]
    if len(parts) > most:
        hidden = f"{INDENT}… {len(parts) - most} more lines are not shown here; `cairn show SESSION --json` has them"
        shown.append(line(group, Span(hidden, "bold yellow"), hang=len(INDENT)))
    return shown


def _line(group: str, part: str, is_diff: bool) -> Line:
    style = next((style for mark, style in _STYLES if part.startswith(mark)), "") if is_diff else ""
    return Line((Span(INDENT), Span(part.expandtabs(4), style)), group, len(INDENT))
