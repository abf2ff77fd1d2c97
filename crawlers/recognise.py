"""What an address is and how it would be watched: by its form alone, else by what the site answers to a first look.

The rule to know: the first of what is found is the one that knows most of a post (an interface, then a preset, a feed, articles by
sitemap or links); the others are told too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urljoin, urlsplit

from crawlers.engine import absolute, by_address, forums, interfaces, reviews, sites
from crawlers.feed_document import Feed, read_feed
from crawlers.found import Found, Unrecognised
from crawlers.instead import asks_for_login, with_signs
from crawlers.page import plain
from crawlers.selection import base_of
from crawlers.sitemap import read_sitemap
from crawlers.source import CollectError
from crawlers.visit import Answer, Visit

FEEDS = 4
"""Feeds of a page that are looked at."""
WHOLE = 600
"""Characters that the usual entry of a feed has where it is no teaser."""
ALIKE = 5
"""Links of one form from which on they are a list of articles."""
HEADLINE = 25
"""Characters of a link that is a headline rather than a menu."""
_FEED = "//link[contains(@rel, 'alternate')][contains(@type, 'rss') or contains(@type, 'atom')]"
_COMMENTS = re.compile(r"comment|коммент", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_FEED_BEGINS = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<\?[^>]*>\s*|<!DOCTYPE rss[^>]*>\s*)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Ways to watch an address, the best first, and what else was seen there."""

    found: tuple[Found, ...]
    seen: tuple[str, ...] = ()


def at_once(url: str) -> Found | None:
    """What the address alone tells. Raises Unrecognised where it belongs to a source that can't watch it."""
    try:
        return by_address(url)
    except ValueError as error:
        raise Unrecognised(f"{url} is known by its address: {error}") from error


def wanted(visit: Visit) -> list[str]:
    """What is to be asked besides the page, to be sure of what it is."""
    first = visit.first
    if _FEED_BEGINS.match(first.text) or not _MARKUP.search(first.text):
        return []
    asked = interfaces(first) + [url for url, _ in _links(first)][:FEEDS]
    if not forums(first)[0] and not reviews(first):
        asked.append(visit.sitemaps[0] if visit.sitemaps else urljoin(first.url, "/sitemap.xml"))
    return list(dict.fromkeys(asked))


def recognise(visit: Visit) -> Recognised:
    """What a site is, by its answers. Raises Unrecognised."""
    first = visit.first
    try:
        feed = _feed(first)
    except CollectError as error:
        raise Unrecognised(str(error)) from error
    if feed:
        return Recognised((_of_feed(first.url, feed, "the address is a feed itself"),))
    if not _MARKUP.search(first.text):
        if data := [*forums(first)[0], *reviews(first)]:  # JSON or XML that a preset reads
            return Recognised(tuple(data))
        said = first.content_type or "without a type"
        raise Unrecognised(f"{first.url} is neither a page nor a feed: its type is {said}, it begins with {first.text.strip()[:40]!r}")
    if elsewhere := at_once(first.url):
        return Recognised((elsewhere,))
    found, seen = forums(first)
    made, vain = sites(visit)
    shut = bool(seen)
    seen += vain
    found = [*_interface_first(found, made), *reviews(first), *_feeds(visit, seen)]
    found += [] if shut else _articles(visit, seen)  # a forum's page that shows no topics has no articles either
    seen += _data(first)
    if not found:
        raise Unrecognised(_nothing(first, seen))
    return Recognised(tuple(found), tuple(seen))


def _interface_first(forums: list[Found], made: list[Found]) -> list[Found]:
    """A preset with the name of a kind reads pages of what that kind reads by its interface, which goes before it where it answers."""
    kinds = {each.kind for each in made}
    return sorted([*forums, *made], key=lambda each: each.preset in kinds)


def _feed(answer: Answer) -> Feed | None:
    """The feed that an answer is. Raises CollectError for a damaged one."""
    if not _FEED_BEGINS.match(answer.text):
        return None
    return read_feed(answer.body, answer.content_type, answer.url)


def _of_feed(url: str, feed: Feed, by: str) -> Found:
    lengths = [len(plain(str(entry.get("html", ""))).own) for entry in feed.entries]
    teasers = bool(lengths) and median(lengths) < WHOLE
    says: dict[str, Any] = {"url": url} | ({"article": True} if teasers else {}) | {"schedule": "every 15 minutes"}
    comments = {"article": "its entries are short: each one's page is fetched"} if teasers else {}
    notes = () if feed.entries else ("it has no entries now, so that nobody can tell whether it is the feed that is meant",)
    return Found(kind="feed", what=f"feed of {len(feed.entries)} entries", by=(by,), says=says, comments=comments, notes=notes)


def _links(answer: Answer) -> list[tuple[str, str]]:
    """The feeds that a page names, those of comments last."""
    base = base_of(answer.page, answer.url)
    named = [(absolute(base, link.attrib.get("href", "")), link.attrib.get("title", "")) for link in answer.page.xpath(_FEED)]
    return sorted(((url, title) for url, title in dict(named).items() if url), key=lambda feed: bool(_COMMENTS.search(" ".join(feed))))


