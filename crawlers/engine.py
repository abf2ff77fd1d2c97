"""Engines of pages: which one made a page, by what the sources and presets declare and by what their own selectors read there.

The rule to know: a preset that reads posts or topics of the page goes before one whose marks alone stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from crawlers.board import Topic, read_board, read_posts
from crawlers.found import Found
from crawlers.kinds import ForumTarget, ReviewsTarget
from crawlers.known import Address, KnownBy, placed
from crawlers.link import is_link, without_session
from crawlers.mapping import source
from crawlers.preset import known_by, preset, preset_names
from crawlers.selection import Fields, base_of, select, takes
from crawlers.spiders.reviews import read_page
from crawlers.target import KINDS
from crawlers.visit import Answer, Visit

BOARDS = 60
"""Boards that a forum's start page may give a target."""
FEW = 3
"""Links to boards from which on a page is a forum's start page."""
ABOVE = "[class*=crumb] a[href], [class*=nav] a[href], [id*=nav] a[href], [id*=crumb] a[href]"
"""Links of a topic to what it is in."""
EXAMPLE = 60
"""Characters of a name that is shown."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a forum's preset makes of a page."""

    preset: str
    known: KnownBy
    signs: tuple[str, ...]
    posts: int = 0
    topics: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """Greater is surer: it reads the page and its marks stand there, then by how much it reads."""
        read = self.posts or self.topics
        return bool(read) + bool(self.signs), read, len(self.signs)


def signs(known: KnownBy, answer: Answer) -> tuple[str, ...]:
    """The declared signs that an answer has, in words."""
    page, found = answer.page, []
    said = page.xpath("//meta[translate(@name, 'GENRATO', 'genrato') = 'generator']/@content").getall()
    if known.generator:
        found += [f"meta generator {each.strip()[:EXAMPLE]!r}" for each in said if re.search(known.generator, each.strip())]
    found += [f"mark `{mark.strip()}`" for mark in known.marks if select(page, mark)]
    if known.cookies:
        found += [f"cookie {name}" for name in answer.cookies if re.search(known.cookies, name)]
    return tuple(found)


@cache
def declared() -> tuple[tuple[str, str | None, KnownBy], ...]:
    """Kind, preset and signs of everything that is declared: sources in their modules, presets in their files."""
    found: list[tuple[str, str | None, KnownBy]] = []
    for kind in KINDS:
        found += [(kind, name, known) for name in preset_names(kind) if (known := known_by(kind, name))]
        if own := getattr(source(kind), "KNOWN_BY", None):
            found.append((kind, None, own))
    return tuple(found)


def forums(answer: Answer) -> tuple[list[Found], list[str]]:
    """The forum that a page belongs to, by the surest engine; and what was recognised in vain."""
    best = max((_reading(name, known, answer) for name, known in _presets("forum")), key=lambda reading: reading.rank)
    if not best.rank[0]:
        return [], []
    if best.posts:
        return [_topic(best, answer)], []
    if best.topics:
        return [_board(best, answer)], []
    boards = _boards(best.known, answer, best.known.board_links or "a[href]")[:BOARDS]
    if len(boards) < FEW:
        told = f"{best.known.engine}, by {'; '.join(best.signs)}; but no topic, post or list of boards is found on this page"
        return [], [f"{told}: give the address of a board or topic (preset {best.preset}); is a login wanted?"]
    return [_start(best, boards)], []


def _presets(kind: str) -> Iterator[tuple[str, KnownBy]]:
    return ((name, known) for each, name, known in declared() if each == kind and name)


@cache
def _target(kind: str, name: str) -> Any:
    """A target of a preset that watches nothing yet: its selectors are what is wanted."""
    return KINDS[kind].model_validate(preset(kind, name) | {"kind": kind, "name": name, "url": "https://forum.invalid"})


def _reading(name: str, known: KnownBy, answer: Answer) -> Reading:
    target: ForumTarget = _target("forum", name)
    page, wanted = answer.fresh(), takes(target.topic.take)
    raws = list(read_posts(page, target, answer.url, Topic(id="", address=answer.url), opening=False))
    posts = sum(bool(Fields(raw, wanted).text("text")) for raw in raws)
    if raws and not posts and re.search(target.topic.id, answer.url):
        posts = len(raws)  # pictures, or what only members see
    # A page of a topic may list similar ones beside it, and some boards look like topics without text.
    topics = 0 if posts else sum(bool(line.topic.title) for line in read_board(answer.fresh(), target, answer.url, datetime.now(UTC)))
    return Reading(name, known, signs(known, answer), posts, topics)


def _found(reading: Reading, what: str, read: str, says: dict[str, Any], *notes: str, comments: dict[str, str] | None = None) -> Found:
    return Found(
        kind="forum",
        preset=reading.preset,
        what=f"{what} of {reading.known.engine}",
        by=((read,) if read else ()) + reading.signs,
        says=says | {"schedule": "every 15 minutes"},
        notes=notes,
        comments=comments or {},
    )


def _topic(reading: Reading, answer: Answer) -> Found:
    first = _first_page(answer.url, reading.known)
    notes = [f"watched from its first page, {first}"] if first != answer.url.partition("#")[0] else []
    above = [link for link, _ in _boards(reading.known, answer, ABOVE)]
    if above:
        notes.append(f"only this topic is watched; its board is {above[-1]}: give that address to watch all of it")
    return _found(reading, "topic", f"{reading.posts} posts that its selectors read", {"topics": first}, *notes)


