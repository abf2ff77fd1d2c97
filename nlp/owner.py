"""Whose product is it, where a post names several companies?

The rule to know: the company named in the product's own clause has it, else the one that was spoken of before; companies in
a list («у Сбера и ВТБ») share it. A company that something is only compared with («чем у ВТБ», "unlike Sber") has no product
outside of that comparison; one that a clause leaves out («…, а у ВТБ ужас») is not guessed.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlp.alias import Match
from nlp.inflection import cases, is_comparative, is_cyrillic, is_participle
from nlp.text import Span, clauses, fold

THAN = "чем|нежели|than"
UNLIKE = (
    r"в отличи[ие] от|(?:по|в) сравнени[юи] со?|вместо|кроме|помимо|не то что|"
    r"unlike|(?:as )?compared (?:to|with)|as opposed to|in contrast to|instead of|rather than|except|besides"
)
BORDER = re.compile(
    rf"\s(?=(?:{THAN}|{UNLIKE}|пока|когда|если|потому|поэтому|while|whereas|because|after|before|when|since|if|so)\b)", re.IGNORECASE
)
"""Where a clause ends without a comma."""
PART = re.compile(r"\s(?=(?:и|да|или|либо|and|or)\b)", re.IGNORECASE)
"""Where a part of a clause ends: «кредит в Сбере | и вклад в ВТБ»."""
COMPARISON = re.compile(rf"(?:{THAN})\b", re.IGNORECASE)
COMPARED = re.compile(
    rf"(?:^|\s)(?:{THAN}|{UNLIKE}|как(?: и)?(?=\s(?:у|в|во|на)\s))(?:\s(?:у|в|во|с|со|из|на|at|with|from|the|банк\w*|bank))*[\s«\"]*$",
    re.IGNORECASE,
)
"""What stands before a company that something is compared with."""
NOT, BUT = re.compile(r"(?:^|\s)(?:не|not)(?:\s(?:в|у|из|от|с|at|with|from))?\s$", re.IGNORECASE), re.compile(r",?\s(?:а|but)\b")
"""What stands around a company that is denied: «не в Сбере, а в ВТБ»."""
LAST_WORD = re.compile(r"([^\W\d_]+)[\s«\"]+$")
LISTED = re.compile(
    r"(?:['’]s)?[\s«»\"“”]*([/+&]|,|,?\s?\b(?:и|или|либо|ни|and|or|nor)(?:\s(?:в|во|у|из|от|с|со|на|at|with|from|in))?\s)[\s«»\"“”]*",
    re.IGNORECASE,
)
"""What stands between two companies of a list."""
TOPIC = re.compile(
    r"(?:(?:а|но|и)\s)?(?:вот\s)?(?:что касается|насч[её]т|по поводу|по|про|об?|в плане|as for|regarding|in terms of|when it comes to)\b",
    re.IGNORECASE,
)
"""How a clause begins that only says what the next one is about: «По ипотеке, думаю, ВТБ выгоднее»."""
RELATIVE = re.compile(r"(?:(?:в|на|у|с|по|из)\s)?(?:котор\w+|где|which|that|where)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Group:
    """A company where it is named, or several in a list."""

    start: int
    end: int
    brands: frozenset[str]


class Sentence:
    """A sentence that names companies, cut into clauses: at its turns, its commas outside of lists, and its conjunctions."""

    def __init__(self, text: str, span: Span, names: Sequence[Match], products: Sequence[Match]) -> None:
        self._text, self._products = text, products
        self._groups = lists(text, names)
        commas = [part for turn in clauses(text, span) for part in clauses(text, turn, commas=True)]
        self._clauses = _joined([piece for part in commas for piece in _cut(text, part, BORDER)], self._groups)
        self._compared = {group for group in self._groups if self._is_compared(group)}
        self.meant = [group for group in self._groups if group not in self._compared]
        """Those that the sentence speaks of itself."""

    def owner(self, product: Match) -> Group | None:
        """The company in the product's clause, in the clause that goes on about it, or the last one before."""
        at = self._clause_of(product.start)
        start, end = self._clauses[at]
        candidates = self._groups if COMPARISON.match(self._text, start) else self.meant
        own = [group for group in candidates if start <= group.start < end]
        if own:
            return self._nearest(own, product, at)
        following = [group for group in self.meant if group.start > product.end]
        if following and self._goes_on(product, at):
            return following[0]
        return next((group for group in reversed(self.meant) if group.end <= product.start), None)

    def after(self, product: Match) -> Group | None:
        """A company that the sentence names later, one that is compared with where there is no other."""
        return next((group for group in (*self.meant, *self._groups) if group.start > product.end), None)

    def _clause_of(self, place: int) -> int:
        return max(0, bisect.bisect_right(self._clauses, place, key=lambda clause: clause[0]) - 1)

    def _is_compared(self, group: Group) -> bool:
        start, _ = self._clauses[self._clause_of(group.start)]
        before = self._text[start : group.start]
        if COMPARISON.match(before) or COMPARED.search(before) or (NOT.search(before) and BUT.match(self._text, group.end)):
            return True
        word, named = LAST_WORD.search(before), cases(fold(self._text[group.start : group.end].split()[0]))
        return word is not None and is_comparative(fold(word[1])) and (not named or "gent" in named)

    def _goes_on(self, product: Match, at: int) -> bool:
        """Whether the next clause is about the product: «ипотека, взятая в ВТБ», «что касается ипотеки, ВТБ …»."""
        start, end = self._clauses[at]
        if TOPIC.match(self._text, start) and not self._text[product.end : end].strip(" ,:—–-"):
            return True
        if at + 1 == len(self._clauses):
            return False
        following = self._text[slice(*self._clauses[at + 1])]
        return RELATIVE.match(following) is not None or is_participle(fold(following.split()[0]))

    def _nearest(self, own: list[Group], product: Match, at: int) -> Group:
        """Of several companies in the clause of a product the one that has it."""
        start, end = next(part for part in _joined(_cut(self._text, self._clauses[at], PART), own) if product.start < part[1])
        own = [group for group in own if start <= group.start < end] or own  # «кредит в Сбере | и вклад в ВТБ»
        following = [group for group in own if group.start >= product.end]
        if following and not self._text[product.end : following[0].start].strip("«\" '’"):
            if is_cyrillic(fold(self._text[product.end - 1])):  # «карта ВТБ»; but "a mortgage Sber refused"
                return following[0]
            own = [group for group in own if group is not following[0]] or own
        first = min((each.start for each in self._products if start <= each.start), default=product.start)
        if following and following[0] in own and first < own[0].start:  # «кредит в ВТБ вклад в Сбере»: products come first
            return following[0]
        return min(own, key=lambda group: (max(group.start - product.end, product.start - group.end), group.start > product.start))


