"""The order in which figures are given: the same on both engines.

The rule to know: the largest first, equal ones by their value.
"""

from __future__ import annotations

from collections.abc import Mapping


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Value -> mentions, the most first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def ordered_cross(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """The same for two facets: the outer values by their sums."""
    return {value: ordered(counts[value]) for value in ordered({value: sum(inner.values()) for value, inner in counts.items()})}
