"""Where in a recording a request stands: recognised by the replies that it holds."""

from collections.abc import Sequence

from cairn_agents.recording import Turn

Said = tuple[str, tuple[tuple[str, str], ...]]
"""A reply as a conversation holds it: its text, and id and name of each call."""


class Trail:
    """The turns of a recording by what they said.

    Counting the replies in a request would not do: a window that was rebuilt holds only the newest of them.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._said = [_said(turn) for turn in turns]
        self._at: dict[Said, list[int]] = {}
        for number, said in enumerate(self._said):
            self._at.setdefault(said, []).append(number)

    def after(self, replies: Sequence[Said], expected: int) -> int | None:
        """The number of the turn that comes after these replies; None where the last of them is none of the recording's.

        Of several places the one fits best that has most of the replies before it, then the one nearest to
        `expected`. A turn that said nothing leaves no trace, so it counts as given when `expected` is behind it.
        """
        places = self._at.get(replies[-1], ()) if replies else ()
        if not places:
            return None
        best = max(places, key=lambda place: (self._agreeing(replies, place), -abs(place + 1 - expected)))
        return self._past_silence(best + 1, expected)

    def after_calls(self, calls: int, expected: int) -> int:
        """The number of the turn before which so many calls were made."""
        number = 0
        while calls > 0 and number < len(self._said):
            calls -= len(self._said[number][1])
            number += 1
        return self._past_silence(number, expected)

    def _agreeing(self, replies: Sequence[Said], place: int) -> int:
        """How many of the newest replies are the turns up to `place`."""
        count = 0
        for said in reversed(replies):
            while place >= 0 and self._silent(place):
                place -= 1
            if place < 0 or self._said[place] != said:
                break
            count, place = count + 1, place - 1
        return count

    def _past_silence(self, number: int, expected: int) -> int:
        while number < expected and number < len(self._said) and self._silent(number):
            number += 1
        return number

    def _silent(self, number: int) -> bool:
        return self._said[number] == ("", ())


def _said(turn: Turn) -> Said:
    return turn.text, tuple((call.id, call.name) for call in turn.calls)
