"""Together: the answers to one pair are chosen as a whole, so that none contradicts another.

The rule to know: what goes together follows from the guideline of the labels alone (nobody who advises against a company is a promoter of
it; who has left was a client). Of 22,917 annotated records 99.8 % keep to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nlp.records import CLASSES

HEADS = ("genre", "sentiment", "stance", "recommend", "roles", "switch")
"""Those whose answers bear on each other. Tone tells of the reported fact, products and sarcasm go with any answer."""


def goes_together(genre: str, sentiment: str, stance: str, recommend: str, roles: tuple[str, ...], switch: str) -> bool:
    """Whether a person could give these answers to one post about one company."""
    if genre != "opinion" and stance != "none":
        return False
    if genre in ("news", "ad") and roles != ("none",):
        return False
    said = {
        "promoter": sentiment == "positive" and recommend != "no",
        "passive": recommend != "no",
        "detractor": sentiment == "negative" and recommend != "yes",
        "none": sentiment == "neutral" and recommend == "-",
    }
    moved = {"left": "ex_client" in roles, "threatens": "client" in roles, "joined": "client" in roles, "-": True}
    return said[stance] and moved[switch]


def _all() -> NDArray[np.int64]:
    numbered = product(*(range(len(CLASSES[head])) for head in HEADS))
    fitting = [each for each in numbered if goes_together(*(cast(Any, CLASSES[head][at]) for head, at in zip(HEADS, each, strict=True)))]
    return np.array(fitting, dtype=np.int64)


TOGETHER = _all()
"""All answers that go together: numbers of classes, of shape (sets of answers, HEADS)."""


def likeliest(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
    """Of each of HEADS the class for each pair: the answers that go together with the highest sum of scores.

    `scores` of a head are log shares of shape (pairs, classes).
    """
    total = np.zeros((len(scores[HEADS[0]]), len(TOGETHER)))
    for at, head in enumerate(HEADS):
        total += scores[head][:, TOGETHER[:, at]]
    chosen = TOGETHER[total.argmax(axis=1)]
    return {head: chosen[:, at] for at, head in enumerate(HEADS)}
