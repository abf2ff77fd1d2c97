"""Time as the index keeps it, and the days, weeks and months of a reader.

The rule to know: an interval is a range of local dates, so a day with a clock change has 23 or 25 hours and begins at its
first moment even where midnight doesn't exist.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from index.figure import ordered
from index.query import Bucket, Interval

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded up, so that «at or after» and «before» mean the same for every fraction.

    Raises ValueError for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return -((_EPOCH - moment) // _MILLISECOND)


def moment(value: int) -> datetime:
    """The inverse of `milliseconds`, in UTC."""
    return _EPOCH + value * _MILLISECOND


def first_date(day: date, every: Interval) -> date:
    """The first date of the interval that holds `day`; weeks begin on Monday."""
    if every == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if every == "month" else day


def next_date(day: date, every: Interval) -> date:
    """The first date of the interval after the one that begins on `day`."""
    if every == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if every == "week" else 1)


def local_date(value: int, zone: ZoneInfo) -> date:
    """The date on the reader's calendar at these milliseconds."""
    return moment(value).astimezone(zone).date()


def beginning(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the date in the zone: midnight, or what the clock jumps to where there is no midnight.

    Raises ValueError where that moment has no UTC, as the first day of the year 1 in Moscow.
    """
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)
    except OverflowError as error:
        raise ValueError(f"{day.isoformat()} in {zone} lies outside the calendar") from error


def dates(first: int, last: int, every: Interval, zone: ZoneInfo) -> list[date]:
    """First dates of the intervals from the one of `first` to the one of `last` (milliseconds), without holes."""
    day, end = first_date(local_date(first, zone), every), local_date(last, zone)
    found = [day]
    while (day := next_date(day, every)) <= end:
        found.append(day)
    return found


class Calendar:
    """The intervals of a period in a reader's zone; says which one a moment falls into."""

    def __init__(self, first: int, last: int, every: Interval, zone: ZoneInfo) -> None:
        self.dates = dates(first, last, every, zone)
        self.starts = [milliseconds(beginning(day, zone)) for day in self.dates]

    @property
    def unit(self) -> int:
        """The longest of an hour, a quarter and a millisecond that divides every boundary: moments may be grouped by it."""
        return next(unit for unit in (3_600_000, 900_000, 1) if not any(start % unit for start in self.starts))

    def date_of(self, value: int) -> date:
        """First date of the interval that holds these milliseconds."""
        return self.dates[bisect_right(self.starts, value) - 1]


def buckets(found: Iterable[date], counts: Mapping[date, Mapping[str, int]], zone: ZoneInfo, *, faceted: bool) -> list[Bucket]:
    """A bucket for each date, empty ones too."""
    return [Bucket(start=beginning(day, zone), counts=ordered(counts.get(day, {} if faceted else {"": 0}))) for day in found]
