"""Selectors of a target's file at work: the pieces of a page, their fields, and the link to the page after it.

The rule to know: a raw item is a post's own piece of the page, so that a selector mended in the file can read old items again.
Only a path from the root of the page (`/…`) looks outside of it, once, when the page is read.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from parsel import Selector, SelectorList

from crawlers.kinds import PagesTarget
from crawlers.link import is_link, without_session
from crawlers.moment import UNKNOWN, Moment, parse_moment
from crawlers.page import Text, at_site, plain, tidy
from crawlers.post import MOST
from crawlers.rejection import FEW
from crawlers.source import CollectError
from crawlers.taken import TakeModel

Takes = Mapping[str, TakeModel]
"""Name of a field -> how it is taken."""

TOLD = ("text", "date", "author", "rating")
"""Fields whose selectors must find something in a run."""
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"(?<=\d)[\s,.](?=\d{3}(?!\d))")
_COUNT = re.compile(r"(\d+)(?:[.,](\d+))?(?:\s*(?:(k|к|тыс)|(m|м|млн))(?![a-zа-я]))?", re.IGNORECASE)
_NO_PAGE = ("#", "javascript:")


def select(node: Selector, selector: str) -> SelectorList[Selector]:
    """What a selector finds: XPath where it begins with `/`, `./` or `(`, else CSS."""
    return node.xpath(selector) if selector.startswith(("/", "./", "(")) else node.css(selector)


def takes(fields: Any) -> dict[str, TakeModel]:
    """The fields of a model that the target's file has selectors for."""
    found = {name: getattr(fields, name) for name in type(fields).model_fields}
    return {name: take for name, take in found.items() if take is not None}


def values(node: Selector, take: TakeModel, attribute: str | None = None) -> list[Text]:
    """Every match that is not empty, as text; of an element its `attribute` where it has it."""
    found = []
    for each in select(node, take.select):
        if isinstance(each.root, str):
            text = Text(each.root.strip())
        elif attribute and each.attrib.get(attribute):
            text = Text(each.attrib[attribute].strip())
        else:
            text = _words(each, take)
        if text.own:
            found.append(text)
    return found


def _words(found: Selector, take: TakeModel) -> Text:
    """The words of an element without what the file cuts out; what it calls a quote is kept apart."""
    if take.cut is None and take.quote is None and found.root.tag != "blockquote":
        return plain(found.get())
    root = copy.deepcopy(found.root)
    root.tail = None
    if root.tag == "blockquote":
        root.tag = "div"  # the field itself, as some forums set it, is no quote
    node = Selector(root=root, type="html")
    quoted = [plain(each.get()).own for each in _taken_out(node, take.quote, take.cut)]
    _ = list(_taken_out(node, take.cut))
    text = plain(node.get())
    parts = [part for part in (*quoted, text.quoted) if part]
    return Text(text.own, tidy("\n\n".join(parts)) or None)


def _taken_out(node: Selector, selector: str | None, cut: str | None = None) -> Iterator[Selector]:
    """Each outermost match, taken out of the node, itself without its `cut`."""
    for each in list(select(node, selector)) if selector else ():
        element = each.root
        if isinstance(element, str) or node.root not in element.iterancestors():
            continue  # the node itself, or within a match taken out before
        _left_out(element)
        _ = list(_taken_out(each, cut))
        yield each


def _left_out(element: Any) -> None:
    """Take an element out of its page; what stands behind it stays."""
    left = etree.Element("br")
    left.tail, element.tail = element.tail, None
    element.getparent().replace(element, left)


def value(node: Selector, take: TakeModel, attribute: str | None = None) -> Text | None:
    """What a field holds; None where nothing is found."""
    if take.count:
        return Text(str(len(select(node, take.select))))
    found = values(node, take, attribute)
    if not found:
        return None
    text = found[0]
    if take.all:
        text = Text("\n\n".join(each.own for each in found), "\n\n".join(each.quoted for each in found if each.quoted) or None)
    if take.regex is None:
        return text
    match = re.search(take.regex, text.own)
    return Text((match[1] if match.re.groups else match[0]) or "", text.quoted) if match else None


def pieces(page: Selector, item: str, wanted: Takes, url: str) -> Iterator[dict[str, Any]]:
    """The raw items of a page: each one's piece of it, and what its fields need from the rest."""
    outside = {name: value(page, take) for name, take in wanted.items() if take.select.startswith("/")}
    beside = {name: text.own for name, text in outside.items() if text}
    base = base_of(page, url)
    around = ({"base": base} if base != url else {}) | ({"beside": beside} if beside else {})
    for html in _apart(list(select(page, item))):
        yield {"html": html, "page": url} | around


def _apart(items: list[Selector]) -> list[str]:
    """The markup of each item without those that stand within it, where a page forgets to close its elements."""
    elements = [item.root for item in items]
    found = []
    for item in reversed(items):
        found.append(item.get())
        if any(above in elements for above in item.root.iterancestors()):
            _left_out(item.root)
    return found[::-1]


def base_of(page: Selector, url: str) -> str:
    """What the page's links are relative to: its own address, or what its `<base>` says."""
    said = page.xpath("//base/@href").get()
    try:
        return urljoin(url, said.strip()) if said else url
    except ValueError:
        return url  # no address at all


def next_page(page: Selector, take: TakeModel | None, url: str) -> str | None:
    """Address of the page after this one. Raises CollectError where its link is no address."""
    link = value(page, take, "href") if take else None
    if link is None or not link.own or link.own.startswith(_NO_PAGE):
        return None
    try:
        return without_session(urljoin(base_of(page, url), link.own).partition("#")[0])
    except ValueError as error:
        raise CollectError(f"{url}: the link to its next page is no address: {link.own[:60]!r}") from error


