"""A moment: when a post was published, read from the many ways in which sites write it, in Russian and English.

The rule to know: nothing is invented. A date without a time is known to the day; a date without a year is completed only in
a live crawl, where `now` is known, because in an old export nobody can tell the year. A zone that stands beside the time goes
before the target's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from crawlers.post import Precision, day, whole_milliseconds


@dataclass(frozen=True, slots=True)
class Moment:
    """A time and how exactly it is known; `at` is aware UTC, None where the precision is UNKNOWN."""

    at: datetime | None
    precision: Precision
    identity: str | None = None
    """What it tells a post by that has neither an id nor an address, however the date is written: what the site's clock shows, whatever
    zone the target says it has; UTC where the date tells its zone. None where it is counted back from when it was looked at («2 часа
    назад»): each look gives another moment."""


UNKNOWN = Moment(None, Precision.UNKNOWN)

_MONTHS = {
    "янв": 1, "фев": 2, "мар": 3, "апр": 4, "мая": 5, "май": 5, "мае": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10,
    "ноя": 11, "дек": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10,
    "nov": 11, "dec": 12,
}  # fmt: skip
_FULL = (
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря январь февраль март апрель май июнь июль "
    "август сентябрь октябрь ноябрь декабрь январе феврале марте апреле мае июне июле августе сентябре октябре ноябре декабре "
    "january february march april may june july august september october november december"
)
_NAMES = "|".join(sorted({name[:length] for name in _FULL.split() for length in range(3, len(name) + 1)}, key=len, reverse=True))
"""Months in full, or cut off anywhere after the third letter, as sites do."""
_UNITS = {
    "сек": timedelta(seconds=1), "sec": timedelta(seconds=1), "мин": timedelta(minutes=1), "min": timedelta(minutes=1),
    "полчас": timedelta(minutes=30), "час": timedelta(hours=1), "hour": timedelta(hours=1), "hr": timedelta(hours=1),
    "дн": timedelta(days=1), "ден": timedelta(days=1), "day": timedelta(days=1),
    "нед": timedelta(weeks=1), "week": timedelta(weeks=1),
}  # fmt: skip
_ONE = {"минуту": timedelta(minutes=1), "час": timedelta(hours=1), "день": timedelta(days=1), "неделю": timedelta(weeks=1)}
"""Units that are one where no number stands before them."""
_HOURS = ((re.compile(r"(?<![\d:])(\d{1,2})\s*([ap]\.?m\b)", re.IGNORECASE), r"\1:00 \2"),
          (re.compile(r"\bnoon\b", re.IGNORECASE), "12:00 pm"), (re.compile(r"\bmidnight\b", re.IGNORECASE), "12:00 am"))  # fmt: skip
"""Whole hours as Django writes them: `1 p.m.`, `noon`."""
_DAYS = {"сегодня": 0, "today": 0, "вчера": 1, "yesterday": 1, "позавчера": 2}

_WEEK = ("пон", "вто", "сре", "чет", "пят", "суб", "вос", "mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}.*)?$")
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:](\d{2})(?::(\d{2}))?\s*([ap]\.?m\.?)?(?!\d)", re.IGNORECASE)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([./-])(\d{1,2})\2(\d{1,2})(?!\d)")
_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?[\s.-]*({_NAMES})\b\.?,?\s*-?(\d{{4}})?(?!\d|:)", re.IGNORECASE)
_MONTH_DAY = re.compile(rf"\b({_NAMES})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:)(?:,?\s+(\d{{4}})(?!\d|:))?", re.IGNORECASE)
_AGO = re.compile(r"(\d+|(?:a\s+)?couple(?:\s+of)?|an?|one|пар[ау]|полтор[аы])?\s*([a-zа-я]+)\.?\s+(?:назад|ago)$", re.IGNORECASE)
_MORE_AGO = re.compile(r"(?:(\d+|(?:a\s+)?couple(?:\s+of)?|an?|one|пар[ау])\s*)?([a-zа-я]+)\.?,?\s*(?:(?:и|and)\s*)?$")
"""What stands before the last unit: the hour of `1 час 20 минут назад`."""
_VAGUE = re.compile(r"(?:мес|month|(?:пол)?год|лет|year|yr)|(?:г|mos?)$")
"""A month and a year are too vague to count a date back by."""
_REST = re.compile(r"[\s,.()|·—–-]|\b(?:в|at|on|г|года?|опубликован\w*|published|posted|дата|date|отзыв|от)\b", re.IGNORECASE)
_HOURS_OFF = r"(0?\d|1[0-4])(?::?([0-5]\d))?(?![\d.:/])"
_ZONE = re.compile(rf"\(?(?<![a-zа-яё])(?:(utc?|gmt)|мск|msk)(?:\s?([+−-]){_HOURS_OFF}|(?![a-zа-яё]))\)?", re.IGNORECASE)
"""`GMT`, `UTC+3`, `(МСК)`, `МСК+2`, `МСК +0300`, wherever they stand."""
_AFTER_TIME = r"(\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?)\s*"
_OFFSET = re.compile(
    rf"{_AFTER_TIME}([+-])(0\d|1[0-4](?=:?[0-5]\d)|(?<=:\d\d:\d\d[+-])1[0-4]):?([0-5]\d)?(?=\s*(?:$|[,()]))", re.IGNORECASE
)
"""`+0300`, `+03:00`, `+03`; `-12` only behind seconds, since `10:00-12` is two hours."""
_LETTERS = re.compile(rf"{_AFTER_TIME}\(?(Z|[ACEMP][SD]T)\b\)?", re.IGNORECASE)
"""`Z`, and the zones of America that RFC 822 names."""
_MOSCOW = ZoneInfo("Europe/Moscow")
_ON_WEEKDAY = re.compile(
    r"(?:понедельник|вторник|сред[ау]|четверг|пятниц[ау]|суббот[ау]|воскресенье|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"(?:,?\s+(?:в\s+|at\s+)?\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]\.?m\.?)?)?$"
)
_WEEKDAY = re.compile(
    r"\b(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|сред[аыу]|четверг|пятниц[аыу]|суббот[аыу]|воскресенье"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b\.?",
    re.IGNORECASE,
)


def parse_moment(
    value: str | int | float, zone: ZoneInfo, *, now: datetime | None = None, day_first: bool = True, formats: Sequence[str] = ()
) -> Moment:
    """When it was published. A time without a zone of its own is in `zone`; a number is seconds or milliseconds since 1970.

    A zone of its own is an offset, `Z`, UTC, GMT, MSK («МСК», «МСК+2») or one that RFC 822 names; others have too many meanings.

    `formats` (as in strptime) are tried first. `now` (aware) is given in a live crawl only: it completes «вчера», "2 hours
    ago" and a date without a year; without it a date without a year is UNKNOWN. Raises ValueError where it is no date.
    """
    if isinstance(value, int | float):
        return _since_1970(value)
    text = " ".join(value.replace("\xa0", " ").split())
    for whole, meant in _HOURS:
        text = whole.sub(meant, text)
    try:
        return _parsed(text, zone, now, day_first, formats)
    except OverflowError as error:
        raise ValueError(f"{text[:60]!r} lies outside the calendar") from error


def _parsed(text: str, own: ZoneInfo, now: datetime | None, day_first: bool, formats: Sequence[str]) -> Moment:
    if not text:
        return UNKNOWN
    without, named = _zone_apart(text)
    found = _read(text, without, named or own, now, day_first, formats)
    return replace(found, identity=str(found.at)) if named and found.identity and found.precision is Precision.MINUTE else found


def _read(whole: str, text: str, zone: tzinfo, now: datetime | None, day_first: bool, formats: Sequence[str]) -> Moment:
    """What is written in a text, whose zone was taken out of the `whole`."""
    for form in formats:
        if (found := _by_format(whole, form, zone)) is not None:
            return found
    if _ISO.match(text):
        return _iso(text, zone)
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text):
        return _since_1970(float(text))
    if re.match(r"[A-Za-z]{3}, \d{1,2} [A-Za-z]{3} \d{4}", text):
        return _exact(parsedate_to_datetime(text), zone)
    if (found := _relative(text, zone, now)) is not None:
        return found
    return _written(text, zone, now, day_first)


def _zone_apart(text: str) -> tuple[str, tzinfo | None]:
    """The text without the zones that it names, and the first of them; an offset goes before names (`+0300 (MSK)`)."""
    found: list[tzinfo] = []
    for named in _ZONE.finditer(text):
        universal, sign, hours, minutes = named.groups()
        if sign:
            # `МСК+2` is two hours ahead of Moscow, `МСК +0300` the offset of Moscow itself.
            from_moscow = not (universal or minutes or re.match(r"0\d", hours))
            found.append(timezone(_off(sign, hours, minutes) + timedelta(hours=3) * from_moscow))
        else:
            found.append(UTC if universal else _MOSCOW)
    text = _ZONE.sub("", text).strip()
    if offset := _OFFSET.search(text):
        found.insert(0, timezone(_off(*offset.groups()[1:])))
        text = _OFFSET.sub(r"\1", text)
    elif letters := _LETTERS.search(text):
        found.insert(0, parsedate_to_datetime(f"1 Jan 2024 00:00 {letters[2]}").tzinfo or UTC)
        text = _LETTERS.sub(r"\1", text)
    return text, next(iter(found), None)


def _off(sign: str, hours: str, minutes: str | None) -> timedelta:
    off = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return off if sign == "+" else -off


def _since_1970(seconds: float) -> Moment:
    try:
        return _exact(datetime.fromtimestamp(seconds / 1000 if abs(seconds) > 1e11 else seconds, UTC), UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{seconds} is no time") from error


def _exact(moment: datetime, zone: tzinfo) -> Moment:
    at = whole_milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    return Moment(at, Precision.MINUTE, identity=str(at if moment.tzinfo else moment))


def _to_the_day(found: date) -> Moment:
    return Moment(day(found), Precision.DAY, identity=str(found))


def _by_format(text: str, form: str, zone: tzinfo) -> Moment | None:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007  the zone is added where the form has none
    except ValueError:
        return None
    timed = any(sign in form for sign in ("%H", "%I", "%c", "%X", "%s"))
    return _exact(found, zone) if timed else _to_the_day(found.date())


def _iso(text: str, zone: tzinfo) -> Moment:
    try:
        if len(text) == 10:
            return _to_the_day(date.fromisoformat(text))
        return _exact(datetime.fromisoformat(text), zone)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date") from error


def _relative(text: str, zone: tzinfo, now: datetime | None) -> Moment | None:
    lowered = text.casefold()
    if lowered in ("только что", "just now", "now", "сейчас"):
        return UNKNOWN if now is None else Moment(whole_milliseconds(now), Precision.MINUTE)
    if ago := _AGO.search(lowered):
        return _ago(ago, lowered[: ago.start()], zone, now)
    word = re.match(r"[a-zа-я]+", lowered)
    on_weekday = _ON_WEEKDAY.match(lowered)
    if word is None or (word.group() not in _DAYS and not on_weekday):
        return None
    if now is None:
        return UNKNOWN
    today = now.astimezone(zone).date()
    days = (today.weekday() - _WEEK.index(lowered[:3]) % 7 - 1) % 7 + 1 if on_weekday else _DAYS[word.group()]
    return _at(today - timedelta(days=days), text, zone)


def _ago(ago: re.Match[str], before: str, zone: tzinfo, now: datetime | None) -> Moment | None:
    number, unit = ago.groups()
    if _VAGUE.match(unit):
        return UNKNOWN
    step = _step(unit)
    if step is None:
        return None
    if now is None:
        return UNKNOWN
    back = _times(number) * step
    while more := _MORE_AGO.search(before):
        if _VAGUE.match(more[2]):
            return UNKNOWN
        larger = _step(more[2]) if more[1] else _ONE.get(more[2])
        if larger is None:
            break
        back, before = back + _times(more[1]) * larger, before[: more.start()]
    if step >= timedelta(days=1):
        return Moment(day((now - back).astimezone(zone).date()), Precision.DAY)
    exact = step < timedelta(minutes=30)
    return Moment(whole_milliseconds(now - back), Precision.MINUTE if exact else Precision.HOUR)


def _times(number: str | None) -> float:
    if number and number.startswith("полтор"):
        return 1.5
    if number and ("couple" in number or number.startswith("пар")):
        return 2
    return int(number) if number and number.isdigit() else 1


def _step(unit: str) -> timedelta | None:
    return next((step for start, step in _UNITS.items() if unit.startswith(start)), None)


def _written(text: str, zone: tzinfo, now: datetime | None, day_first: bool) -> Moment:
    """A date in figures or with the month's name, and perhaps a time; nothing else may stand beside it."""
    try:
        span, found = _date_in(text, day_first)
        rest = text[: span[0]] + " " + text[span[1] :]
        if _REST.sub("", _WEEKDAY.sub("", _TIME.sub("", rest))):
            raise ValueError
        if isinstance(found, tuple):
            completed = None if now is None else _last(found, now.astimezone(zone).date())
            return UNKNOWN if completed is None else _at(completed, rest, zone)
        return _at(found, rest, zone)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is no date") from error


