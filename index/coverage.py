"""Coverage: of how many mentions the author's role is known. It stands wherever roles are shown.

The rule to know: a role is known where a text shows it, this one or an earlier one of the author; the model does not guess.
A filter by role is lifted, for it would decide the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from index.query import Facet, Index, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Mentions of a query, whatever the role, and those whose author's relation to the brand is known."""

    mentions: int
    from_text: int
    """Read from the text itself."""
    from_history: int
    """Remembered from an earlier text."""

    @property
    def known(self) -> int:
        return self.from_text + self.from_history

    @property
    def share(self) -> float | None:
        """0..1; None where there is no mention."""
        return self.known / self.mentions if self.mentions else None

    def __str__(self) -> str:
        share = "–" if self.share is None else f"{self.share:.0%}"
        return f"role known of {share} ({self.known} of {self.mentions} mentions of any role)"


def role_coverage(index: Index, query: Query) -> Coverage:
    """The coverage of the query's mentions."""
    anyone = replace(query, roles=())
    origin = index.count(anyone, Facet.ROLE_FROM)
    mentions = sum(index.count(anyone).values())
    return Coverage(mentions=mentions, from_text=origin.get("text", 0), from_history=origin.get("history", 0))
