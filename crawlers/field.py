"""Fields of a target's file: what may stand in them, checked where it is written.

The rule to know: a field that passes here works; selectors are compiled, patterns too, time zones looked up.
"""

from __future__ import annotations

import codecs
import re
import string
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter  # type: ignore[import-untyped]
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly")
LONGEST_INTERVAL = timedelta(days=366)
"""Beyond it Airflow's calendar ends, and nobody watches a place so rarely."""
_A_MOMENT = datetime(2024, 11, 23, 17, 45, 59, tzinfo=UTC)
"""No two parts of it are the same, so that what a form of dates loses is seen."""


def interval(schedule: str) -> timedelta | None:
    """How long `every 5 minutes` is; None for a schedule of another form."""
    found = re.fullmatch(r"every (\d{1,6}) (minute|hour|day)s?", schedule)
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def _schedule(text: str) -> str:
    preset = f"@{text.lstrip('@')}"
    if preset in PRESETS:
        return preset
    every = interval(text)
    if (every is None and _is_cron(text)) or (every is not None and timedelta(0) < every <= LONGEST_INTERVAL):
        return text
    forms = f"`every 5 minutes` (or hours, days; {LONGEST_INTERVAL.days} days at most), {', '.join(PRESETS)} or a cron line of five fields"
    raise ValueError(f"must be {forms}, not {text!r}")


def _is_cron(text: str) -> bool:
    try:
        croniter(text, _A_MOMENT).get_next()
    except CroniterBadDateError:
        raise ValueError(f"must name a day that some year has, not {text!r}") from None
    except ValueError:
        return False
    return len(text.split()) == 5


def _span(text: object) -> object:
    if not isinstance(text, str) or interval(f"every {text}") in (None, timedelta(0)):
        raise ValueError(f"must be a time such as `6 hours` or `2 days`, not {text!r}")
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"must be a time zone such as Europe/Moscow, not {text!r}") from error
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
        _ = parts.port
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"must be an address that begins with https:// or http://, not {text!r}")
    if urlsplit(text).password:
        raise ValueError("must not contain a password")
    return text


def _selector(text: str) -> str:
    import parsel  # only targets with selectors need it, and it takes longer to import than all else here
    from cssselect import SelectorError

    page = parsel.Selector("<p/>")
    try:
        page.xpath(text) if text.startswith(("/", "./", "(")) else page.css(text)
    except (ValueError, SelectorError, re.error) as error:
        raise ValueError(f"isn't a CSS selector nor an XPath: {text!r} ({error})") from error
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"isn't a regular expression: {error}") from error
    return text


def _encoding(text: str) -> str:
    """Python's name of an encoding that keeps ASCII, as lines are told before they are decoded, or of a wide one that is recoded."""
    try:
        name = codecs.lookup(text).name
        if name.startswith(("utf-16", "utf-32", "utf-8")) or string.printable.encode(name) == string.printable.encode():
            return name
    except (LookupError, ValueError):
        pass
    raise ValueError(f"isn't an encoding of text files: {text!r}; common ones are utf-8, windows-1251, utf-16")


def _delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\r\n\0':
        raise ValueError(f"must be one character, as `;` or a tab in double quotes, not {text!r}")
    return text


def _language(text: str) -> str:
    if not re.fullmatch("[a-z]{2}", text):
        raise ValueError(f"must be the two letters of a language, as `ru`, not {text!r}")
    return text


def _date_format(text: str) -> str:
    try:
        found = datetime.strptime(_A_MOMENT.strftime(text), text)  # noqa: DTZ007  only its date is looked at
    except ValueError as error:
        raise ValueError(f"isn't a form of dates as in strptime: {text!r} ({error})") from error
    if found.date() != _A_MOMENT.date():
        raise ValueError(f"must have day, month and year, as `%d.%m.%Y` has, not {text!r}")
    return text


def _day(value: Any) -> Any:
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or not 1970 <= found.year < 3000:
        raise ValueError(f"must be a day such as 2026-01-31, not {value!r}")
    return found


def below(other: str) -> AfterValidator:
    """Less than the field `other`, which stands before this one."""

    def check(value: float, info: ValidationInfo) -> float:
        most = info.data.get(other)
        if most is not None and value >= most:
            raise ValueError(f"must be less than `{other}` ({most:g}), not {value:g}")
        return value

    return AfterValidator(check)


def _brand(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be the name or slug of a brand: a target of this kind says it for all its posts")
    return value


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, never the secret itself")
    return text


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _written(value: Any) -> Any:
    """A number stands for its figures: ids are often written without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def like(pattern: str, form: str) -> AfterValidator:
    """Of a form that is named with an example; the whole text has to match."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {form}, not {text!r}")
        return text

    return AfterValidator(check)


Url = Annotated[str, AfterValidator(_url)]
Selector = Annotated[str, Field(min_length=1), AfterValidator(_selector)]
Regex = Annotated[str, AfterValidator(_regex)]
Variable = Annotated[str, AfterValidator(_variable)]
Text = Annotated[str, Field(min_length=1)]
Native = Annotated[str, Field(min_length=1), BeforeValidator(_written)]
"""What a platform tells something by: a text or a number."""
Schedule = Annotated[str, AfterValidator(_schedule)]
Span = Annotated[str, BeforeValidator(_span)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Delimiter = Annotated[str, StringConstraints(strip_whitespace=False), AfterValidator(_delimiter)]
Language = Annotated[str, AfterValidator(_language)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
Day = Annotated[date, BeforeValidator(_day)]
BrandName = Annotated[Text, BeforeValidator(_brand)]
Listed = BeforeValidator(_listed)
"""One value stands for a list of it."""
