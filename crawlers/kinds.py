"""What a target may say: the keys that all kinds share, and those of feeds, sites, forums, Reddit and files.

The rule to know: a kind is a model here or in `crawlers/platforms.py`, listed in `crawlers/target.py`; a key's type and its one
sentence are all that checks and documents it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from crawlers.field import (
    BrandName,
    DateFormat,
    Day,
    Delimiter,
    Encoding,
    Language,
    Listed,
    Regex,
    Schedule,
    Selector,
    Span,
    Text,
    Timezone,
    Url,
    Variable,
    below,
)
from crawlers.post import MOST
from crawlers.taken import ArticleFields, BoardModel, Columns, Fields, OwnPageFields, StartModel, Take, TopicModel
from crawlers.yamlfile import Many, Strict


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


PresetName = Annotated[Text | None, Field(exclude=True)]
"""What comes with Molva for such a place, see `crawlers/presets/`; what the file says itself goes before it."""
_NAME_OR_ITEM = Discriminator(lambda value: "name" if isinstance(value, str) else "item")


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


class FeedTarget(TargetModel):
    """An RSS or Atom feed."""

    kind: Literal["feed"]
    preset: PresetName = None
    about: BrandName | None = None
    url: Url
    article: bool = False
    """Each entry's page is fetched and its main text taken."""
    attempts: int = Field(default=5, gt=0)
    """Runs in which an article that fails for now is tried, before its entry is taken with what the feed itself says."""
    author: Text | None = None
    """Author of all entries, where the feed names none."""


class PagesTarget(TargetModel):
    """Pages made for people, read by selectors."""

    pages: int = Field(default=50, gt=0)
    """Pages of one run."""
    unique_logins: bool = False
    """A name is the login of one person only on this site."""
    day_first: bool = True
    """03.04.2025 is the 3rd of April."""
    date_formats: Many[DateFormat] = ()
    """Forms of dates tried first, as in strptime."""


class PresetTarget(PagesTarget):
    """Lists of posts that are built alike on many sites."""

    preset: PresetName = None
    empty: Take | None = None
    """What an honestly empty page has."""


class ReviewsTarget(PresetTarget):
    """A paged site of reviews."""

    kind: Literal["reviews"]
    about: Annotated[Annotated[Text, Tag("name")] | Annotated[AboutSelector, Tag("item")], _NAME_OR_ITEM] | None = None
    url: Url
    item: Selector
    """Each review of a page."""
    take: Fields
    next: Take | None = None
    """Link to the next page."""
    numbered: Text | None = None
    """Parameter of the address that numbers the pages, where no link leads to the next one; 1 where the address lacks it."""
    data: Selector | None = None
    """Scripts of the page whose JSON is read as elements, a key as their class (`.review > div`); an answer that is JSON always is."""
    beside: Selector | None = None
    """What belongs to the items and stands elsewhere on the page, one for each in their order: it is read as a part of its item."""
    own_page: OwnPageFields | None = None
    """Each new review's own page (`take.url`) is fetched, and these fields are taken there: the list shows the beginning of a text."""
    attempts: int = Field(default=5, gt=0)
    """Runs in which a review's own page that fails for now is tried, before the review is kept as the list shows it."""

    @model_validator(mode="after")
    def _own_page_is_named(self) -> ReviewsTarget:
        if self.own_page and self.take.url is None:
            raise ValueError("`own_page` needs `take.url`: the address of a review's own page")
        return self


class ForumTarget(PresetTarget):
    """Topics and posts of a forum."""

    kind: Literal["forum"]
    about: BrandName | None = None
    url: Annotated[Many[Url], Listed] = ()
    """Boards, or other lists of topics with the newest activity first."""
    topics: Annotated[Many[Url], Listed] = ()
    """Topics to follow, whatever board they are in: addresses of their first pages."""
    board: BoardModel
    topic: TopicModel
    start: StartModel | None = None
    """The start page, asked once a day how many members the forum has; `null` asks for none."""
    pages: int = Field(default=20, gt=0)
    """Pages of each board, and of each topic, in one run."""
    attempts: int = Field(default=5, gt=0)
    """Runs in which a topic that fails for now is tried."""

    @model_validator(mode="after")
    def _something(self) -> ForumTarget:
        if not (self.url or self.topics):
            raise ValueError("must name what to watch: `url` of boards, or `topics`")
        return self


