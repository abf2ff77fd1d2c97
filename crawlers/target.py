"""A target: one place to watch, one file in `targets/` of the configuration folder.

The rule to know: a broken file never raises out of `read_targets`. It becomes a BrokenTarget that carries what is wrong,
so that a mistake in one file is visible and harms no other.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Discriminator, Field, Tag, TypeAdapter, model_validator

from crawlers.field import (
    BrandName,
    Columns,
    DateFormat,
    Day,
    Delimiter,
    Encoding,
    Fields,
    Language,
    Schedule,
    Selector,
    Take,
    Text,
    Timezone,
    Url,
    Variable,
    below,
)
from crawlers.link import hidden, within
from crawlers.post import MOST
from crawlers.yamlfile import ConfigError, Many, Strict, YamlFile, check_yaml, printable

TARGET_FILE = re.compile(r"\w[\w.-]{0,99}\.yaml")
"""Name of a target's file."""


class AboutItem(Strict):
    """Whom a post is about, said by each item."""

    mapping: dict[str, str] = Field(default_factory=dict)
    """Company as the source names it -> brand, where the source's name isn't one in the brands file."""


class AboutColumn(AboutItem):
    """A column of a file names the company."""

    column: Text


class AboutSelector(AboutItem):
    """A part of a page names the company."""

    selector: Take


_NAME_OR_ITEM = Discriminator(lambda value: "name" if isinstance(value, str) else "item")


class Limits(Strict):
    """What a run may take, and when it counts as failed."""

    rejected: float = Field(default=0.2, ge=0, le=1)
    """Share of new items that may be rejected before the run fails."""
    text: int = Field(default=50_000, gt=0)
    """Longest text, in characters; a longer one is rejected."""
    items: int | None = Field(default=None, gt=0)
    """Items taken in one run; the next run goes on."""


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

    @property
    def zone(self) -> ZoneInfo:
        """Zone of times that the source gives without one."""
        return ZoneInfo(self.timezone)

    @property
    def brand(self) -> str | None:
        """The brand that every post here is about, as the file names it."""
        return self.about if isinstance(self.about, str) else None


class FeedTarget(TargetModel):
    """An RSS or Atom feed."""

    kind: Literal["feed"]
    about: BrandName | None = None
    url: Url
    article: bool = False
    """Each entry's page is fetched and its main text taken."""
    attempts: int = Field(default=5, gt=0)
    """Runs in which a page that fails for now is tried, before its entry is rejected."""
    author: Text | None = None
    """Author of all entries, where the feed names none."""


class ReviewsTarget(TargetModel):
    """A paged site of reviews."""

    kind: Literal["reviews"]
    about: Annotated[Annotated[Text, Tag("name")] | Annotated[AboutSelector, Tag("item")], _NAME_OR_ITEM] | None = None
    url: Url
    item: Selector
    """Each review of a page."""
    take: Fields
    next: Take | None = None
    """Link to the next page."""
    pages: int = Field(default=50, gt=0)
    """Pages of one run."""
    unique_logins: bool = False
    """A name is the login of one person only on this site."""
    day_first: bool = True
    """03.04.2025 is the 3rd of April."""
    date_formats: Many[DateFormat] = ()
    """Forms of dates tried first, as in strptime."""
    empty: Take | None = None
    """What an honestly empty page has."""


class RedditTarget(TargetModel):
    """Posts and comments of Reddit."""

    kind: Literal["reddit"]
    about: BrandName | None = None
    subreddits: Many[Text] = ()
    search: Many[Text] = ()
    """Queries, within the subreddits if any are given."""
    threads: Many[Text] = ()
    """Ids or addresses of threads to follow."""
    comments: bool = True
    limit: int = Field(default=1000, gt=0)
    client_id_env: Variable = "MOLVA_REDDIT_ID"
    client_secret_env: Variable = "MOLVA_REDDIT_SECRET"
    reddit_url: Url = "https://www.reddit.com"
    oauth_url: Url = "https://oauth.reddit.com"
    short_url: Url = "https://redd.it"

    @model_validator(mode="after")
    def _something(self) -> RedditTarget:
        if not (self.subreddits or self.search or self.threads):
            raise ValueError("must name what to watch: `subreddits`, `search` or `threads`")
        return self


