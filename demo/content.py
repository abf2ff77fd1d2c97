"""What the demo's people wrote: the posts in `demo/posts`, read and checked.

The rule to know: a file says when a post was published as "days ago and time of day", so that the demo is always about
the last ninety days; a post of the reserve has no time until it is released.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

POSTS = Path(__file__).parent / "posts"
ZONE = ZoneInfo("Europe/Moscow")
"""Zone of the demo's sites: the times they print are Moscow times."""
COMPANIES = ("vestarna", "dukator", "kvotum")
SPAN = 90
"""Days that the archive covers."""

Site = Literal["blog", "reviews", "en"]
Company = Literal["vestarna", "dukator", "kvotum"]


class ContentError(Exception):
    """A file of posts is not as it must be; the message names the file and the post."""


class Entry(BaseModel):
    """One post as it stands in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str | None = Field(None, pattern=r"^\d{1,2}d \d{2}:\d{2}$")
    site: Site | None = None
    """Only in the reserve, where posts of all sites stand together."""
    company: Company | None = None
    """Whose page a review was left on."""
    by: str = Field(min_length=2)
    """`@login` of an account, or the bare name that the author gave."""
    title: str | None = None
    text: str = Field(min_length=1)
    stars: int | None = Field(None, ge=1, le=5)
    reply: str | None = None
    """The company's public answer."""
    views: int | None = Field(None, ge=0)
    likes: int | None = Field(None, ge=0)
    comments: int | None = Field(None, ge=0)
    tags: tuple[str, ...] = ()

    @field_validator("text", "reply")
    @classmethod
    def _trimmed(cls, value: str | None) -> str | None:
        return value.strip() if value else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One post of the demo, placed on its site; `days` and `at` are None in the reserve."""

    number: int
    """Its number on the site: made of the author and the text, so that editing other posts never moves it."""
    site: Site
    company: Company | None
    login: str | None
    """Login of the account; None where the author left a bare name."""
    name: str
    title: str | None
    text: str
    stars: int | None
    reply: str | None
    views: int | None
    """None where the page shows no count."""
    likes: int
    comments: int
    tags: tuple[str, ...]
    days: int | None
    at: time | None

    @property
    def language(self) -> str:
        return "en" if self.site == "en" else "ru"

    def published(self, opened: date) -> datetime:
        """When an archive post appeared, counted back from the day the demo was first started."""
        if self.days is None or self.at is None:
            raise ValueError(f"post {self.number} is in the reserve and has no time yet")
        return datetime.combine(opened - timedelta(days=self.days), self.at, ZONE)


@dataclass(frozen=True, slots=True)
class Content:
    archive: tuple[Story, ...]
    reserve: tuple[Story, ...]
    """In the order of release."""


def read_content(folder: Path = POSTS) -> Content:
    """All posts of the demo. Raises ContentError where a file is malformed or a post stands twice."""
    archive: list[Story] = []
    for path in sorted((folder / "blog").glob("*.yaml")):
        archive += [_story(entry, path, site="blog") for entry in _entries(path)]
    for path in sorted((folder / "reviews").glob("*.yaml")):
        company = _company(path)
        archive += [_story(entry, path, site="reviews", company=company) for entry in _entries(path)]
    for path in sorted((folder / "en").glob("*.yaml")):
        archive += [_story(entry, path, site="en", company=_company(path)) for entry in _entries(path)]
    reserve = [_story(entry, folder / "reserve.yaml") for entry in _entries(folder / "reserve.yaml")]
    _refuse_repeats([*archive, *reserve])
    for story in archive:
        if story.days is None or not 1 <= story.days <= SPAN:
            raise ContentError(f"post «{story.text[:40]}»: an archive post needs `when` of 1 to {SPAN} days ago")
    return Content(tuple(archive), tuple(reserve))


def _company(path: Path) -> Company:
    return TypeAdapter[Company](Company).validate_python(path.stem.split("-")[0])


def _entries(path: Path) -> list[Entry]:
    try:
        rows = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or []
        return TypeAdapter(list[Entry]).validate_python(rows)
    except (OSError, MarkedYAMLError, ValidationError) as error:
        raise ContentError(f"{path.name}: {error}") from error


def _story(entry: Entry, path: Path, *, site: Site | None = None, company: Company | None = None) -> Story:
    site, company = site or entry.site, company or entry.company
    if site is None or (site != "blog") != (company is not None):
        raise ContentError(f"{path.name}: post of {entry.by}: a review needs a company, a blog article has none")
    if site == "blog" and not entry.title:
        raise ContentError(f"{path.name}: post of {entry.by}: an article needs a title")
    days, at = _moment(entry.when)
    number = 1_000_000 + zlib.crc32(f"{site}\0{entry.by}\0{entry.text}".encode()) % 9_000_000
    views, likes = _counts(number, site, company, fresh=days is None)
    return Story(
        number=number,
        site=site, company=company,
        login=entry.by[1:] if entry.by.startswith("@") else None, name=entry.by.removeprefix("@"),
        title=entry.title, text=entry.text, stars=entry.stars, reply=entry.reply,
        views=views if entry.views is None else entry.views, likes=likes if entry.likes is None else entry.likes,
        comments=entry.comments or 0, tags=entry.tags, days=days, at=at,
    )  # fmt: skip


def _counts(number: int, site: Site, company: Company | None, *, fresh: bool) -> tuple[int | None, int]:
    """Views and likes where the file gives none: made of the number; a fresh post has few, two of the places show no views."""
    if fresh:
        views, likes = 1 + number % 14, number % 2
    elif site == "blog":
        views, likes = 400 + number % 4100, number % 41
    else:
        views, likes = 60 + number % 840, number % 19
    return (None if site == "en" or (site == "reviews" and company == "kvotum") else views), likes


def _moment(when: str | None) -> tuple[int | None, time | None]:
    if when is None:
        return None, None
    days, clock = when.split("d ")
    return int(days), time.fromisoformat(clock)


def _refuse_repeats(stories: list[Story]) -> None:
    numbers: dict[int, Story] = {}
    texts: dict[str, Story] = {}
    for story in stories:
        said = re.sub(r"\W+", " ", story.text.lower()).strip()
        if story.number in numbers or said in texts:
            raise ContentError(f"the post of {story.name} «{story.text[:60]}» stands twice")
        numbers[story.number] = texts[said] = story
