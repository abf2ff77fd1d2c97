"""The pages of the demo's sites: a blog with a feed, a review site in Russian and one in English.

The rule to know: a page is a pure function of what is published, the path and the query, so that tests read pages without
a server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from demo.content import COMPANIES
from demo.shelf import Published

HERE = Path(__file__).parent
PER_PAGE = 20
ARTICLES_PER_PAGE = 10
COMPANY_NAMES = {
    "vestarna": {"ru": "Вестарна", "en": "Vestarna"},
    "dukator": {"ru": "Дукатор", "en": "Dukator"},
    "kvotum": {"ru": "Квотум", "en": "Kvotum"},
}
MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends back."""

    body: bytes
    kind: str = HTML
    status: int = 200
    modified: datetime | None = None
    """Set where a conditional request makes sense."""


def date_in_words(moment: datetime) -> str:
    """`24 ноября 2026 г., 14:05`: the long Russian form of the page of «Вестарна»."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year} г., {moment:%H:%M}"


def date_of_page(moment: datetime, company: str | None, language: str) -> str:
    """The date as each page writes it: places differ, and a crawler has to read them all."""
    if language == "en":
        return f"{MONTHS_EN[moment.month - 1]} {moment.day}, {moment.year}, {moment:%I:%M %p}"
    if company == "dukator":
        return moment.isoformat(timespec="minutes")
    if company == "kvotum":
        return f"{moment:%d.%m.%Y %H:%M}"
    return date_in_words(moment)


def teaser(text: str, length: int = 200) -> str:
    """The beginning of an article, cut at a word."""
    flat = re.sub(r"\s+", " ", text)
    return flat if len(flat) <= length else flat[:length].rsplit(" ", 1)[0].rstrip(",.;:—- ") + "…"


def paragraphs(text: str) -> list[list[str]]:
    """Paragraphs of lines: a blank line starts a paragraph, a line break stays one."""
    return [part.split("\n") for part in re.split(r"\n\s*\n", text.strip())]


def address(post: Published) -> str:
    """Path of the post's own page."""
    story = post.story
    if story.site == "blog":
        return f"/blog/{story.number}/"
    return f"/{story.site}/{story.company}/{story.number}/"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(["html", "xml"]), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "teaser": teaser,
        "paragraphs": paragraphs,
        "address": address,
        "words": date_in_words,
        "rfc822": format_datetime,
    }
    environment.globals |= {"names": COMPANY_NAMES, "companies": COMPANIES, "date_of_page": date_of_page}
    return environment


ENVIRONMENT = _environment()


def _html(template: str, **values: Any) -> Answer:
    return Answer(ENVIRONMENT.get_template(template).render(**values).encode())


def not_found() -> Answer:
    return Answer(ENVIRONMENT.get_template("missing.html").render().encode(), status=404)


def answer(published: list[Published], path: str, query: dict[str, str], host: str) -> Answer:
    """The page at `path`; `host` (with the port) makes the feed's addresses absolute. 404 where there is none."""
    if path == "/":
        return _html("start.html", published=published)
    if path == "/robots.txt":
        return Answer(b"User-agent: *\nDisallow: /write/\nAllow: /\n", "text/plain; charset=utf-8")
    if path == "/static/style.css":
        return Answer((HERE / "static" / "style.css").read_bytes(), "text/css; charset=utf-8")
    first, *rest = [part for part in path.split("/") if part]
    if not path.endswith("/") and not path.endswith("/feed.xml"):
        return not_found()
    if first == "blog":
        return _blog([post for post in published if post.story.site == "blog"], rest, query, host)
    if first in ("reviews", "en"):
        return _reviews([post for post in published if post.story.site == first], first, rest, query)
    return not_found()


def _blog(posts: list[Published], rest: list[str], query: dict[str, str], host: str) -> Answer:
    popular = sorted(posts, key=lambda post: -(post.story.views or 0))[:5]
    match rest:
        case []:
            return _listing("blog.html", posts, "/blog/", query, ARTICLES_PER_PAGE, popular=popular, login=None)
        case ["feed.xml"]:
            feed = ENVIRONMENT.get_template("feed.xml").render(posts=posts, host=host).encode()
            return Answer(feed, "application/rss+xml; charset=utf-8", modified=posts[0].moment if posts else None)
        case ["author", login]:
            written = [post for post in posts if post.story.login == login]
            return _listing("blog.html", written, f"/blog/author/{login}/", query, ARTICLES_PER_PAGE, popular=popular, login=login)
        case [number]:
            for place, post in enumerate(posts):
                if str(post.story.number) == number:
                    return _html("article.html", post=post, popular=popular, newer=posts[place - 1] if place else None)
    return not_found()


def _reviews(posts: list[Published], site: str, rest: list[str], query: dict[str, str]) -> Answer:
    language = "en" if site == "en" else "ru"
    both: dict[str, Any] = {"site": site, "language": language}
    match rest:
        case []:
            totals = [(company, _stars(posts, company)) for company in COMPANIES]
            return _listing("reviews.html", posts, f"/{site}/", query, PER_PAGE, **both, company=None, totals=totals, login=None)
        case ["user", login]:
            written = [post for post in posts if post.story.login == login]
            base = f"/{site}/user/{login}/"
            return _listing("reviews.html", written, base, query, PER_PAGE, **both, company=None, totals=[], login=login)
        case [company] if company in COMPANIES:
            on_page = [post for post in posts if post.story.company == company]
            totals = [(company, _stars(posts, company))]
            base = f"/{site}/{company}/"
            return _listing("reviews.html", on_page, base, query, PER_PAGE, **both, company=company, totals=totals, login=None)
        case [company, number]:
            for post in posts:
                if post.story.company == company and str(post.story.number) == number:
                    return _html("review.html", post=post, **both)
    return not_found()


def _listing(template: str, posts: list[Published], base: str, query: dict[str, str], size: int, **values: Any) -> Answer:
    """One page of a list, newest first; 404 past the last page."""
    asked = query.get("page", "1")
    number, last = int(asked) if asked.isdecimal() else 0, max(1, -(-len(posts) // size))
    if not 1 <= number <= last or (values.get("login") and not posts):
        return not_found()
    shown = posts[(number - 1) * size : number * size]
    return _html(template, posts=shown, base=base, page=number, last=last, count=len(posts), **values)


def _stars(posts: list[Published], company: str) -> tuple[float | None, int]:
    """Mean of the stars given to a company, and how many reviews it has."""
    stars = [post.story.stars for post in posts if post.story.company == company and post.story.stars]
    count = sum(post.story.company == company for post in posts)
    return (sum(stars) / len(stars) if stars else None), count
