"""Passages: which sentences of a post speak of which subject.

The rule to know: a sentence speaks of what it names; where it names several products it is cut at its turns («…, а …»);
sentences that name nothing go on about the product named last, three at most, up to the next paragraph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlp.text import Span, clauses

GOES_ON = 3
"""Sentences without a name of their own that still speak of the product named before them."""

Key = tuple[str, str | None]
"""Brand, and product or None for the brand as a whole."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in the text."""

    start: int
    end: int
    brand: str
    product: str | None

    @property
    def key(self) -> Key:
        return self.brand, self.product


def passages(text: str, sentences: Sequence[Span], named: Sequence[Named], brands: Sequence[str]) -> dict[Key, list[Span]]:
    """Spans that speak of each brand (None) and of each product. Every brand of `brands` has an entry.

    Of the only brand of a post all sentences speak; of one that is not named, those that name no other.
    """
    said: dict[Key, list[Span]] = defaultdict(list)
    for brand in brands:
        if len(brands) == 1:
            said[brand, None] = list(sentences)
        elif any(name.brand == brand for name in named):
            said[brand, None] = [span for span in sentences if any(name.brand == brand for name in _within(named, span))]
        else:
            said[brand, None] = [span for span in sentences if not _within(named, span)] or list(sentences)
    _add_products(said, text, sentences, named)
    return said


def _add_products(said: dict[Key, list[Span]], text: str, sentences: Sequence[Span], named: Sequence[Named]) -> None:
    current: list[Key] = []
    left, previous = 0, 0
    for start, end in sentences:
        if "\n" in text[previous:start]:
            current = []
        previous = end
        names = _within(named, (start, end))
        products = {name.key for name in names if name.product is not None}
        if products:
            parts = _cut(text, (start, end), names) if len(products) > 1 else [((start, end), sorted(products, key=str))]
            for span, keys in parts:
                _extend(said, text, keys, span)
            current, left = parts[-1][1], GOES_ON
        elif names:
            current = []
        elif current and left:
            _extend(said, text, current, (start, end))
            left -= 1


def _cut(text: str, sentence: Span, names: Sequence[Named]) -> list[tuple[Span, list[Key]]]:
    """The clauses of a sentence with the products that each names; a clause that names none belongs to its neighbour."""
    parts: list[tuple[Span, list[Key]]] = []
    waiting: int | None = None
    for start, end in _pieces(text, sentence, names):
        keys = sorted({name.key for name in _within(names, (start, end)) if name.product is not None}, key=str)
        if keys:
            parts.append(((start if waiting is None else waiting, end), keys))
            waiting = None
        elif parts:
            parts[-1] = ((parts[-1][0][0], end), parts[-1][1])
        elif waiting is None:
            waiting = start
    return parts


def _pieces(text: str, sentence: Span, names: Sequence[Named]) -> list[Span]:
    """The clauses of a sentence; one that speaks of several brands is cut at its commas too."""
    pieces: list[Span] = []
    for clause in clauses(text, sentence):
        several = len({name.brand for name in _within(names, clause)}) > 1
        pieces += clauses(text, clause, commas=True) if several else [clause]
    return pieces


def _extend(said: dict[Key, list[Span]], text: str, keys: Iterable[Key], span: Span) -> None:
    for key in keys:
        spans = said[key]
        if spans and not text[spans[-1][1] : span[0]].strip() and "\n" not in text[spans[-1][1] : span[0]] and spans[-1][1] > span[0]:
            spans[-1] = (spans[-1][0], span[1])
        else:
            spans.append(span)


def _within(named: Sequence[Named], span: Span) -> list[Named]:
    return [name for name in named if span[0] <= name.start < span[1]]
