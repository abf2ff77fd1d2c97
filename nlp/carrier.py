"""Carriers: the sentences that carried an answer of the model, found by leaving sentences out of what it read.

The rule to know: an answer is carried by the first sentences that give it by themselves, taken in the order of what its
probability loses without each. Sentences are left out of, or read alone from, the very tokens that the model judged, which is
erasure (Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure"); the two figures are the
comprehensiveness and the sufficiency of DeYoung et al. 2020 ("ERASER"), and the set, from which what turns out not to be needed
is taken out again, is a sufficient input subset (Carter et al. 2019). What the model answers about as surely without any sentence
is carried by none.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nlp.classifier import Classifier, Judgement
from nlp.pair import Framed, Pair
from nlp.reader import SURE
from nlp.text import Span

HOLDS = 0.5
"""Share of an answer's probability that sentences by themselves must keep to carry it."""
ANYWAY = 0.8
"""Share of an answer's probability that is left without any sentence, from which the text is not what gave the answer."""
MOST = 5
"""Sentences that carry an answer at most: an answer that needs more is carried by the text as a whole."""
STEP = 0.05
"""Losses of probability that differ by less are alike, and so are gains, which are no losses: of such sentences the one that says
more alone comes first."""
ROOM = 2048
"""Tokens read to leave sentences out, one at a time: of a post that fills the window eight sentences, those that say most alone.
To read every sentence alone costs about as much as the post itself, so that is done for all."""

Answer = str | int | tuple[str, ...]
Set = frozenset[int]
"""Numbers of sentences."""
NONE: Set = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A sentence that carried an answer."""

    start: int
    end: int
    weight: float
    """What the answer's probability loses where only this sentence is left out, -1..1; 0 where that was not tried (see ROOM)."""
    alone: float
    """Probability of the answer where this sentence is all that is read of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What carried the answer of one head."""

    by: Literal["sentences", "whole", "stars", "nothing"]
    """`whole`: MOST sentences do not give it; `stars`: the text alone is read otherwise; `nothing`: as sure without any sentence."""
    carriers: tuple[Carrier, ...] = ()
    """In the order of the text. Of `whole`, the first MOST in the order."""
    stars: bool = False
    """The stars beside the text give this answer alone; the carriers are those of the text without stars."""
    alone: float | None = None
    """Probability of the answer where only the carriers are read."""
    without: float | None = None
    """Probability of the answer where all carriers are left out."""
    stays: bool = False
    """Without the carriers the rest of the text gives the same answer."""


def share(judgement: Judgement, head: str, answer: Answer) -> float:
    """Probability of the answer; of several roles that of the least sure one."""
    shares = judgement.probabilities[head]
    return min(shares[str(each)] for each in (answer if isinstance(answer, tuple) else (answer,)))


def gives(judgement: Judgement, head: str, answer: Answer) -> bool:
    """Whether the head answers so. Of `products`, whether the kind is among those read."""
    if head == "products":
        return answer in judgement.products and share(judgement, head, answer) >= SURE
    return bool(getattr(judgement, head) == answer)


