"""Why items were rejected, or wait: reasons that add up, whichever page they are of.

The rule to know: a reason is counted without the addresses in it, so that what befalls a hundred pages is one reason of a hundred; where
it was met is kept beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

REASONS = 50
"""Different reasons that are counted by name; what is beyond is counted together."""
OTHER_REASONS = "other reasons"
TOLD = 5
"""Reasons that are told, the most frequent first."""
PLACED = 10
"""Reasons whose place the run log keeps: those that are told, of one run or of a week of them."""
FEW = 3
"""Other addresses that are told with a reason."""
_ADDRESS = re.compile(r"(https?://[^\s'\"<>«»]*[^\s'\"<>«»:;,.)\]])(: )?")


def without_addresses(reason: str) -> tuple[str, str]:
    """A reason as it is counted, and the first address that stood in it; empty where none did."""
    found = _ADDRESS.search(reason)
    return _ADDRESS.sub(lambda each: "" if each[2] else "…", reason), found[1] if found else ""


def count(reasons: Counter[str], reason: str, many: int = 1) -> str:
    """Count a reason; under which name it is counted."""
    name = reason if reason in reasons or len(reasons) < REASONS else OTHER_REASONS
    reasons[name] += many
    return name


def first(reasons: Counter[str], most: int = TOLD) -> list[tuple[str, int]]:
    """The most frequent reasons that have a name, and how many each."""
    return Counter({reason: many for reason, many in reasons.items() if reason != OTHER_REASONS}).most_common(most)


def told(reasons: Counter[str], most: int = TOLD) -> str:
    """`no text: 4, date in the future: 1`, the most frequent ones by their names."""
    named = first(reasons, most)
    rest = reasons.total() - sum(many for _, many in named)
    return ", ".join(f"{reason}: {many}" for reason, many in [*named, *([(OTHER_REASONS, rest)] if rest else [])])


def each_once(reasons: Iterable[str]) -> list[str]:
    """Reasons in their order; those that differ in nothing but addresses are told once, with where else they hold."""
    alike: dict[str, dict[str, str]] = {}
    for reason in reasons:
        bare, address = without_addresses(reason)
        alike.setdefault(bare, {}).setdefault(address, reason)
    return [_told_of_all(list(each), next(iter(each.values()))) for each in alike.values()]


def _told_of_all(addresses: list[str], reason: str) -> str:
    _, *others = addresses
    more = f" and {len(others) - FEW} more" if len(others) > FEW else ""
    return f"{reason}; the same at {', '.join(others[:FEW])}{more}" if others else reason