def _feeds(visit: Visit, seen: list[str]) -> Iterator[Found]:
    for url, title in _links(visit.first)[:FEEDS]:
        answer = visit.others.get(url, "not asked")
        try:
            feed = None if isinstance(answer, str) else _feed(answer)
        except CollectError as error:
            feed, answer = None, str(error)
        if feed:
            yield _of_feed(url, feed, f"<link rel=alternate> of the page{f', {title!r}' if title else ''}")
        else:
            seen.append(f"feed {url}: {answer if isinstance(answer, str) else 'is none'}")


def _articles(visit: Visit, seen: list[str]) -> Iterator[Found]:
    """Articles that a sitemap lists, or that links of the page lead to."""
    form, count = _form(visit.first)
    says: dict[str, Any] = {}
    by = []
    for url in [*visit.sitemaps[:1], urljoin(visit.first.url, "/sitemap.xml")]:
        if says or not (answer := visit.other(url)):
            continue
        try:
            sitemap = read_sitemap(answer.body, url)
        except CollectError as error:
            seen.append(str(error))
            continue
        if sitemap.pages or sitemap.maps:
            says = {"sitemap": url}
            whose = "robots.txt names" if url in visit.sitemaps else "the site has"
            by.append(f"{whose} a sitemap of {len(sitemap.pages or sitemap.maps)} entries")
    if form:
        says |= ({} if says else {"url": visit.first.url}) | {"articles": form}
        by.append(f"{count} headlines that lead to addresses of one form")
    if says:
        note = (
            "`articles` is guessed"
            if form
            else "all pages of the sitemap are taken for articles: say in `articles` what their addresses have"
        )
        comments = {"articles": f"guessed from {count} links of the page"} if form else {}
        says |= {"schedule": "every 1 hour"}
        yield Found(kind="site", what="articles of a site", by=tuple(by), says=says, notes=(note,), comments=comments)


def _form(answer: Answer) -> tuple[str | None, int]:
    """What addresses of articles have, by the links of a page that read as headlines; and how many there are."""
    base, forms = base_of(answer.page, answer.url), Counter[str]()
    for url, words in {absolute(base, link.attrib["href"]): link.xpath("string()").get("") for link in answer.page.css("a[href]")}.items():
        parts = urlsplit(url)
        if parts.netloc == urlsplit(answer.url).netloc and len(" ".join(words.split())) >= HEADLINE:
            form = "/".join(_part(part) for part in parts.path.split("/"))
            forms[form] += form != re.escape(parts.path)
    [(form, count)] = forms.most_common(1) or [("", 0)]
    return (f"{form}$", count) if count >= ALIKE else (None, count)


def _part(part: str) -> str:
    """A part of a path as it is in the address of every article: a number, a headline, else the word itself."""
    if part.isdigit():
        return r"\d+"
    name, dot, ending = part.partition(".")
    if re.search(r"\d", name) or name.count("-") >= 2 or name.count("_") >= 2:
        return r"[^/?]+" + (re.escape(dot + ending) if ending in ("html", "htm", "php", "shtml") else "")
    return re.escape(part)


def _data(answer: Answer) -> list[str]:
    """What a page says in JSON-LD or microdata that no target reads by itself."""
    types = Counter[str]()
    for script in answer.page.css("script[type='application/ld+json']::text").getall():
        try:
            types.update(_types(json.loads(script)))
        except ValueError:
            continue
    types.update(each.rpartition("/")[2] for each in answer.page.xpath("//@itemtype").getall())
    return [
        f"{types[name]} {words} in its data: no preset reads this site; `kind: reviews` with `item` and `take` by hand does "
        "(docs/sources/reviews.md)"
        for name, words in (("Review", "reviews"), ("UserReview", "reviews"))
        if types[name]
    ]


def _types(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for each in data:
            yield from _types(each)
    elif isinstance(data, dict):
        said = data.get("@type")
        yield from [said] if isinstance(said, str) else [each for each in said or () if isinstance(each, str)]
        for each in data.values():
            yield from _types(each)


def _nothing(answer: Answer, seen: list[str]) -> str:
    tried = "its address, feeds, marks of forums and engines, review sites, a sitemap, links that read as headlines"
    hint = (
        "pages that only a script shows can't be read. By hand: `kind: reviews` or `kind: forum` with selectors of your own "
        "(docs/sources/reviews.md, forum.md), `kind: site` with `url` and `articles` (site.md), `kind: files` for an export"
    )
    if asks_for_login(answer.page):
        hint = "is a login wanted? Pages are read as guests see them: give the address of one, or take an export by `kind: files`"
    nothing = with_signs(f"{answer.url}: nothing was recognised; tried: {tried}", answer.page)
    return "\n  ".join([nothing, *(f"seen: {each}" for each in seen), hint])
