"""A view: what the reader of the dashboard looks at, as it stands in the address of the page.

The rule to know: the address holds the whole view in words that don't depend on the language of the interface, so that a
link opens the same view for a colleague. What an address can't mean is left at its default and named in `View.ignored`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from index.period import beginning
from index.query import UNKNOWN, Query, Sort
from nlp.mention import GENERAL, GENRES, ROLES, STANCES

PERIODS: tuple[str, ...] = ("7", "28", "90", "365", "all", "dates")
"""Days back from now, everything, or from one date to another."""
LANGUAGES: tuple[Literal["ru", "en"], ...] = ("ru", "en")
SORTS: tuple[Sort, ...] = ("published", "reach")
_OTHERS: Mapping[str, Any] = {"dated": True, "official": False, "copies": False}
LEFT_OUT: Mapping[str, Mapping[str, Any]] = {
    "official": {"dated": True, "official": True},
    "copies": {"dated": True, "official": False, "copies": True},
    "ads": {**_OTHERS, "genres": ("ad",)},
    "job_ads": {**_OTHERS, "genres": ("job_ad",)},
    "news": {**_OTHERS, "genres": ("news",)},
    "questions": {**_OTHERS, "genres": ("question",)},
    "sarcasm": {**_OTHERS, "genres": ("sarcasm",)},
    "employees": {**_OTHERS, "genres": ("opinion",), "stances": ("promoter", "passive", "detractor")},
    "no_stance": {**_OTHERS, "genres": ("opinion",), "stances": ("none",)},
    "unread": {**_OTHERS, "genres": ("other",), "read": False},
    "other": {**_OTHERS, "genres": ("other",), "read": True},
    "undated": {"dated": False, "since": None, "until": None},
}
"""Kinds of mentions that do not count, named as in `measures.LeftOut`, with the conditions of a query that finds each."""
COUNTED: tuple[str, ...] = ("all", "counted", "left_out", *LEFT_OUT)
NAMED: Mapping[str, bool | None] = {"all": None, "yes": True, "no": False}
"""Authors with an account of their own, or bare display names."""
FIRST_DATE, LAST_DATE = date(1970, 1, 1), date(2099, 12, 31)
"""Days that a period may begin and end with."""
VIEW_ROLES: tuple[str, ...] = (*ROLES, "none", UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Choices of the reader; an empty tuple means any."""

    lang: Literal["ru", "en"] = "ru"
    brand: str = ""
    period: str = "28"
    start: date | None = None
    end: date | None = None
    """Last day of the period, included."""
    product: str = GENERAL
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    stances: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    counted: str = "all"
    named: str = "all"
    last_word: bool = False
    text: str = ""
    group: str = ""
    """`Post.id` of an original: it and its copies."""
    sort: Sort = "published"
    ignored: tuple[str, ...] = ()
    """Parts of the address that mean nothing."""

    def with_(self, **changes: Any) -> View:
        """The same view with other choices."""
        return replace(self, **changes)

    def bounds(self, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """`since` and `until`; days begin at midnight in the reader's zone, today is included as far as it has come."""
        if self.period == "all":
            return None, None
        if self.period == "dates" and self.start and self.end:
            return beginning(self.start, zone), beginning(self.end + timedelta(days=1), zone)
        days = int(self.period) if self.period.isdigit() else 28
        today = now.astimezone(zone).date()
        return beginning(today - timedelta(days=days - 1), zone), beginning(today + timedelta(days=1), zone)

    def query(self, now: datetime, zone: ZoneInfo) -> Query:
        """The mentions of this view."""
        since, until = self.bounds(now, zone)
        whole = self.product == GENERAL
        query = Query(
            level="brand" if whole else "product",
            brands=(self.brand,) if self.brand else (),
            products=() if whole else (self.product,),
            roles=self.roles,  # type: ignore[arg-type]  # checked by from_address against the same words
            stances=self.stances,  # type: ignore[arg-type]
            genres=self.genres,  # type: ignore[arg-type]
            sites=self.sites,
            languages=self.languages,
            since=since,
            until=until,
            text=self.text,
            groups=(self.group,) if self.group else (),
            counting={"all": None, "counted": True}.get(self.counted, False),
            last_word=self.last_word,
            named=NAMED[self.named],
        )
        return _both(query, LEFT_OUT.get(self.counted, {}))

    def address(self) -> dict[str, str | list[str]]:
        """The view as parameters of an address; what stands at its default is left out, the language never is."""
        found: dict[str, str | list[str]] = {"lang": self.lang}
        for name in ("brand", "period", "product", "counted", "named", "text", "group", "sort"):
            value = getattr(self, name)
            if value and value != _DEFAULT[name]:
                found[name] = value
        for name in ("start", "end"):
            value = getattr(self, name)
            if value and self.period == "dates":
                found[name] = value.isoformat()
        for name in ("roles", "sites", "languages", "stances", "genres"):
            if getattr(self, name):
                found[name] = list(getattr(self, name))
        if self.last_word:
            found["last_word"] = "1"
        return found


_DEFAULT: Mapping[str, Any] = {field.name: field.default for field in dataclasses.fields(View)}
_ALLOWED: Mapping[str, Sequence[str]] = {
    "lang": LANGUAGES, "period": PERIODS, "counted": COUNTED, "named": tuple(NAMED), "sort": SORTS,
    "roles": VIEW_ROLES, "stances": STANCES, "genres": GENRES, "last_word": ("0", "1"),
}  # fmt: skip


def from_address(parameters: Mapping[str, Sequence[str]], *, lang: Literal["ru", "en"] = "ru", brand: str = "") -> View:
    """The view that an address means; `lang` and `brand` where it doesn't say."""
    values: dict[str, Any] = {"lang": lang, "brand": brand}
    ignored: list[str] = []
    for name, given in parameters.items():
        if name not in _DEFAULT or name == "ignored" or not given:
            ignored.append(name)
            continue
        known = [value for value in dict.fromkeys(given) if _means_something(name, value)]
        if not isinstance(_DEFAULT[name], tuple):
            known = known[:1]  # a choice of one
        ignored += [f"{name}={value}" for value in dict.fromkeys(given) if value not in known]
        if known:
            values[name] = _value(name, known)
    if values.get("period") == "dates" and not (values.get("start") and values.get("end") and values["start"] <= values["end"]):
        values["period"] = _DEFAULT["period"]
        ignored.append("period=dates")
    return View(**values, ignored=tuple(ignored))


def _value(name: str, known: Sequence[str]) -> Any:
    if name in ("start", "end"):
        return date.fromisoformat(known[0])
    if name == "last_word":
        return known[0] == "1"
    if isinstance(_DEFAULT[name], tuple):
        return tuple(known)
    return known[0]


def _means_something(name: str, value: str) -> bool:
    if name in ("start", "end"):
        try:
            return FIRST_DATE <= date.fromisoformat(value) <= LAST_DATE
        except ValueError:
            return False
    return value in _ALLOWED[name] if name in _ALLOWED else bool(value) or name == "text"


def _both(query: Query, conditions: Mapping[str, Any]) -> Query:
    """The mentions of the query for which these conditions hold too."""
    both: dict[str, Any] = dict(conditions)
    for name in ("stances", "genres"):
        asked = getattr(query, name)
        if asked and name in conditions:
            both[name] = tuple(value for value in asked if value in conditions[name])
            if not both[name]:
                return replace(query, counting=False, last_word=True)  # finds nothing: no mention is both
    return replace(query, **both)
