"""Targets of places with an interface for programs: social networks, question sites, stores of apps.

The rule to know: what all of them share stands in PlatformTarget, and `crawlers/listing.py` walks them all.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from crawlers.every_target import TargetModel
from crawlers.field import BrandName, Native, Text, Url, Variable, like
from crawlers.yamlfile import Many, NotEmpty


class PlatformTarget(TargetModel):
    """Posts of a place, newest first, and the threads below them."""

    about: BrandName | None = None
    comments: bool = True
    """The replies to a post are taken too."""
    pages: int = Field(default=20, gt=0)
    """Pages of each list, and of each thread, in one run."""

    looked_at = 1000
    watched: ClassVar[tuple[str, ...]] = ()
    """Keys of which one must be given: what is watched."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.watched and not any(getattr(self, key) for key in self.watched):
            *others, last = (f"`{key}`" for key in self.watched)
            raise ValueError(f"must name what to watch: {', '.join(others)} or {last}")
        return self


class HackernewsTarget(PlatformTarget):
    """Stories and comments of Hacker News."""

    kind: Literal["hackernews"]
    watched = ("search", "stories")
    search: Many[Text] = ()
    """Queries, in stories and comments."""
    stories: Many[Annotated[Native, like(r"(?:https?://\S+\bid=)?\d+", "the number or address of a story, as `8863`")]] = ()
    """Numbers or addresses of stories to follow."""
    search_url: Url = "https://hn.algolia.com/api/v1"
    items_url: Url = "https://hacker-news.firebaseio.com/v0"


class HabrTarget(PlatformTarget):
    """Articles of Habr and the comments below them."""

    kind: Literal["habr"]
    looked_at = 200
    pages: int = Field(default=5, gt=0)
    """Pages of each list in one run: twenty articles each, of which each is a request of its own."""
    url: Url = "https://habr.com"
    hubs: Many[Annotated[Text, like(r"[\w-]+", "a name as in its address, as `finance` of habr.com/ru/hubs/finance")]] = ()
    """Names of hubs as in their addresses. Without any of these all articles are watched."""
    companies: Many[Annotated[Text, like(r"[\w-]+", "a name as in its address, as `habr` of habr.com/ru/companies/habr")]] = ()
    """Names of companies' blogs as in their addresses."""
    search: Many[Text] = ()
    """Queries."""
    articles: Many[Annotated[Native, like(r"(?:https?://\S+/)?\d+/?", "the number or address of an article, as `598425`")]] = ()
    """Numbers or addresses of articles to follow."""

    @property
    def edition(self) -> str:
        """The language of articles that are asked for; Habr has these two."""
        return "en" if self.language == "en" else "ru"

    @property
    def alone(self) -> tuple[str, str] | None:
        """The one hub or company that is watched, and which of the two it is; None where that is not all."""
        places = [*(("hub", alias) for alias in self.hubs), *(("company", alias) for alias in self.companies)]
        return places[0] if len(places) == 1 and not self.search and not self.articles else None


class StackexchangeTarget(PlatformTarget):
    """Questions of a site of Stack Exchange, with their answers and comments."""

    kind: Literal["stackexchange"]
    watched = ("tags", "search")
    community: Annotated[str, like(r"[\w-]+(\.[\w-]+)+", "the host of a site, as `ru.stackoverflow.com`")]
    """The site by its host: `ru.stackoverflow.com`, `money.stackexchange.com`."""
    tags: Many[Text] = ()
    search: Many[Text] = ()
    """Queries."""
    key_env: Variable | None = None
    """Variable of the environment that holds the key of an app: 10,000 requests a day instead of 300."""
    url: Url = "https://api.stackexchange.com/2.3"


class DiscourseTarget(PlatformTarget):
    """Topics of a forum that runs Discourse."""

    kind: Literal["discourse"]
    looked_at = 200
    url: Url
    """The forum (`https://meta.discourse.org`)."""
    categories: Many[Annotated[str, like(r"[^/\s]+(/[^/\s]+)*/\d+", "the end of a category's address, as `support/6`")]] = ()
    """Ends of their addresses: `support/6`; without any, and without `search`, the whole forum is watched."""
    search: Many[Text] = ()
    """Queries; most forums forbid them to robots."""


class WordpressTarget(PlatformTarget):
    """Posts of a site that runs WordPress, and the comments below them."""

    kind: Literal["wordpress"]
    looked_at = 200
    url: Url
    """The site."""
    search: Many[Text] = ()
    """Queries, in posts and comments; without any all of them are taken."""


