"""Why items were rejected, or wait: reasons that add up, whichever page they are of.

The rule to know: a reason is counted without the addresses in it, so that what befalls a hundred pages is one reason of a hundred; where
it was met is kept beside it.
"""

from __future__ import annotations

import re
from collections import Counter

REASONS = 50
"""Different reasons that are counted by name; what is beyond is counted together."""
OTHER_REASONS = "other reasons"
TOLD = 5
"""Reasons that are told, the most frequent first."""
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


def told(reasons: Counter[str], most: int = TOLD) -> str:
    """`no text: 4, date in the future: 1`, the most frequent ones by their names."""
    first = reasons.most_common(most)
    rest = reasons.total() - sum(many for _, many in first)
    return ", ".join(f"{reason}: {many}" for reason, many in [*first, *([(OTHER_REASONS, rest)] if rest else [])])
