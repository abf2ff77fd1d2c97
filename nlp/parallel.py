"""Clauses put side by side: «приложение летает, поддержка хамит» judges two products and no conjunction says so.

The rule to know: a comma parts two clauses where each names products of its own in the same place (as what is spoken of, with
a preposition at its beginning, or around a verb in the present) and says something itself. A list («приложение, карта и
поддержка ужасны») says it once; a story («позвонил в поддержку, карту разблокировали») is not parted, for its end judges
its beginning too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.inflection import cases, is_adjective, is_cyrillic, is_nominative, is_noun, is_past, is_predicate
from nlp.text import Kind, Span, clauses, fold, tokens, word_set

GOES_ON = re.compile(
    r"(?:что|чтоб\w*|если|когда|как|котор\w+|где|куда|откуда|пока|потому|поэтому|так|и|да|или|либо|ни|"
    r"that|which|who\w*|because|when|so|since|as|if|until|where|than|and|or|nor)\b",
    re.IGNORECASE,
)
"""How a clause begins that goes on with the one before it."""
TOLD = re.compile(r"(?:что|чтоб\w*|котор\w+|потому|так|that|which|who\w*|because)\b", re.IGNORECASE)
"""How a clause begins that tells of something within a story."""
SHORT = 12
"""Words of the longest clause that judges by standing beside another; a longer one tells a story."""
PREPOSITIONS = word_set("в во из на от у с со к ко про через за о об для без по при in on at with for about to by from via of through into")
BEFORE_NAMES = word_set("the a an their its my our your his her this that these own new old mobile")
"""English words that stand between a preposition and a name."""
NO_VERBS = PREPOSITIONS | word_set("and or but nor that which who too as than the a an")
"""English words that say nothing of the name that they follow."""
FEELS = re.compile(r"\b(?:love|like|hate|adore|enjoy|despise|dislike|loathe|recommend|prefer)\b", re.IGNORECASE)
DASH = re.compile(r"[\s»\"”]*[—–-]\s")

Place = tuple[str, frozenset[str]]
"""How a clause names a product: "with" a preposition in these cases, or "without" one."""

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


def side_by_side(text: str, clause: Span, names: Sequence[Named]) -> list[Span]:
    """The clause, cut at those of its commas that part judgements of different products."""
    parts: list[Span] = []
    left: list[Named] = []
    for piece in clauses(text, clause, commas=True):
        right = [name for name in names if name.product is not None and piece[0] <= name.start < piece[1]]
        if parts and not (left and right and _are_parted(text, parts[-1], left, piece, right)):
            parts[-1] = (parts[-1][0], piece[1])
            left = right or left
        else:
            parts.append(piece)
            left = right
    return parts


def _are_parted(text: str, before: Span, left: Sequence[Named], piece: Span, right: Sequence[Named]) -> bool:
    """Whether the piece judges its products apart from those named last before it."""
    if {name.key for name in left} & {name.key for name in right} or GOES_ON.match(text, piece[0]):
        return False
    comma = text.rfind(",", before[0], left[0].start) + 1
    start = comma + len(text[comma:]) - len(text[comma:].lstrip()) if comma else before[0]
    if TOLD.match(text, start) or text.count("(", *before) > text.count(")", *before):
        return False
    first, second = _place(text, (start, before[1]), left[0]), _place(text, piece, right[0])
    if first is None or second is None or first[0] != second[0]:
        return False
    return first[0] == "without" or not first[1] or not second[1] or bool(first[1] & second[1])


def _place(text: str, piece: Span, name: Named) -> Place | None:
    """Where the piece names the product; None where it says nothing of it, or tells a story."""
    before = [token.word for token in tokens(text[piece[0] : name.start]) if token.kind is Kind.WORD]
    after = [token.word for token in tokens(text[name.end : piece[1]]) if token.kind is Kind.WORD]
    named = fold(text[name.start : name.end].split()[-1])
    if len(before) + len(after) > SHORT:
        return None
    if any(map(is_cyrillic, (*before, *after, named))):
        return _russian(cases(named), before, after, dash=DASH.match(text, name.end) is not None)
    return _english(text[piece[0] : name.start], before, after)


def _russian(found: frozenset[str], before: Sequence[str], after: Sequence[str], *, dash: bool) -> Place | None:
    """`found`: the cases of the name; `dash`: «поддержка — ужас»."""
    rest = list(before)
    while rest and rest[-1] not in PREPOSITIONS and is_adjective(rest[-1]):
        rest.pop()
    said = any(map(is_predicate, before))
    follows = dash or any(is_predicate(word) or is_nominative(word) for word in after)
    if rest and rest[-1] in PREPOSITIONS:
        return ("with", found) if len(rest) == 1 and follows else None
    if rest and "gent" in found and is_noun(rest[-1]):  # «сотрудник поддержки»
        return None
    if not said and follows and (not found or "nomn" in found):
        return "without", found
    present = not any(map(is_past, (*before, *after)))
    return ("without", found) if present and (said or any(map(is_predicate, after))) else None


def _english(start: str, before: Sequence[str], after: Sequence[str]) -> Place | None:
    rest = list(before)
    while rest and rest[-1] in BEFORE_NAMES:
        rest.pop()
    if rest and rest[-1] in PREPOSITIONS:
        return ("with", frozenset()) if after and len(rest) == 1 else None
    says = bool(after) and after[0] not in NO_VERBS
    return ("without", frozenset()) if says or FEELS.search(start) else None
