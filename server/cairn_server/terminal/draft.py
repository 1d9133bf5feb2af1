"""One line that is being typed while the run goes on."""

import re

_SEQUENCES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.)")
"""What arrow and function keys send, and the marks around a paste."""
BACKSPACE, CLEAR, WORD, ESCAPE = "\x7f", "\x15", "\x17", "\x1b"


class Draft:
    """What was typed so far. Backspace, Ctrl+U, Ctrl+W and Esc do what they usually do."""

    def __init__(self) -> None:
        self.text = ""

    def type(self, typed: str) -> str | None:
        """Takes in what was typed. The whole text when Enter ended it (maybe ""), else None.

        A line feed in the midst of a paste is part of the text.
        """
        typed = _SEQUENCES.sub("", typed)
        entered = typed.endswith("\n")
        for character in typed.removesuffix("\n"):
            self._key(character)
        if not entered:
            return None
        text, self.text = self.text, ""
        return text.strip()

    def _key(self, character: str) -> None:
        if character == BACKSPACE:
            self.text = self.text[:-1]
        elif character in (CLEAR, ESCAPE):
            self.text = ""
        elif character == WORD:
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif character.isprintable() or character == "\n":
            self.text += character
