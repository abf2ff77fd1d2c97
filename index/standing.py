"""The standing of a mention that no ledger has seen yet.

The rule to know: it says only what the text shows, and so it never counts.
"""

from __future__ import annotations

from index.query import Standing
from nlp.mention import Mention


def first_standing(mention: Mention) -> Standing:
    """The standing of a mention before its author's ledger is known."""
    if mention.roles is None:
        return Standing()
    return Standing(roles=tuple(mention.roles), role_from=None if mention.roles == ("none",) else "text")