def numbered(parameter: str | None, url: str) -> str | None:
    """The address of the page after this one, where a parameter of it numbers the pages; the first may lack it."""
    if parameter is None:
        return None
    url = url.partition("#")[0]
    number = re.search(rf"(?<=[?&]){re.escape(parameter)}=(\d+)", url)
    if number:
        return f"{url[: number.start(1)]}{int(number[1]) + 1}{url[number.end(1) :]}"
    return f"{url}{'&' if '?' in url else '?'}{parameter}=2"


class Fields:
    """The fields of one raw item: its `html`, what its links are relative to (`base`, else its `page`), and `beside`.

    `own`: fields as the item's own page says them, in the place of its piece of the list.
    """

    def __init__(self, raw: Mapping[str, Any], wanted: Takes, own: Mapping[str, str] | None = None) -> None:
        root = Selector(raw["html"], type="html")
        self.node = next(iter(root.xpath("/html/body/*|/html/head/*")), root)
        self.beside: Mapping[str, str] = raw.get("beside", {})
        self.takes = wanted
        self.own = own or {}
        self.base: str = raw.get("base") or raw["page"]

    def words(self, name: str, attribute: str | None = None) -> Text | None:
        if name in self.own:
            return Text(self.own[name])
        take = self.takes.get(name)
        if take is None:
            return None
        if take.select.startswith("/"):
            return Text(self.beside[name]) if name in self.beside else None
        return value(self.node, take, attribute)

    def has(self, name: str) -> bool:
        """Whether the field's selector finds anything; a count of nothing is nothing, a link without words is one."""
        words = self.words(name, "href" if name == "url" else None)
        return words is not None and bool(words.own) and not (self.takes[name].count and words.own == "0")

    def text(self, name: str) -> str | None:
        words = self.words(name)
        return words.own if words else None

    def link(self, name: str) -> str | None:
        words = self.words(name, "href")
        return without_session(urljoin(self.base, words.own)) if words else None

    def profile(self) -> str | None:
        """The author's page; None for what is no link."""
        try:
            found = self.link("author_url")
        except ValueError:
            return None
        return found if found and is_link(found) else None

    def author_id(self, target: PagesTarget, asked: str, site: str) -> str | None:
        """Only a platform's id, a profile or a unique login makes an author; a bare name is shown and no more."""
        native = self.text("author_id") or at_site(self.profile(), asked, site)
        if native is None and target.unique_logins:
            native = self.text("author")
        return f"{site}:{native}" if native else None

    def moment(self, name: str, target: PagesTarget, now: datetime) -> Moment:
        """The field's date. Raises ValueError for what is none."""
        text = self.text(name)
        if not text:
            return UNKNOWN
        return parse_moment(text, target.zone, now=now, day_first=target.day_first, formats=target.date_formats)

    def lenient(self, name: str, target: PagesTarget, now: datetime) -> Moment:
        """The field's date, where a post can do without: what is none is unknown ("edited by the moderator")."""
        try:
            return self.moment(name, target, now)
        except ValueError:
            return UNKNOWN

    def number(self, name: str) -> float | None:
        """The first number: `4,5`, `5 из 5`, `stars-4.svg`, `1 234`."""
        match = _NUMBER.search(re.sub(r"(?<=\d)\s(?=\d{3}\b)", "", self.text(name) or ""))
        return float(match[0].replace(",", ".").removeprefix("-")) if match else None

    def count(self, name: str) -> int | None:
        """A whole number, None where nothing is counted. Raises ValueError for one that is not possible."""
        number = counted(self.text(name) or "")
        if number is not None and number > MOST:
            raise ValueError(f"{name} is no possible number")
        return number


def counted(text: str) -> int | None:
    """The whole number in a text as sites write it: `1 234`, `1,234`, `5.7K`, `12 тыс.`; None where there is none."""
    match = _COUNT.search(_THOUSANDS.sub("", text))
    if match is None:
        return None
    whole, part, thousands, millions = match.groups()
    number = float(f"{whole}.{part or 0}") * (1_000 if thousands else 1_000_000 if millions else 1)
    return round(min(number, 1e30))  # hundreds of digits are infinite, which is no whole number


class Tally:
    """In how many items of a run the selectors have found what posts have."""

    def __init__(self, wanted: Takes, *, every: Iterable[str], where: str = "take") -> None:
        self.takes = wanted
        self.every = frozenset(every)
        """Fields that every page has: one without them is told at once."""
        self.where = where
        """The key of the file that holds the selectors."""
        self.items = 0
        self.found: Counter[str] = Counter()

    def add(self, raws: list[dict[str, Any]]) -> list[Fields]:
        """Count the items of a page; their fields."""
        items = [Fields(raw, self.takes) for raw in raws]
        for fields in items:
            self.note(name for name in TOLD if fields.has(name))
        return items

    def note(self, found: Iterable[str]) -> None:
        """Count an item that has these fields."""
        self.items += 1
        self.found.update(found)

    def check(self, *, ended: bool) -> None:
        """Raises CollectError for a selector that finds nothing. What some pages truly lack is judged once the walk has `ended`."""
        nothing = {name: take.select for name, take in self.takes.items() if name in TOLD and not self.found[name]}
        wrong = [f"`{name}` ({selector!r})" for name, selector in nothing.items() if ended or name in self.every]
        if wrong and self.items >= FEW:
            raise CollectError(
                f"the selector of {' and '.join(wrong)} finds nothing in any of {self.items} items: the layout has changed, or the "
                f"selector is wrong; mend it in the target's `{self.where}`"
            )