def _board(reading: Reading, answer: Answer) -> Found:
    first = _first_page(answer.url, reading.known)
    above = {link for link, _ in _boards(reading.known, answer, ABOVE)}
    below = [link for link, _ in _boards(reading.known, answer, reading.known.board_links or "a[href]") if link not in {first, *above}]
    notes = [f"{len(below)} other boards that the page links to are not watched: {' '.join(below[:3])} …"] if below else []
    return _found(reading, "board", f"{reading.topics} topics that its selectors read", {"url": first}, *notes)


def _start(reading: Reading, boards: list[tuple[str, str]]) -> Found:
    note = "take out boards that you don't want, and those that only hold other boards: a board without topics fails the run"
    urls = [link for link, _ in boards]
    return _found(reading, f"start page with {len(boards)} boards", "", {"url": urls}, note, comments=dict(boards))


def _boards(known: KnownBy, answer: Answer, links: str) -> list[tuple[str, str]]:
    """Boards that links of a page lead to on its own host, with their names."""
    found: dict[str, str] = {}
    base = base_of(answer.page, answer.url)
    sure = links == known.board_links
    for link in answer.page.css(links):
        url, name = _first_page(absolute(base, link.attrib.get("href", "")), known), " ".join(link.xpath("string()").get("").split())
        if name and urlsplit(url).netloc == urlsplit(answer.url).netloc and (sure or (known.boards and re.search(known.boards, url))):
            found.setdefault(url, name[:EXAMPLE])
    return list(found.items())


def absolute(base: str, href: str) -> str:
    """Where a link leads; empty for what is none."""
    try:
        url = urljoin(base, href.strip())
    except ValueError:
        return ""
    return without_session(url) if is_link(url) else ""


def _first_page(url: str, known: KnownBy) -> str:
    """The address without what leads to a later page or to a post."""
    short = re.sub(known.page, "", url) if known.page else url
    return short if "?" in short else short.replace("&", "?", 1)


def reviews(answer: Answer) -> list[Found]:
    """Review sites whose preset reads reviews of the page."""
    found = []
    for name, known in _presets("reviews"):
        target: ReviewsTarget = _target("reviews", name)
        wanted = takes(target.take)
        read = sum(bool(Fields(raw, wanted).text("text")) for raw in read_page(answer.fresh(), target, answer.url))
        if read:
            by = (f"{read} reviews that its selectors read",)
            says = {"url": answer.url, "schedule": "every 15 minutes"}
            found.append(Found(kind="reviews", preset=name, what=f"reviews of {known.engine}", by=by, says=says))
    return found


def interfaces(answer: Answer) -> list[str]:
    """Addresses of interfaces that the page's engine should have."""
    return [url for _, known, _ in _made(answer) if (url := interface(known, answer))]


def interface(known: KnownBy, answer: Answer) -> str | None:
    """Where the interface of an engine stands: as the page says, else where it usually is."""
    said = select(answer.page, known.interface).get() if known.interface else None
    if said:
        return absolute(answer.url, said) or None
    return urljoin(answer.url, f"/{known.probe}") if known.probe else None


def sites(visit: Visit) -> tuple[list[Found], list[str]]:
    """The engines of sources of their own that a page shows and whose interface answers; and what was recognised in vain."""
    found, vain = [], []
    for kind, known, told in _made(visit.first):
        address = interface(known, visit.first)
        answer = visit.other(address)
        if address and (answer is None or not re.search(known.proof or "", answer.text)):
            why = visit.others.get(address)
            vain.append(f"{known.engine}, by {'; '.join(told)}; but its interface {address} " + _refusal(why))
            continue
        home = re.sub(known.cut, "", address) if address and known.cut else urljoin(visit.first.url, "/")
        place = placed(known.places, visit.first.url, home=home.rstrip("/"))
        if place is None:
            continue
        form, says = place
        if form.refused:
            vain.append(f"{known.engine}, by {'; '.join(told)}: {form.refused}")
            continue
        by = told + ((f"its interface {address}",) if address else ())
        found.append(Found(kind=kind, what=known.engine, by=by, says=says, notes=_notes(form)))
    return found, vain


def _refusal(why: Answer | str | None) -> str:
    return f"can't be had ({why})" if isinstance(why, str) else "was not asked" if why is None else "answers something else"


def _made(answer: Answer) -> Iterator[tuple[str, KnownBy, tuple[str, ...]]]:
    """Sources of their own whose signs the page has."""
    for kind, name, known in declared():
        if name is None and known.places and (told := signs(known, answer)):
            yield kind, known, told


def _notes(form: Address) -> tuple[str, ...]:
    return (form.note,) if form.note else ()


def by_address(url: str) -> Found | None:
    """The source that the address alone tells. Raises ValueError where it can't be collected, with what can be given instead."""
    for kind, name, known in declared():
        if place := placed(known.addresses, url):
            form, says = place
            if form.refused:
                raise ValueError(f"{known.engine}: {form.refused}")
            host = urlsplit(url).hostname
            return Found(kind=kind, preset=name, what=known.engine, by=(f"its address at {host}",), says=says, notes=_notes(form))
    return None