class AppstoreTarget(PlatformTarget):
    """Reviews of apps in Apple's App Store."""

    kind: Literal["appstore"]
    apps: Annotated[Many[Annotated[Native, like(r"(?:id)?\d+", "the number of an app, as `389801252`")]], NotEmpty]
    """Numbers of apps: `389801252` of apps.apple.com/…/id389801252."""
    countries: Annotated[Many[Annotated[str, like("[a-z]{2}", "the two letters of a country, as `ru`")]], NotEmpty] = ("ru",)
    """Stores by the two letters of their country."""
    url: Url = "https://itunes.apple.com"


class LivejournalTarget(PlatformTarget):
    """Entries of a LiveJournal, and the comments below them."""

    kind: Literal["livejournal"]
    looked_at = 200
    url: Url
    """The journal (`https://vestnik.livejournal.com`)."""
    cookie_env: Variable | None = None
    """Variable of the environment that holds the cookie of an account whose style prints pages as XML."""


class MastodonTarget(PlatformTarget):
    """Public posts that a Mastodon server knows."""

    kind: Literal["mastodon"]
    looked_at = 500
    watched = ("hashtags", "accounts", "search")
    url: Url
    """The server (`https://mastodon.social`)."""
    hashtags: Many[Text] = ()
    accounts: Many[Text] = ()
    """Handles: `name`, or `name@server` for an account of another server."""
    search: Many[Text] = ()
    """Queries; only servers with full-text search answer them, and only with a key."""
    token_env: Variable | None = None
    """Variable of the environment that holds an access token."""
    delay: float | None = Field(default=1.0, ge=0, le=86_400)
    """A server answers an address 300 times in five minutes."""

    @model_validator(mode="after")
    def _search_has_a_key(self) -> Self:
        if self.search and self.token_env is None:
            raise ValueError("`search` needs a key: name its variable in `token_env`")
        return self


class VkTarget(PlatformTarget):
    """Walls of VK, what it finds by words, and the comments below videos."""

    kind: Literal["vk"]
    watched = ("walls", "videos", "search")
    url: Url = "https://api.vk.com"
    walls: Many[Native] = ()
    """Short names (`vestarna`, `club123`, `id1`), or numbers: 12345 of a person, -12345 of a community."""
    videos: Many[
        Annotated[Text, like(r"(?:\S*[/=])?(?:video|clip)-?\d+_\d+(?:\D\S*)?", "the end of a video's address, as `video-7_456`")]
    ] = ()
    """Addresses of videos or clips, or their ends (`video-7_456`): the comments below them."""
    search: Many[Text] = ()
    """Queries over all public posts."""
    token_env: Variable
    """Variable of the environment that holds a person's token or an app's service token."""
    delay: float | None = Field(default=0.34, ge=0, le=86_400)
    """VK answers a token three times a second."""


class TelegramTarget(PlatformTarget):
    """Public channels of Telegram, by the pages that show them to everybody."""

    kind: Literal["telegram"]
    url: Url = "https://t.me"
    channels: Annotated[Many[Text], NotEmpty]
    """Names: `vestarna`, `@vestarna` or `t.me/vestarna`."""


class BlueskyTarget(PlatformTarget):
    """Public posts of Bluesky."""

    kind: Literal["bluesky"]
    watched = ("accounts", "search")
    url: Url = "https://public.api.bsky.app"
    """Asked without a login."""
    accounts: Many[Text] = ()
    """Handles (`vestarna.bsky.social`) or DIDs."""
    search: Many[Text] = ()
    """Queries; mostly refused without a login, and never more than the newest hundred posts then."""
    login_url: Url = "https://bsky.social"
    """Asked with a login."""
    handle: Text | None = None
    """Account that logs in."""
    password_env: Variable | None = None
    """Variable of the environment that holds an app password of that account, never its own password."""
    delay: float | None = Field(default=0.1, ge=0, le=86_400)
    """Bluesky answers an address 3,000 times in five minutes."""

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        if (self.handle is None) != (self.password_env is None):
            raise ValueError("`handle` and `password_env` log in together: state both or none")
        return self


class YoutubeTarget(PlatformTarget):
    """Videos of YouTube and the comments below them."""

    kind: Literal["youtube"]
    watched = ("videos", "channels", "search")
    url: Url = "https://www.googleapis.com"
    videos: Many[Native] = ()
    """Ids or addresses of videos, which are posts themselves, and the comments below them."""
    channels: Many[Text] = ()
    """Ids (`UC…`) or handles (`@vestarna`): the comments below all videos of a channel."""
    search: Many[Text] = ()
    """Queries: the newest videos that each finds, and the comments below them."""
    found: int = Field(default=25, gt=0, le=50)
    """Videos of each search."""
    key_env: Variable
    """Variable of the environment that holds a key of the YouTube Data API."""
