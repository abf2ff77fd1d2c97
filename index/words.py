"""The query language of search: words, "a phrase", -word.

The rule to know: any input is a query, nothing is an error. What has no letter or digit is no condition; an input of only
negations finds all that has none of them; an empty one finds all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.token import tokens

MOST_TERMS = 50
"""Terms read from one input, and tokens read from one phrase: a pasted article is a query too."""

_TERM = re.compile(r"""(-?)(?:"([^"]*)"?|«([^»]*)»?|“([^”]*)”?|(\S+))""")


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that stand side by side in the title or in the text; `excluded`: must not stand there."""

    tokens: tuple[str, ...]
    excluded: bool = False


def parse(query: str) -> tuple[Term, ...]:
    """The terms of an input in their order, without repetitions.

    A minus excludes the word or phrase right after it. A quote that is never closed ends with the input. A word written
    with a hyphen or a dot (МТС-Банк, banki.ru) is a phrase of its parts.
    """
    terms: dict[Term, None] = {}
    for minus, *bodies in _TERM.findall(query):
        found = tuple(tokens("".join(bodies))[:MOST_TERMS])
        if found:
            terms[Term(found, excluded=bool(minus))] = None
    return tuple(terms)[:MOST_TERMS]
