"""Together: the answers to one pair are chosen as a whole, so that none contradicts another.

The rule to know: what goes together is what stance, recommendation, switch and genre mean in the guideline of the labels (nobody who
advises against a company is a promoter of it; who has left was a client), and where it is silent what its labels do (news say nothing of
their author). Of what people have answered at least 98 of 100 keep to it, in every file of records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.records import CLASSES

JOINT = ("genre", "sentiment", "stance", "recommend", "roles", "switch")
"""Those whose answers bear on each other. Tone tells of the reported fact, products and sarcasm go with any answer."""


SAID: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "promoter": (frozenset({"positive"}), frozenset({"yes", "-"})),
    "passive": (frozenset({"positive", "neutral", "negative"}), frozenset({"yes", "-"})),
    "detractor": (frozenset({"negative"}), frozenset({"no", "-"})),
    "none": (frozenset({"neutral"}), frozenset({"-"})),
}
"""Stance -> sentiments and recommendations that go with it."""
OPPOSITE: Mapping[str, str] = {"yes": "no", "no": "yes"}
"""Recommendations that say the opposite of each other: what else is answered may silence one of them, and never turns it round."""
MOVED: Mapping[str, str] = {"left": "ex_client", "threatens": "client", "joined": "client"}
"""Switch -> the role of who says so."""


def goes_together(**answers: Any) -> bool:
    """Whether a person could give these answers to one post about one company; each of JOINT by name."""
    return not any(contradictions(**answers))


def contradictions(
    genre: str, sentiment: str, stance: str, recommend: str, roles: tuple[str, ...] | None, switch: str
) -> Iterator[tuple[str, str]]:
    """Pairs of JOINT whose answers contradict each other. Roles that nobody knows (None) contradict nothing."""
    if genre != "opinion" and stance != "none":
        yield "genre", "stance"
    if genre in ("news", "ad") and roles not in (None, ("none",)):
        yield "genre", "roles"
    felt, advised = SAID[stance]
    if sentiment not in felt:
        yield "stance", "sentiment"
    if recommend not in advised:
        yield "stance", "recommend"
    if roles is not None and switch in MOVED and MOVED[switch] not in roles:
        yield "switch", "roles"


def _all() -> NDArray[np.int64]:
    numbered = product(*(range(len(CLASSES[head])) for head in JOINT))
    fitting = [each for each in numbered if goes_together(**{head: CLASSES[head][at] for head, at in zip(JOINT, each, strict=True)})]
    return np.array(fitting, dtype=np.int64)


FITTING = _all()
"""All answers that go together: numbers of classes, of shape (sets of answers, JOINT)."""


def likeliest(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
    """Of each of JOINT the class for each pair: the answers that go together with the highest sum of scores.

    `scores` of a head are log shares of shape (pairs, classes). Nobody recommends where the head finds it likelier that they warn: of
    a passive author, who never warns in the labels, it then says that they do neither.
    """
    total = np.zeros((len(scores[JOINT[0]]), len(FITTING)))
    for at, head in enumerate(JOINT):
        known = _not_turned(scores[head]) if head == "recommend" else scores[head]
        total += known[:, FITTING[:, at]]
    chosen = FITTING[total.argmax(axis=1)]
    return {head: chosen[:, at] for at, head in enumerate(JOINT)}


def _not_turned(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores of recommendations, those out of the question whose opposite is likelier."""
    found = scores.copy()
    for one, other in OPPOSITE.items():
        at, against = CLASSES["recommend"].index(one), CLASSES["recommend"].index(other)
        found[scores[:, at] < scores[:, against], at] = -np.inf
    return found