class Owners:
    """The companies of one post, by their places."""

    def __init__(
        self, text: str, sentences: Sequence[Span], names: Sequence[Match], products: Sequence[Match], about: Sequence[str]
    ) -> None:
        self._spans, self._about = sentences, frozenset(about) if len(about) == 1 else None
        named: dict[int, list[Match]] = defaultdict(list)
        spoken: dict[int, list[Match]] = defaultdict(list)
        for matches, by_sentence in ((names, named), (products, spoken)):
            for match in matches:
                by_sentence[self._at(match)].append(match)
        self._named = named
        self._sentences = {at: Sentence(text, sentences[at], inside, spoken[at]) for at, inside in named.items()}
        self._first = frozenset({names[0].alias.owner}) if names else frozenset()

    def of(self, product: Match) -> frozenset[str]:
        """The brands whose product is named there."""
        at = self._at(product)
        if any(name.touches(product) and name.alias.owner == product.alias.owner for name in self._named.get(at, ())):
            return frozenset({product.alias.owner})
        sentence = self._sentences.get(at)
        owner = sentence.owner(product) if sentence else None
        if owner is None and self._about:
            return self._about
        owner = owner or self._before(at) or (sentence.after(product) if sentence else None)
        return owner.brands if owner else self._first

    def _at(self, match: Match) -> int:
        return bisect.bisect_right(self._spans, match.start, key=lambda span: span[0]) - 1

    def _before(self, at: int) -> Group | None:
        """The company that was spoken of last before this sentence."""
        return next(
            (self._sentences[each].meant[-1] for each in reversed(self._sentences) if each < at and self._sentences[each].meant), None
        )


def lists(text: str, names: Sequence[Match]) -> list[Group]:
    """The names in order, those of a list together: other companies, in a case that all can stand in."""
    runs: list[list[Group]] = []
    common: frozenset[str] = frozenset()
    for name in names:
        one = Group(name.start, name.end, frozenset({name.alias.owner}))
        run = runs[-1] if runs else []
        if run and one.start < run[-1].end:
            run[-1] = _together([run[-1], one])
            continue
        case = cases(fold(text[name.start : name.end].split()[-1]))
        agrees = not case or not common or bool(case & common)
        if run and agrees and all(one.brands != each.brands for each in run) and LISTED.fullmatch(text, run[-1].end, one.start):
            run.append(one)
            common = case & common or case or common
        else:
            runs.append([one])
            common = case
    return [group for run in runs for group in ([_together(run)] if _is_list(text, run) else run)]


def _is_list(text: str, run: list[Group]) -> bool:
    """Whether the names are a list: two with only a comma between are none («Ушёл из Сбера, ВТБ лучше»)."""
    return len(run) > 2 or (len(run) == 2 and "," not in text[run[0].end : run[1].start].strip(' «»"“”')[-1:])


def _together(groups: list[Group]) -> Group:
    return Group(groups[0].start, max(group.end for group in groups), frozenset().union(*(group.brands for group in groups)))


def _cut(text: str, span: Span, at: re.Pattern[str]) -> list[Span]:
    """The span cut where the pattern matches."""
    cuts = [span[0], *(match.end() for match in at.finditer(text, *span)), span[1]]
    return [(start, end) for start, end in itertools.pairwise(cuts) if start < end]


def _joined(pieces: Iterable[Span], groups: Sequence[Group]) -> list[Span]:
    """The pieces, those together between which a list of companies goes on."""
    joined: list[Span] = []
    for start, end in pieces:
        if joined and any(group.start < start < group.end for group in groups):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
