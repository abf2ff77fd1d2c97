"""The header of a table: in which row it stands, and which of its titles is which column that a target names.

The rule to know: above the header other rows may stand, and one column may have several titles; what is needed and not there
raises CollectError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from crawlers.source import CollectError

ROWS = 60
"""Rows of a table among which its header stands: exports begin with their topic and period."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that are looked for."""

    columns: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    """Those without which a table isn't read; all unless stated."""
    titles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Column -> other titles of it: of other versions and languages."""

    def header(self, rows: Iterator[tuple[int, list[str]]]) -> tuple[int, list[str]]:
        """Number and titles of the first row that has what is needed, else of the one among the first that has most of it."""
        nearest: tuple[int, list[str]] = (1, [])
        least = len(self.needed or self.columns) + 1
        for number, titles in islice(rows, ROWS):
            named = self.named(titles)
            if (lacking := len(self.lacking(named))) < least:
                nearest, least = (number, named), lacking
            if not lacking:
                break
        return nearest

    def named(self, titles: list[str]) -> list[str]:
        """Titles of a row, those of wanted columns as the target names them."""
        plain = [title.strip() for title in titles]
        others = {_folded(title): column for column, known in self.titles.items() for title in (column, *known)}
        found = set(plain)
        for place, title in enumerate(plain):
            column = others.get(_folded(title))
            if column is not None and column not in found:
                plain[place] = column
                found.add(column)
        return plain

    def lacking(self, header: Sequence[str]) -> list[str]:
        """What is needed and stands not in a header."""
        return [column for column in self.needed or self.columns if column not in header]

    def check(self, header: Sequence[str], *, number: int = 1, hint: str = "") -> None:
        """Raises CollectError for a header that lacks what is needed, or names a column twice."""
        doubled = sorted({name for name in header if name and list(header).count(name) > 1})
        if doubled:
            raise CollectError(f"line {number}: columns given twice: {', '.join(doubled)}")
        if missing := ", ".join(map(repr, self.lacking(header))):
            named = ", ".join(filter(None, header))
            raise CollectError(f"has no column {missing}; its columns are {named}{hint}: mend the target's `columns`")


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()
