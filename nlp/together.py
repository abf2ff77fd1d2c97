"""Together: the answers to one pair are chosen as a whole, so that none contradicts another.

The rule to know: what goes together is what stance, recommendation, switch and genre mean in the guideline of the labels (nobody who
advises against a company is a promoter of it; who has left was a client), and where it is silent what its labels do (news say nothing of
their author). Of what people have answered at least 98 of 100 keep to it, in every file of records.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nlp.records import CLASSES

JOINT = ("genre", "sentiment", "stance", "recommend", "roles", "switch")
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
    numbered = product(*(range(len(CLASSES[head])) for head in JOINT))
    fitting = [each for each in numbered if goes_together(**{head: CLASSES[head][at] for head, at in zip(JOINT, each, strict=True)})]
    return np.array(fitting, dtype=np.int64)


FITTING = _all()
"""All answers that go together: numbers of classes, of shape (sets of answers, JOINT)."""


def likeliest(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.int64]]:
    """Of each of JOINT the class for each pair: the answers that go together with the highest sum of scores.

    `scores` of a head are log shares of shape (pairs, classes).
    """
    total = np.zeros((len(scores[JOINT[0]]), len(FITTING)))
    for at, head in enumerate(JOINT):
        total += scores[head][:, FITTING[:, at]]
    chosen = FITTING[total.argmax(axis=1)]
    return {head: chosen[:, at] for at, head in enumerate(JOINT)}