def _date_in(text: str, day_first: bool) -> tuple[tuple[int, int], date | tuple[int, int]]:
    """Where the date stands in the text, and the date: a full one, or (month, day) where no year is written."""
    if match := _YEAR_FIRST.search(text):
        return match.span(), date(int(match[1]), int(match[3]), int(match[4]))
    if match := _NUMERIC.search(text):
        first, second, year = int(match[1]), int(match[3]), _year(match[4])
        return match.span(), date(year, second, first) if day_first else date(year, first, second)
    if match := _DAY_MONTH.search(text):
        number, name, year_text = match.groups()
    elif match := _MONTH_DAY.search(text):
        name, number, year_text = match.groups()
    else:
        raise ValueError
    month = _MONTHS[name[:3].casefold()]
    if year_text is None:
        date(2024, month, int(number))  # a leap year: every day that exists in some year
        return match.span(), (month, int(number))
    return match.span(), date(int(year_text), month, int(number))


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _last(month_day: tuple[int, int], today: date) -> date | None:
    """The latest such day that is not after tomorrow (somewhere it is tomorrow already)."""
    for year in range(today.year + 1, today.year - 8, -1):
        try:
            found = date(year, *month_day)
        except ValueError:
            continue
        if found <= today + timedelta(days=1):
            return found
    return None


def _at(found: date, rest: str, zone: tzinfo) -> Moment:
    """The date with the time of day that stands beside it, if any."""
    time = _TIME.search(rest)
    if time is None:
        return _to_the_day(found)
    hour, minute, second, half = int(time[1]), int(time[2]), int(time[3] or 0), (time[4] or "").casefold()
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return _exact(datetime(found.year, found.month, found.day, hour, minute, second), zone)  # noqa: DTZ001  the zone is added then
