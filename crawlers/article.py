"""The main text of an article's page, found by trafilatura, and what the page says of it to programs.

The rule to know: it is meant for articles; on forums and lists it doubles text, use selectors there.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from crawlers.link import host_of, is_link
from crawlers.page import Text, plain, tidy

if TYPE_CHECKING:
    from trafilatura.settings import Extractor


def main_text(html: str) -> Text | None:
    """The article on a page without menus, comments and quotes of others; None where no article is found."""
    import trafilatura  # as long to import as Scrapy, and most runs fetch no article

    extract = partial(trafilatura.extract, html, options=_options())
    whole = extract()
    own = extract(prune_xpath="//blockquote") if "<blockquote" in html.lower() else whole
    if not whole:
        return None
    if not own or len(own) < len(whole) / 2:
        # More than half of it is quoted: that is how some editors set a whole article.
        return Text(tidy(whole))
    if own == whole:
        return Text(tidy(own))
    return Text(tidy(own), _quotes(whole, own))


@cache
def _options() -> Extractor:
    """What is extracted of every page: to read it from trafilatura's settings takes a tenth of the time of a page."""
    from trafilatura.settings import Extractor

    logging.getLogger("trafilatura").setLevel(logging.ERROR)  # it knows no address; a page without a text is told of by who asked
    return Extractor(comments=False, tables=True)


def _quotes(whole: str, own: str) -> str | None:
    kept = set(own.splitlines())
    quoted = [line for line in whole.splitlines() if line not in kept]
    return plain("\n".join(quoted)).own or None


def below_headline(text: str, title: str | None) -> str:
    """The text without its first line where that is the title again; a headline alone stays."""
    first, _, rest = text.partition("\n")
    return rest if rest and first.strip() == title else text


@dataclass(frozen=True, slots=True)
class Facts:
    """What an article's page says of it to programs; None where it doesn't."""

    title: str | None
    author: str | None
    date: str | None
    changed: str | None
    """When it was last edited, as the page says it: many say so of each article, with the date of publication."""
    language: str | None


def facts(page: Selector) -> Facts:
    """Title, author and dates by JSON-LD, else by the page's metadata, else by its headings. No date is guessed."""
    said = next((each for each in _told(page) if each.get("datePublished") or each.get("headline")), {})
    names = [each.get("name") if isinstance(each, dict) else each for each in _list(said.get("author"))]
    written = ", ".join(name for name in names if isinstance(name, str) and name) or _first(page, _AUTHOR)
    return Facts(
        title=_text(said.get("headline")) or _first(page, _TITLE),
        author=None if written is None or is_link(written) else written,
        date=_text(said.get("datePublished")) or _first(page, _DATE),
        changed=_text(said.get("dateModified")) or _first(page, _CHANGED),
        language=(page.xpath("//html/@lang").get() or "")[:2].lower() or None,
    )


def own_address(page: Selector, url: str) -> str | None:
    """The address that an article's page calls its own, on the same host; None for the start page, which some sites name on each page."""
    try:
        said = urljoin(url, page.xpath("//link[@rel='canonical']/@href").get("").strip())
        own = is_link(said) and host_of(said) == host_of(url) and urlsplit(said).path.strip("/")
    except ValueError:
        return None
    return said if own else None


_TITLE = ("//meta[@property='og:title']/@content", "//h1")
_AUTHOR = (
    "//meta[@name='author']/@content",
    "//meta[@property='article:author']/@content",
    "//*[@itemprop='author']//*[@itemprop='name'] | //*[@itemprop='author'][not(.//*[@itemprop='name'])]",
    "//a[contains(@rel, 'author')]",
)
_DATE = (
    "//meta[@property='article:published_time']/@content",
    "//*[@itemprop='datePublished']/@*[name()='content' or name()='datetime']",
    "//meta[@name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued']/@content",
    "//article//time/@datetime",
)
_CHANGED = (
    "//meta[@property='article:modified_time']/@content",
    "//*[@itemprop='dateModified']/@*[name()='content' or name()='datetime']",
)


def _told(page: Selector) -> Iterator[dict[str, Any]]:
    """The articles that a page describes in JSON-LD."""
    for script in page.xpath("//script[@type='application/ld+json']/text()").getall():
        try:
            todo = deque([json.loads(script, strict=False)])
        except (ValueError, RecursionError):
            continue
        while todo:
            each = todo.popleft()
            if isinstance(each, list):
                todo += each
            elif isinstance(each, dict):
                todo += [each.get("@graph"), each.get("mainEntity")]
                if any(str(kind).endswith(("Article", "Posting")) for kind in _list(each.get("@type"))):
                    yield each


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    return plain(value).own or None if isinstance(value, str) else None


def _first(page: Selector, paths: Iterable[str]) -> str | None:
    """The first of the paths that finds words."""
    found = (plain(each).own for path in paths for each in page.xpath(path).getall())
    return next((words for words in found if words), None)
