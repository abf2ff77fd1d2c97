"""Fields of a target's file: what may stand in them, checked where it is written.

The rule to know: a field that passes here works; selectors are compiled, patterns too, time zones looked up.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]
from pydantic import AfterValidator, BeforeValidator, Field

from crawlers.yamlfile import Strict

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly")


def _schedule(text: str) -> str:
    every = re.fullmatch(r"every (\d+) (minutes?|hours?|days?)", text)
    if every and int(every.group(1)) > 0:
        return text
    if f"@{text.lstrip('@')}" in PRESETS:
        return f"@{text.lstrip('@')}"
    if len(text.split()) == 5 and croniter.is_valid(text):
        return text
    raise ValueError(f"must be `every 5 minutes` (or hours, days), {', '.join(PRESETS)} or a cron line of five fields, not {text!r}")


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

    try:
        if text.startswith(("/", "./", "(")):
            parsel.Selector("<p/>").xpath(text)
        else:
            parsel.css2xpath(text)
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"isn't a CSS selector nor an XPath: {text!r} ({error})") from error
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"isn't a regular expression: {error}") from error
    return text


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except LookupError as error:
        raise ValueError(f"isn't an encoding: {text!r}; common ones are utf-8, windows-1251, utf-16") from error


def _variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("must be the name of an environment variable, never the secret itself")
    return text


def _taken(value: Any) -> Any:
    """A plain selector stands for a Take of it."""
    return {"select": value} if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Url = Annotated[str, AfterValidator(_url)]
Selector = Annotated[str, Field(min_length=1), AfterValidator(_selector)]
Variable = Annotated[str, AfterValidator(_variable)]
Text = Annotated[str, Field(min_length=1)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Listed = BeforeValidator(_listed)
"""One value stands for a list of it."""


class TakeModel(Strict):
    """How one field is taken from a page: CSS (also `::text`, `::attr(href)`), or XPath where it begins with `/`, `./` or `(`."""

    select: Selector
    regex: Annotated[str, AfterValidator(_regex)] | None = None
    """What of the text found is meant: the first group, else the whole match."""
    count: bool = False
    """The number of matches is the value."""
    all: bool = False
    """All matches, joined by blank lines, else the first."""


Take = Annotated[TakeModel, BeforeValidator(_taken)]


class RatingModel(TakeModel):
    """How stars are taken, and the site's scale."""

    max: float = Field(default=5, gt=1)
    min: float = 1


Rating = Annotated[RatingModel, BeforeValidator(_taken)]
