"""A record of a file: its values, each by the name of its column or by a dotted path where records are nested.

The rule to know: nothing stands where a record has null or an empty text; what stands there and is of another kind than its
field rejects the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crawlers.post import MOST
from crawlers.source import Rejected

_NO_TEXT: dict[type, str] = {list: "a list", dict: "an object", bool: "a boolean"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as JSON values. What asks for no column (None) finds nothing."""

    values: dict[str, Any]
    titles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Column -> other names or paths of it: of other forms of the record. The first that holds something counts."""

    def has(self, column: str) -> bool:
        """Whether the column or path is there, whatever its value; what a null on the way would hold, nobody can tell."""
        return any(self._has(name) for name in self._names(column))

    def value(self, column: str | None) -> Any:
        """What stands in a column or at a path; None where nothing does."""
        if column is None:
            return None
        found = [self._at(name) for name in self._names(column)]
        return next((value for value in found if value not in (None, "")), found[0])

    def _names(self, column: str) -> tuple[str, ...]:
        return (column, *self.titles.get(column, ()))

    def _has(self, column: str) -> bool:
        if column in self.values:
            return True
        found: Any = self.values
        for part in column.split("."):
            if found is None:
                return True
            if not isinstance(found, dict) or part not in found:
                return False
            found = found[part]
        return True

    def _at(self, column: str) -> Any:
        if column in self.values:
            return self.values[column]
        found: Any = self.values
        for part in column.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def text(self, column: str | None, *, what: str = "a text") -> str | None:
        """A text, or a number as one is written. Raises Rejected for what is neither; `what` says what is wanted."""
        found = self.value(column)
        if type(found) in _NO_TEXT:
            raise Rejected(f"{column} isn't {what} but {_NO_TEXT[type(found)]}")
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        return None if found is None else str(found).strip() or None

    def rating(self, column: str | None) -> float | None:
        """The number that a rating begins with: 5, «4,5», «4 из 5», "3 stars". Raises Rejected."""
        written = self.text(column, what="a rating")
        if written is None:
            return None
        number = re.match(r"\d+(?:[.,]\d+)?", written)
        if number is None:
            raise Rejected(f"{column} isn't a rating")
        return float(number.group().replace(",", "."))

    def count(self, column: str | None) -> int | None:
        """A number of people or reactions. Raises Rejected."""
        written = self.text(column, what="a number")
        if written is None:
            return None
        try:
            number = float(written.replace("\xa0", "").replace(" ", "").replace(",", "."))
        except ValueError:
            raise Rejected(f"{column} isn't a number") from None
        if not (0 <= number <= MOST and number == int(number)):
            raise Rejected(f"{column} isn't a number of people or reactions")
        return int(number)