class SiteTarget(PagesTarget):
    """Articles of a site without a feed, found by its sitemap and by links."""

    kind: Literal["site"]
    about: BrandName | None = None
    sitemap: Annotated[Many[Url], Listed] = ()
    url: Annotated[Many[Url], Listed] = ()
    """Pages where links to articles are looked for."""
    articles: Regex | None = None
    """What the address of an article has; with `sitemap` alone, all of its addresses where this is not given."""
    follow: Regex | None = None
    """What the address of a page has where more links are looked for."""
    take: ArticleFields = ArticleFields()
    author: Text | None = None
    """Author of all articles, where their pages name none."""
    pages: int = Field(default=100, gt=0)
    """Pages of one run: sitemaps, lists and articles."""
    depth: int = Field(default=1, ge=0)
    """Pages in a row without a new article whose links are followed; each new article begins it again."""
    attempts: int = Field(default=5, gt=0)
    """Runs in which an article that fails for now is tried, before it is rejected."""

    @model_validator(mode="after")
    def _something(self) -> SiteTarget:
        if not (self.url or self.sitemap):
            raise ValueError("must say where articles are found: `sitemap`, or `url` of pages with links to them")
        if self.url and self.articles is None:
            raise ValueError("`url` needs `articles`: what the address of an article has")
        return self


class RedditTarget(TargetModel):
    """Posts and comments of Reddit."""

    kind: Literal["reddit"]
    looked_at = 1000
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


class PathTarget(TargetModel):
    """Files of a folder."""

    path: Text
    """File or pattern (`exports/*.csv.gz`), relative to the configuration folder."""
    settled: Span | None = None
    """A file that was changed more recently is left for the next run: somebody may still be writing it."""


class FilesTarget(PathTarget):
    """CSV, JSON, JSON Lines, Parquet or workbooks of Excel, each also `.gz`."""

    kind: Literal["files"]
    preset: PresetName = None
    about: Annotated[Annotated[Text, Tag("name")] | Annotated[AboutColumn, Tag("item")], _NAME_OR_ITEM] | None = None
    format: Literal["csv", "json", "jsonl", "parquet", "xlsx"] | None = None
    """Where the extension doesn't tell."""
    columns: Columns
    needed: Many[Text] = ()
    """Columns without which a file isn't read; all unless stated."""
    titles: dict[str, Many[Text]] = Field(default_factory=dict)
    """Column -> other titles that it has, or paths in a record: in other versions, forms and languages of what the system gives."""
    skip: dict[str, Many[Text]] = Field(default_factory=dict)
    """Column -> what stands there in rows that are left out, as reposts without a word of their own."""
    encoding: Encoding = "utf-8"
    delimiter: Delimiter = ","
    entities: bool = False
    """Texts hold characters as HTML writes them (`&quot;`)."""
    day_first: bool = True
    date_formats: Many[DateFormat] = ()
    rating_max: float = Field(default=5, gt=1)
    rating_min: Annotated[float, below("rating_max")] = 1
    unique_logins: bool = False
    """A name is the login of one person only in this source."""
    sites: dict[str, str] = Field(default_factory=dict)
    """Site as the file names it -> host."""
    by_address: bool = False
    """Where an address holds the site's own number, it tells the post and its thread, whatever `id` and `thread` say."""
    cut: Regex | None = None
    """What is no part of texts and titles: marks of the words that were searched for."""

    @model_validator(mode="after")
    def _site_is_known(self) -> FilesTarget:
        if self.site is None and self.columns.site is None and self.columns.url is None:
            raise ValueError("must say where the posts stood: `site`, `columns.site`, or `columns.url` whose host is the site")
        return self


class TelegramExportTarget(PathTarget):
    """What Telegram Desktop exports as JSON: the messages of a chat, or of a whole account."""

    kind: Literal["telegram_export"]
    about: BrandName | None = None
    chats: Many[Text] = ()
    """Chats that are taken, as the export names them; all public ones unless stated."""
    names: dict[str, str] = Field(default_factory=dict)
    """Chat as the export names it -> its public name (`vestarna`), by which a message is the one of the channel's page."""
    private: bool = False
    """Groups and channels that aren't public are taken too; talks of two, saved messages and talks with bots never are."""
