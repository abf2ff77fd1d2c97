"""What every target may say, whatever its kind.

The rule to know: a key's type and its one sentence are all that checks and documents it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from crawlers.field import BrandName, Day, Language, Schedule, Span, Text, Timezone
from crawlers.post import MOST
from crawlers.yamlfile import Strict


class AboutItem(Strict):
    """Whom a post is about, said by each item."""

    mapping: dict[str, str] = Field(default_factory=dict)
    """Company as the source names it -> brand, where the source's name isn't one in the brands file."""


class Limits(Strict):
    """What a run may take, and when it counts as failed."""

    rejected: float = Field(default=0.2, ge=0, le=1)
    """Share of new items that may be rejected before the run fails."""
    text: int = Field(default=50_000, gt=0)
    """Longest text, in characters; a longer one is rejected."""
    items: int | None = Field(default=None, gt=0)
    """Items taken in one run; the next run goes on."""


class Expect(Strict):
    """What is normal for a target. What isn't said here is learned from its last four weeks (`crawlers/expect.py`)."""

    posts: float | None = Field(default=None, ge=0)
    """New posts a day, at least; the mean of the last week counts."""
    authors: float | None = Field(default=None, ge=0, le=1)
    """Share of new posts that name their author, at least."""
    newest: Span | None = None
    """Age of the newest post, at most."""
    learned: bool = True
    """False: only what is said here is expected."""


class Recheck(Strict):
    """How recent posts are looked at again, to find those that their source shows no more."""

    age: Span = "14 days"
    """Posts published longer ago are left alone."""
    every: Span = "1 day"
    """Between two looks at a post."""
    most: int | None = Field(default=None, gt=0)
    """Posts looked at in each such time; 200 where each is a page, 1000 where an interface tells of them by their ids."""
    confirm: Span = "12 hours"
    """A post that seems gone is looked at again after this, and is gone if it still seems so."""
    share: float = Field(default=0.34, gt=0, le=1)
    """Where more than this share of at least ten posts seem gone, or all of fewer, something else has happened, and none is marked."""


def _switch(value: object) -> object:
    """`recheck: false` and `recheck: true` as what they mean."""
    if isinstance(value, bool):
        return Recheck() if value else None
    return value


def waits_for(name: str, variables: Iterable[str]) -> str | None:
    """That a target waits for keys, in one sentence with the variables to set; None where all are set."""
    *others, last = [*variables] or [""]
    if not last:
        return None
    if not others:
        return f"{name} waits for a key: the environment variable {last} isn't set"
    return f"{name} waits for keys: the environment variables {', '.join(others)} and {last} aren't set"


class TargetModel(Strict):
    """What every target says, whatever its kind."""

    name: str
    """The file's name without `.yaml`."""
    folder: Path = Field(exclude=True, default=Path())
    """Configuration folder; relative paths start here."""
    secrets: dict[str, str] = Field(exclude=True, repr=False, default_factory=dict)
    """Variables of the environment that the file names; what they hold is neither written nor said."""
    kind: str
    language: Language | None = None
    timezone: Timezone = "UTC"
    """Zone of times that the source gives without one."""
    schedule: Schedule | None = None
    """None: collected only by hand."""
    about: BrandName | AboutItem | None = None
    """Whom every post here is about: a brand's name or slug; or, in some kinds, where each item says it."""
    site: Text | None = None
    place: Text | None = None
    members: int | None = Field(default=None, ge=0, le=MOST)
    """Members or visitors of the place, where the source doesn't tell."""
    group: Text | None = None
    enabled: bool = True
    since: Day | None = None
    """Nothing published before is taken."""
    allow_private: bool = False
    """Addresses of private networks may be asked."""
    delay: float | None = Field(default=None, ge=0, le=86_400)
    """Seconds between two requests to the host."""
    ratings_without_text: bool = False
    """A rating without text is a post, else it is rejected."""
    limits: Limits = Limits()
    expect: Expect = Expect()
    recheck: Annotated[Recheck | None, BeforeValidator(_switch)] = Recheck()
    """`false`: its posts are not looked at again."""

    looked_at: ClassVar[int] = 200
    """Posts looked at again where `recheck.most` is not stated."""

    @property
    def zone(self) -> ZoneInfo:
        """Zone of times that the source gives without one."""
        return ZoneInfo(self.timezone)

    @property
    def keys(self) -> dict[str, str]:
        """Key of the file -> variable of the environment that holds a secret."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name.endswith("_env")}
        return {name: variable for name, variable in named.items() if variable is not None}

    @property
    def unset(self) -> dict[str, str]:
        """Of these keys those whose variable is not set: the target waits for them."""
        return {name: variable for name, variable in self.keys.items() if not os.environ.get(variable)}

    @property
    def waits(self) -> str | None:
        """That the target waits for keys, in one sentence with the variables to set; None where all are set."""
        return waits_for(self.name, self.unset.values())

    @property
    def brand(self) -> str | None:
        """The brand that every post here is about, as the file names it."""
        return self.about if isinstance(self.about, str) else None
