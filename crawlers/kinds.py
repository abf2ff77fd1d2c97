"""What a target of each kind may say besides the keys that all share: of feeds, sites, forums, Reddit and files.

The rule to know: a kind is a model here or in `crawlers/platforms.py`, listed in `crawlers/target.py`; what all kinds share stands in
`crawlers/every_target.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from crawlers.every_target import AboutItem, TargetModel
from crawlers.field import BrandName, DateFormat, Delimiter, Encoding, Listed, Regex, Selector, Span, Text, Url, Variable, below
from crawlers.taken import ArticleFields, BoardModel, Columns, Fields, OwnPageFields, StartModel, Take, TopicModel
from crawlers.yamlfile import Many


class AboutColumn(AboutItem):
    """A column of a file names the company."""

    column: Text


class AboutSelector(AboutItem):
    """A part of a page names the company."""

    selector: Take


PresetName = Annotated[Text | None, Field(exclude=True)]
"""What comes with Molva for such a place, see `crawlers/presets/`; what the file says itself goes before it."""
_NAME_OR_ITEM = Discriminator(lambda value: "name" if isinstance(value, str) else "item")


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
