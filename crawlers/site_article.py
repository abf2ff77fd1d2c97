"""An article of a site: what its page says, and what it is known and told by.

The rule to know: an article is known by its address, the same as by the site's feed. What its text is told by counts no numbers where it
has no date, as a wall has none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from parsel import Selector
from scrapy.http import Response

from crawlers.article import facts, main_text
from crawlers.entry import edit
from crawlers.kinds import SiteTarget
from crawlers.moment import Moment, parse_moment
from crawlers.page import at_site, decode, site_of
from crawlers.post import post_id
from crawlers.selection import takes, value
from crawlers.spider import content_type
from crawlers.wall import without_numbers


def read_article(response: Response, target: SiteTarget) -> dict[str, Any]:
    """The raw item of an article: what its page says of it, and its text; the file's own selectors go first."""
    html = decode(response.body, content_type(response)) or "<html/>"
    page = Selector(html, type="html")
    said = facts(page)
    own = {name: words for name, take in takes(target.take).items() if (words := value(page, take))}
    text = own.pop("text", None) or main_text(html)
    found = {
        "url": response.url, "title": said.title, "author": said.author, "date": said.date, "edited": said.changed,
        "language": said.language,
        "text": text.own if text else None, "quoted": text.quoted if text else None,
    } | {name: words.own for name, words in own.items()}  # fmt: skip
    return {name: each for name, each in found.items() if each}


def identity(url: str, target: SiteTarget) -> str:
    """`Post.id` of the article at an address; the same as by the site's feed."""
    site = site_of(target.site, url)
    return post_id(site, url=at_site(url, url, site))


def shown(raw: dict[str, Any]) -> str:
    """What an article is told by: headline and text, as a wall has one headline too, while short texts honestly repeat; or no text.

    Where it has no date, as a wall has none, the text counts without numbers: walls tell each request its own.
    """
    text: str = raw.get("text") or ""
    own = text if raw.get("date") else without_numbers(text)
    return "\n".join(filter(None, (raw.get("title"), own))) if text else ""


def edited_at(raw: dict[str, Any], target: SiteTarget, published: Moment, collected: datetime) -> datetime | None:
    """When an article was last edited, by what its page says; None where it was not, or nobody can tell."""
    try:
        return edit(parse_moment(raw.get("edited", ""), target.zone, now=collected, day_first=target.day_first), published)
    except ValueError:
        return None
