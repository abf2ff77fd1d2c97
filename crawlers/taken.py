"""What of a page or of a row holds which field of a post, as a target's file says it: selectors and columns.

The rule to know: names of fields are those of a post; a plain selector stands for a `Take` of it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from crawlers.field import Listed, Regex, Selector, Text, Url, below
from crawlers.yamlfile import Many, NotEmpty, Strict


def _taken(value: Any) -> Any:
    """A plain selector stands for a Take of it."""
    return {"select": value} if isinstance(value, str) else value


class TakeModel(Strict):
    """How one field is taken from a page: CSS (also `::text`, `::attr(href)`), or XPath where it begins with `/`, `./` or `(`."""

    select: Selector
    regex: Regex | None = None
    """What of the text found is meant: the first group, else the whole match."""
    count: bool = False
    """The number of matches is the value."""
    all: bool = False
    """All matches, joined by blank lines, else the first."""
    cut: Selector | None = None
    """What within the match is no part of the field: signatures, notes, buttons."""
    quote: Selector | None = None
    """What within the match is quoted of others, besides `blockquote`."""


Take = Annotated[TakeModel, BeforeValidator(_taken)]


class RatingModel(TakeModel):
    """How stars are taken, and the site's scale."""

    max: float = Field(default=5, gt=1)
    min: Annotated[float, below("max")] = 1


Rating = Annotated[RatingModel, BeforeValidator(_taken)]


class Fields(Strict):
    """Which part of an item holds which field of a post."""

    text: Take
    title: Take | None = None
    author: Take | None = None
    author_url: Take | None = None
    author_id: Take | None = None
    date: Take | None = None
    edited: Take | None = None
    rating: Rating | None = None
    reply: Take | None = None
    url: Take | None = None
    id: Take | None = None
    product: Take | None = None
    likes: Take | None = None
    replies: Take | None = None
    views: Take | None = None


class OwnPageFields(Strict):
    """Which part of a review's own page holds which field, where a list shows only the beginning of its text."""

    text: Take
    title: Take | None = None
    date: Take | None = None
    edited: Take | None = None
    rating: Rating | None = None
    reply: Take | None = None
    product: Take | None = None
    likes: Take | None = None
    replies: Take | None = None
    views: Take | None = None


class PostFields(Strict):
    """Which part of a forum's post holds which field."""

    text: Take
    author: Take | None = None
    author_url: Take | None = None
    author_id: Take | None = None
    date: Take | None = None
    edited: Take | None = None
    id: Take | None = None
    url: Take | None = None
    reply_to: Take | None = None
    """Id of the post quoted, as `id` has it; in the form of `identity` where the topic has one."""
    likes: Take | None = None


class TopicFields(Strict):
    """Which part of a topic's line in a board holds which field."""

    link: Take
    """The topic's first page."""
    title: Take | None = None
    replies: Take | None = None
    """How many; where the board rounds it (`1.2K`), `last` is needed too."""
    last: Take | None = None
    """What is another with each new post: the address of the last one, or its exact time. Never `5 minutes ago`."""
    date: Take | None = None
    """When the last post was published."""
    views: Take | None = None

    @model_validator(mode="after")
    def _something(self) -> TopicFields:
        if not (self.replies or self.last or self.date):
            raise ValueError("must say what shows that a topic has new posts: `replies`, `last` or `date`")
        return self


class BoardModel(Strict):
    """How a page of a board is read: its list of topics, the newest activity first."""

    topic: Selector
    """Each topic of a page."""
    take: TopicFields
    pinned: Selector | None = None
    """What a topic's line has, or is itself, where the topic stands on top whatever is posted."""
    name: Take | None = None
    """The board's name: the place of its posts."""
    members: Take | None = None
    """How many are members or subscribers of the place, where its pages say so."""
    next: Take | None = None
    numbered: Text | None = None
    """Parameter of the address that numbers the pages, where no link leads to the next one."""


class StartModel(Strict):
    """The forum's start page, where it says how many members the forum has."""

    members: Take
    """How many; of a sentence with several numbers, what `regex` finds."""
    link: Take | None = None
    """What leads to it on a page of a topic."""
    url: Url | None = None
    """Its address, where no link leads to it."""

    @model_validator(mode="after")
    def _somewhere(self) -> StartModel:
        if not (self.link or self.url):
            raise ValueError("must say where it is: `url`, or `link`, what leads to it on a page of a topic")
        return self


class TopicModel(Strict):
    """How a page of a topic is read."""

    post: Selector
    """Each post of a page."""
    removed: Selector | None = None
    """What stands in the place of a post that was removed; `take.id` finds its id there."""
    take: PostFields
    id: Regex
    """What of a topic's address is its id."""
    title: Take | None = None
    next: Take | None = None
    identity: Text | None = None
    """Id of a post on its whole site where `id` only numbers it within its topic: `{topic}/{id}`."""
    permalink: Text | None = None
    """Address of a post whose page has none, after the topic's and its own id: `/story/_{topic}?cid={id}`."""


class ArticleFields(Strict):
    """Which part of an article's page holds which field, where the page doesn't say it in the usual ways."""

    text: Take | None = None
    title: Take | None = None
    author: Take | None = None
    date: Take | None = None


class Columns(Strict):
    """Which column, or dotted path of a JSON record, holds which field of a post."""

    text: Annotated[Many[Text], Listed, NotEmpty]
    """One column, or several that are joined by blank lines."""
    id: Text | None = None
    title: Text | None = None
    author: Text | None = None
    author_id: Text | None = None
    author_url: Text | None = None
    date: Text | None = None
    time: Text | None = None
    """Time of the day, where it has a column of its own."""
    edited: Text | None = None
    rating: Text | None = None
    url: Text | None = None
    thread: Text | None = None
    reply_to: Text | None = None
    """Native id, or address, of the post answered."""
    company_reply: Text | None = None
    product: Text | None = None
    site: Text | None = None
    place: Text | None = None
    language: Text | None = None
    views: Text | None = None
    followers: Text | None = None
    members: Text | None = None
    likes: Text | None = None
    shares: Text | None = None
    replies: Text | None = None
