"""A wall in the place of articles: a captcha or a login that answers as a page does. It is told by its text, which many addresses show.

The rule to know: one text at two addresses is an article published twice; from the third on it is no article's. What was kept with it
before that was seen, in earlier runs too, is asked for again.
"""

from __future__ import annotations

import hashlib
from itertools import islice

from crawlers.page import canonical
from crawlers.source import Cursor

SAME = 3
"""Addresses with one text, from which on it is a wall's."""
LAST = 8
"""Texts remembered from run to run, and as many walls."""
MANY = 1_000
"""Texts remembered within a run."""
QUOTED = 80
"""Characters of a text that are told."""


class Walls:
    """Which texts several articles of a run, and of the last ones before it, show alike."""

    def __init__(self, cursor: Cursor) -> None:
        self._shown: dict[str, dict[str, str]] = {text: dict(each) for text, each in cursor.get("texts", {}).items()}
        """Mark of a text -> marks of the addresses that showed it last, each with the name of what was kept; the last text last."""
        self._text_of: dict[str, str] = {place: text for text, each in self._shown.items() for place in each}
        """Mark of an address -> mark of the text that it showed last."""
        self._walls: dict[str, list[str]] = {text: list(each) for text, each in cursor.get("walls", {}).items()}
        """Mark of the text of a wall -> marks of addresses that showed it; the last met last."""
        self._met: dict[str, str] = {}
        """Mark of each wall that was met in this run -> its text."""
        self._caught: list[str] = []

    def met(self, text: str, address: str, name: str) -> None:
        """An address shows a text, and none that it showed before; `name` tells what is kept of it."""
        mark, place = mark_of(text), mark_of(canonical(address).partition("#")[0])
        self._leave(place)
        shown = self._shown.pop(mark, {}) | {place: name}
        if mark in self._walls or len(shown) >= SAME:
            self._caught += filter(None, shown.values())
            self._walls[mark] = list(dict.fromkeys([*self._walls.pop(mark, ()), *shown]))
            self._met[mark] = text
            for each in shown:
                self._text_of.pop(each, None)
        else:
            self._shown[mark] = shown
            self._text_of[place] = mark
            if len(self._shown) > MANY:
                for each in self._shown.pop(next(iter(self._shown))):
                    self._text_of.pop(each, None)

    def _leave(self, place: str) -> None:
        """An address no longer shows the text that it showed before."""
        before = self._text_of.pop(place, "")
        if shown := self._shown.get(before):
            shown.pop(place, None)
            if not shown:
                del self._shown[before]

    def repeats(self, text: str) -> bool:
        """Whether an address has shown this text."""
        return mark_of(text) in self._shown or self.is_one(text)

    def is_one(self, text: str) -> bool:
        """Whether a text is a wall's."""
        return mark_of(text) in self._walls

    def caught(self) -> list[str]:
        """Names of what showed the text of a wall, also before it was known for one; each once."""
        names, self._caught = self._caught, []
        return names

    def told(self, otherwise: str, *, from_date: str) -> list[str]:
        """What to say of the walls of this run, in a sentence for each; `otherwise` is what else they may be.

        A run that collects again `from_date` keeps no cursor: what it took of a wall before that was seen is not asked for again by itself.
        """
        again = f"; when it is gone, collect again from {from_date}" if from_date else ""
        return [
            f"{len(self._walls[mark])} articles show the same text, «{' '.join(text.split())[:QUOTED]}»: "
            f"a wall against robots, or {otherwise}{again}"
            for mark, text in self._met.items()
        ]

    def cursor(self) -> Cursor:
        """What the next run compares with."""
        walls = {mark: each[-SAME:] for mark, each in list(self._walls.items())[-LAST:]}
        texts = [*islice(reversed(self._shown.items()), LAST)]
        found = {"texts": dict(reversed(texts)), "walls": walls}
        return {name: each for name, each in found.items() if each}


def without_numbers(text: str) -> str:
    """A text without the words that hold a digit: times, addresses, numbers of requests."""
    return " ".join(word for word in text.split() if not any(sign.isdigit() for sign in word))


def mark_of(text: str) -> str:
    """What stands for a text where only its sameness matters."""
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
