"""Texts that nearly repeat each other, and the bands by which they find each other.

The rule to know: two texts are alike where, of all the runs of three tokens that either of them has, both have at least
`ALIKE` (Jaccard similarity, exact). Bands only find whom to compare: pieces of a MinHash signature, of which two texts that
are alike share at least one (998 times in 1,000 at the threshold itself, more above). Addresses and @names are no part of it,
for a repost adds them; a text of fewer than `LEAST` tokens has no bands: «Отличный банк!» by two people is two voices.

Bands are kept in the index. Whatever changes them, the next minor version of rensa too, needs a new `VERSION` of both engines.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from rensa import RMinHash

from index.token import tokens

ALIKE = 0.8
LEAST = 20
RUN = 3
BANDS, ROWS = 16, 5
_SEED = 1
_ROWS = Struct(f"<B{ROWS}I")
_ADDED = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)@\w+")


@lru_cache(maxsize=200)
def runs(text: str) -> frozenset[str]:
    """The text's runs of `RUN` tokens; none of a text that is too short to be told from another."""
    found = tokens(_ADDED.sub(" ", text))
    if len(found) < LEAST:
        return frozenset()
    return frozenset(" ".join(found[start : start + RUN]) for start in range(len(found) - RUN + 1))


@lru_cache(maxsize=2_000)
def bands(text: str) -> tuple[int, ...]:
    """The text's bands, each below 2**48; none of a text that is too short. Asked twice of a post: to compare and to store it."""
    found = runs(text)
    if not found:
        return ()
    sketch = RMinHash(num_perm=BANDS * ROWS, seed=_SEED)
    sketch.update(list(found))
    signature = sketch.digest()
    return tuple(_band(number, signature[number * ROWS : (number + 1) * ROWS]) for number in range(BANDS))


def _band(number: int, rows: list[int]) -> int:
    return int.from_bytes(blake2b(_ROWS.pack(number, *rows), digest_size=6).digest())


def alike(one: str, other: str) -> bool:
    """Whether the texts nearly repeat each other; the same both ways."""
    first, second = runs(one), runs(other)
    both = len(first & second)
    return both > 0 and both >= ALIKE * (len(first) + len(second) - both)
