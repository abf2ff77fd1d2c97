"""What was found at an address: the target that would watch it, and by what it was recognised.

The rule to know: whoever recognises something says by what, in words that an operator can check on the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crawlers.source import CollectError


class Unrecognised(CollectError):
    """Nothing that can be watched; the message says what was tried and what can be done by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One way to watch an address."""

    kind: str
    what: str
    """For people: `board of phpBB`."""
    by: tuple[str, ...]
    """What told it."""
    says: dict[str, Any]
    """Keys of the target's file but for `kind`, in order."""
    preset: str | None = None
    notes: tuple[str, ...] = ()
    """What the operator has to know."""
    comments: dict[str, str] = field(default_factory=dict)
    """Key, or a value of its list -> what stands behind it in the file."""

    def __str__(self) -> str:
        name = f"kind {self.kind}" + (f", preset {self.preset}" if self.preset else "")
        return f"{self.what} ({name}), by {'; '.join(self.by)}"
