"""Composed posts: two short posts about two companies made into one, which is asked about each of them.

The rule to know: the words of the two stay as they are, and each company keeps the answers of its own half; so the only way to
answer is to look at what is said of the company that is asked about. Roles, switch and genre are not asked: who writes about two
companies has a relation to both.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from nlp.naming import name_spans
from nlp.records import Record

LONGEST = 350
"""Characters of a half: both are to stand in the window of the network."""
ASKED = ("sentiment", "stance", "recommend", "products", "tone")
JOINTS = {True: (" ", "\n", " А ", " Зато ", " При этом ", "\n\n"), False: (" ", "\n", " But ", " While ", " Meanwhile ", "\n\n")}
"""What may stand between the halves, in Russian (True) and in English."""


def composed(records: Sequence[Record], chance: random.Random, count: int) -> list[Record]:
    """At most `count` records of composed posts, two of each, drawn from opinions that name their company."""
    return list(islice(_composed(records, chance, 20 * count), count))


def _composed(records: Sequence[Record], chance: random.Random, tries: int) -> Iterator[Record]:
    halves: dict[bool, list[Record]] = defaultdict(list)
    for record in records:
        if (
            record.asked is None
            and record.answers.get("genre") == "opinion"
            and len(record.text) <= LONGEST
            and name_spans(record.text, record.target)
        ):
            halves[is_russian(record.text)].append(record)
    languages = [russian for russian, some in halves.items() if len(some) > 1]
    for _ in range(tries if languages else 0):
        [russian] = chance.choices(languages, [len(halves[each]) for each in languages])
        one, other = chance.sample(halves[russian], 2)
        if one.answers.get("stance") == other.answers.get("stance") or _speaks_of(one, other) or _speaks_of(other, one):
            continue
        text = one.text.rstrip() + chance.choice(JOINTS[russian]) + other.text.lstrip()
        for half in (one, other):
            answers = {name: answer for name, answer in half.answers.items() if name in ASKED}
            yield replace(half, text=text, rating=None, reviewed=None, answers=answers)


def is_russian(text: str) -> bool:
    """Whether most letters are Cyrillic."""
    return len(re.findall("[а-яё]", text.lower())) > len(re.findall("[a-z]", text.lower()))


def _speaks_of(one: Record, other: Record) -> bool:
    """Whether a post names the company of the other one, or is about the same."""
    return one.target.casefold() == other.target.casefold() or bool(name_spans(one.text, other.target))