class Erasure:
    """One pair, and what the model reads where sentences are left out of it. Each part is judged once for all heads."""

    def __init__(self, classifier: Classifier, pair: Pair, sentences: Sequence[Span]) -> None:
        self.pair, self.sentences = pair, tuple(sentences)
        self._classifier = classifier
        self._framed, places = classifier.framed(pair)
        self._owner = _owners(places, self.sentences)
        self.whole: Set = frozenset(number for number in self._owner if number is not None)
        """The sentences that were read: a long post is not read in full (see `nlp.pair`)."""
        self._known: dict[Set, Judgement] = {}
        self._without_stars: Erasure | None = None

    @property
    def judgement(self) -> Judgement:
        """What the model answers."""
        return self._judge([self.whole])[0]

    def carried(self, head: str, answer: Answer) -> Carried:
        """What carried this answer, which the pair as a whole gives (`gives`)."""
        empty = self._judge([NONE])[0]
        if not gives(empty, head, answer) or share(empty, head, answer) < ANYWAY * share(self.judgement, head, answer):
            return self._by_sentences(head, answer)
        if self.pair.rating is None:
            return Carried(by="nothing")
        text = self._of_text()
        if not gives(text.judgement, head, answer):
            return Carried(by="stars", stars=True)
        found = text.carried(head, answer)
        return replace(found, stars=found.by != "nothing")

    def _of_text(self) -> Erasure:
        """The same pair without its stars."""
        if self._without_stars is None:
            self._without_stars = Erasure(self._classifier, replace(self.pair, rating=None), self.sentences)
        return self._without_stars

    def _by_sentences(self, head: str, answer: Answer) -> Carried:
        weighed = self._weighed(head, answer)
        chosen = self._few(head, answer, weighed)
        numbers = frozenset(chosen or list(weighed)[:MOST])
        alone, rest = self._judge([numbers, self.whole - numbers])
        return Carried(
            by="sentences" if chosen else "whole",
            carriers=tuple(weighed[number] for number in sorted(numbers)),
            alone=share(alone, head, answer),
            without=share(rest, head, answer),
            stays=gives(rest, head, answer),
        )

    def _weighed(self, head: str, answer: Answer) -> dict[int, Carrier]:
        """The sentences that were read, in the order in which they are taken."""
        read = sorted(self.whole)
        alone = dict(zip(read, self._shares(head, answer, [frozenset({number}) for number in read]), strict=True))
        tried = sorted(read, key=lambda number: -alone[number])[: max(1, ROOM // len(self._framed.ids))]
        without = self._shares(head, answer, [self.whole - {number} for number in tried])
        full = share(self.judgement, head, answer)
        lost = {number: full - left for number, left in zip(tried, without, strict=True)}
        again = self._said_before(read)
        order = sorted(read, key=lambda number: (-round(max(0.0, lost.get(number, 0)) / STEP), again[number], -alone[number]))
        found = {}
        for number in order:
            start, end = self.sentences[number]
            found[number] = Carrier(start=start, end=end, weight=lost.get(number, 0.0), alone=alone[number])
        return found

    def _said_before(self, read: Sequence[int]) -> dict[int, int]:
        """How often each sentence stands earlier in the text, word for word: what is repeated adds less than what is new."""
        times: Counter[str] = Counter()
        found = {}
        for number in read:
            start, end = self.sentences[number]
            words = " ".join(self.pair.text[start:end].casefold().split())
            found[number] = times[words]
            times[words] += 1
        return found

    def _few(self, head: str, answer: Answer, weighed: Mapping[int, Carrier]) -> list[int]:
        """The first sentences that give the answer by themselves, without those that are not needed; none where MOST do not.

        Sentences that repeat each other lose nothing one at a time and stand last: then the one that says most alone is tried.
        """
        enough, order = self._enough(head, answer), list(weighed)
        count = next((count for count in range(1, min(MOST, len(order)) + 1) if enough(order[:count])), 0)
        if not count and order:
            best = max(order, key=lambda number: weighed[number].alone)
            return [best] if enough([best]) else []
        chosen = order[:count]
        for number in reversed(order[: count - 1] if count else ()):
            rest = [each for each in chosen if each != number]
            if enough(rest):
                chosen = rest
        return chosen

    def _enough(self, head: str, answer: Answer) -> Callable[[Sequence[int]], bool]:
        least = HOLDS * share(self.judgement, head, answer)

        def enough(numbers: Sequence[int]) -> bool:
            judgement = self._judge([frozenset(numbers)])[0]
            return gives(judgement, head, answer) and share(judgement, head, answer) >= least

        return enough

    def _shares(self, head: str, answer: Answer, sets: Sequence[Set]) -> list[float]:
        return [share(judgement, head, answer) for judgement in self._judge(sets)]

    def _judge(self, sets: Sequence[Set]) -> list[Judgement]:
        """What is read in each set of sentences, and nothing else of the text."""
        new = [numbers for numbers in dict.fromkeys(sets) if numbers not in self._known]
        judged = self._classifier.judge_framed([self._only(numbers) for numbers in new])
        self._known.update(zip(new, judged, strict=True))
        return [self._known[numbers] for numbers in sets]

    def _only(self, numbers: Set) -> Framed:
        kept = [at for at, owner in enumerate(self._owner) if owner is None or owner in numbers]
        return Framed(tuple(self._framed.ids[at] for at in kept), tuple(self._framed.kinds[at] for at in kept))


def _owners(places: Sequence[Span | None], sentences: Sequence[Span]) -> list[int | None]:
    """The sentence of each token; a token of space alone goes with the sentence after it."""
    ends = [end for _, end in sentences]
    return [None if place is None else min(bisect.bisect_right(ends, place[1] - 1), len(ends) - 1) for place in places]
