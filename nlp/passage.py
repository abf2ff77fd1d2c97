"""Passages: which sentences of a post speak of which subject.

The rule to know: a sentence speaks of what it names; where it names several products or brands it is cut at its turns
(«…, а …»), and what is said of one brand alone is not said of another's product; sentences that name nothing go on about
the product named last, three at most, up to the next paragraph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from nlp.opposed import COMPARES, sides
from nlp.parallel import Key, Named, side_by_side
from nlp.text import Span, clauses

GOES_ON = 3
"""Sentences without a name of their own that still speak of the product named before them."""


def passages(text: str, sentences: Sequence[Span], named: Sequence[Named], brands: Sequence[str]) -> dict[Key, list[Span]]:
    """Spans that speak of each brand (None) and of each product. Every brand of `brands` has an entry.

    Of the only brand of a post all sentences speak; of one that is not named, those that name no other. A text of one sentence that
    praises one brand and blames another is cut between them.
    """
    said: dict[Key, list[Span]] = defaultdict(list)
    opposed = _opposed(text, sentences, named, brands)
    for brand in brands:
        if brand in opposed:
            said[brand, None] = [opposed[brand]]
        elif len(brands) == 1:
            said[brand, None] = list(sentences)
        elif any(name.brand == brand for name in named):
            said[brand, None] = [span for span in sentences if any(name.brand == brand for name in _within(named, span))]
        else:
            said[brand, None] = [span for span in sentences if not _within(named, span)] or list(sentences)
    _add_products(said, text, sentences, named)
    return said


def _opposed(text: str, sentences: Sequence[Span], named: Sequence[Named], brands: Sequence[str]) -> dict[str, Span]:
    """The side of each brand in a text of one sentence: «ВТБ супер, Сбер отстой»; nothing where one has none, or it compares them."""
    if len(brands) == 1 or len(sentences) != 1 or any(name.product is not None for name in named) or COMPARES.search(text):
        return {}
    parts = sides(text, sentences[0], named, named)
    found = {name.brand: part for part in parts for name in _within(named, part)}
    return found if len(found) == len(set(found.values())) == len(brands) else {}


def cut(text: str, sentences: Iterable[Span], names: Iterable[Span]) -> tuple[str, tuple[Span, ...]]:
    """Some sentences of a text as a text of their own, and where the names that lie within them stand there."""
    every, cut_out = list(names), ""
    spans: set[Span] = set()
    for start, end in sentences:
        cut_out += " " if cut_out else ""
        shift = len(cut_out) - start
        spans |= {(first + shift, last + shift) for first, last in every if start <= first and last <= end}
        cut_out += text[start:end]
    return cut_out, tuple(sorted(spans))


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
            several = len(products) > 1 or len({name.brand for name in names}) > 1
            parts = _cut(text, (start, end), names) if several else [((start, end), sorted(products, key=str))]
            opening = _opening(text, parts, names)
            for span, keys in parts:
                _add(said, keys, *([opening] if opening and keys != parts[0][1] else []), span)
            current, left = parts[-1][1], GOES_ON
        elif names:
            current = []
        elif current and left:
            _add(said, current, (start, end))
            left -= 1


def _cut(text: str, sentence: Span, names: Sequence[Named]) -> list[tuple[Span, list[Key]]]:
    """The clauses of a sentence with the products that each names.

    A clause that names none belongs to the clause before it, else to the next, but not where it names other brands alone.
    """
    parts: list[tuple[Span, list[Key]]] = []
    waiting: list[Span] = []
    for piece in _pieces(text, sentence, names):
        keys = sorted({name.key for name in _within(names, piece) if name.product is not None}, key=str)
        if keys:
            for each in [*(each for each in waiting if not _is_of_others(_within(names, each), keys)), piece]:
                _go_on(parts, text, each, keys)
            waiting = []
        elif parts and not _is_of_others(_within(names, piece), parts[-1][1]):
            _go_on(parts, text, piece, parts[-1][1])
            waiting = []
        else:
            waiting.append(piece)
    return parts


def _opening(text: str, parts: Sequence[tuple[Span, list[Key]]], names: Sequence[Named]) -> Span | None:
    """What a sentence says before a colon of all the products after it: «Банк ужасный: …»; None where it names one there."""
    start, end = parts[0][0]
    colon = text.find(":", start, end)
    named = any(name.product is not None and name.start < colon for name in _within(names, (start, end)))
    return None if colon < 0 or named or len(parts) == 1 else (start, colon + 1)


def _go_on(parts: list[tuple[Span, list[Key]]], text: str, piece: Span, keys: list[Key]) -> None:
    """Add a clause; one that follows right upon another of the same products makes one part with it."""
    if parts and parts[-1][1] == keys and not text[parts[-1][0][1] : piece[0]].strip():
        parts[-1] = ((parts[-1][0][0], piece[1]), keys)
    else:
        parts.append((piece, keys))


def _is_of_others(named: Sequence[Named], keys: Sequence[Key]) -> bool:
    return bool(named) and not {name.brand for name in named} & {brand for brand, _ in keys}


def _pieces(text: str, sentence: Span, names: Sequence[Named]) -> list[Span]:
    """The clauses of a sentence, those side by side and opposed too; one that speaks of several brands is cut at all its commas."""
    pieces: list[Span] = []
    for clause in clauses(text, sentence):
        several = len({name.brand for name in _within(names, clause)}) > 1
        pieces += clauses(text, clause, commas=True) if several else side_by_side(text, clause, _within(names, clause))
    products = [name for name in names if name.product is not None]
    return [side for piece in pieces for side in sides(text, piece, _within(products, piece), names)]


def _add(said: dict[Key, list[Span]], keys: Iterable[Key], *spans: Span) -> None:
    """Add spans to what is said of the products, but for those that lie within what was added before."""
    for key in keys:
        said[key] += [span for span in spans if not any(start <= span[0] and span[1] <= end for start, end in said[key])]


def _within(named: Sequence[Named], span: Span) -> list[Named]:
    return [name for name in named if span[0] <= name.start < span[1]]