class FilesTarget(TargetModel):
    """Files of a folder: CSV, JSON, JSON Lines or Parquet, each also `.gz`."""

    kind: Literal["files"]
    about: Annotated[Annotated[Text, Tag("name")] | Annotated[AboutColumn, Tag("item")], _NAME_OR_ITEM] | None = None
    path: Text
    """File or pattern (`exports/*.csv.gz`), relative to the configuration folder."""
    format: Literal["csv", "json", "jsonl", "parquet"] | None = None
    """Where the extension doesn't tell."""
    columns: Columns
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    day_first: bool = True
    date_formats: Many[DateFormat] = ()
    rating_max: float = Field(default=5, gt=1)
    rating_min: Annotated[float, below("rating_max")] = 1
    unique_logins: bool = False
    """A name is the login of one person only in this source."""
    sites: dict[str, str] = Field(default_factory=dict)
    """Site as the file names it -> host."""

    @model_validator(mode="after")
    def _site_is_known(self) -> FilesTarget:
        if self.site is None and self.columns.site is None:
            raise ValueError("must say where the posts stood: `site`, or `columns.site`")
        return self


Target = FeedTarget | ReviewsTarget | RedditTarget | FilesTarget

KINDS: dict[str, type[Target]] = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(Target)}

_ANY_TARGET: TypeAdapter[Target] = TypeAdapter(Annotated[Target, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenTarget:
    """A target whose file is wrong: shown with what to mend, never collected."""

    name: str
    path: Path
    error: ConfigError


def target_paths(config: Path) -> list[Path]:
    """The target files of a configuration folder, in order of name; those whose ending isn't spelled `.yaml` are broken ones."""
    files = (path for path in (config / "targets").glob("*") if path.suffix.lower() in (".yaml", ".yml"))
    return sorted(path for path in files if not path.name.startswith("."))


def read_target(path: Path) -> Target | BrokenTarget:
    """The target of one file; nothing in the file makes this raise."""
    try:
        return _read(path)
    except ConfigError as error:
        return _broken(path, error)
    except Exception as error:  # people's files come in here: what nobody foresaw breaks this one alone
        return _broken(path, ConfigError(path, None, "", f"can't be read ({type(error).__name__}: {error})"))


def read_targets(config: Path) -> list[Target | BrokenTarget]:
    """Every target of a configuration folder, in order of name; broken ones among them."""
    found: list[Target | BrokenTarget] = []
    first: dict[str, str] = {}
    for path in target_paths(config):
        same = first.setdefault(path.name.casefold(), path.name) if path.suffix == ".yaml" else path.name
        if same == path.name:
            found.append(read_target(path))
        else:
            found.append(_broken(path, ConfigError(path, None, "", f"differs from {same} only by case: rename it")))
    return found


def target_to_json(target: Target) -> dict[str, Any]:
    """What stands in a batch's manifest, so that its raw items can be mapped again as they were."""
    record = target.model_dump(mode="json", exclude_defaults=True) | {"kind": target.kind, "name": target.name}
    return dict(within(record, hidden, target.secrets))


def target_from_json(record: dict[str, Any]) -> Target:
    """The inverse of `target_to_json`; keys that a later release dropped are passed over."""
    return _ANY_TARGET.validate_python(record, extra="ignore")


def _broken(path: Path, error: ConfigError) -> BrokenTarget:
    return BrokenTarget(name=printable(path.stem), path=path, error=error)


def _read(path: Path) -> Target:
    if path.suffix != ".yaml":
        raise ConfigError(path, None, "", f"isn't read under this name: rename it to {path.stem}.yaml")
    if not TARGET_FILE.fullmatch(path.name):
        raise ConfigError(path, None, "", "the file's name is the target's: at most 100 letters, digits, `-`, `_` and `.`")
    file = YamlFile(path)
    data = file.data
    if not isinstance(data, dict):
        return check_yaml(file, data, FeedTarget)
    errors = list(file.errors)
    for key in ("name", "folder", "secrets"):
        if key in data:
            errors.append(file.error((key,), "unknown key" + (" (a target is named by its file)" if key == "name" else "")))
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ConfigError.of([*errors, file.error(("kind",), _wrong_kind(kind, given="kind" in data))])
    if errors and errors != file.errors:
        raise ConfigError.of(errors)
    return check_yaml(file, data | {"name": path.stem, "folder": path.parent.parent, "secrets": file.substituted}, KINDS[kind])


def _wrong_kind(kind: object, *, given: bool) -> str:
    kinds = f"one of {', '.join(KINDS)}"
    if not given:
        return f"is missing: {kinds}"
    if not isinstance(kind, str):
        return f"must be {kinds}"
    near = difflib.get_close_matches(kind, KINDS, n=1)
    return f"must be {kinds}, not {kind!r}" + (f" (did you mean `{near[0]}`?)" if near else "")
