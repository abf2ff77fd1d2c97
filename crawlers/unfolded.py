"""JSON that a page carries in a script, or is as a whole, as elements of the page: selectors read both alike.

The rule to know: below `div.json` a key is a `div` of that class and an entry of a list a `div`; null is nothing. A text is words, lines
and quotes whatever markup it holds, so that nothing that people write is anything to a selector.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import lxml.html
from lxml import etree
from parsel import Selector

from crawlers.page import plain
from crawlers.post import clean
from crawlers.selection import select

_MARKUP = (
    "a|abbr|acronym|address|article|aside|b|bdi|bdo|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|dfn|div|dl|dt|em|figcaption"
    "|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|mark|nav|ol|p|picture|pre|q|s|samp|section|small|source|span|strike|strong|sub"
    "|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr"
)
"""Tags that texts are set with. Any other, as of a document or a script, is what somebody wrote, and hides nothing behind it."""
_BREAKS = (
    "address|article|aside|blockquote|br|center|d[dlt]|div|figcaption|figure|footer|h[1-6r]|header|li|main|nav|ol|p|pre"
    "|section|t[dhr]|table|ul"
)
_TAG = re.compile(rf"</?(?:{_MARKUP})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_BREAK = re.compile(rf"</?(?:{_BREAKS})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_PART = re.compile(rf"{_TAG.pattern}|<!--[^<>]*-->|[<\n]", re.IGNORECASE)


def parsed_page(text: str) -> Selector:
    """An answer as a page: HTML as it is, XML with what it wraps (CDATA), JSON as elements."""
    if text.lstrip()[:1] in ("{", "[") and (elements := _elements(text)) is not None:
        body = etree.SubElement(lxml.html.Element("html"), "body")
        body.append(elements)
        return Selector(root=body.getparent(), type="html")
    if text.lstrip().startswith("<?xml"):
        text = "".join(part.replace("]]>", "", 1) if number else part for number, part in enumerate(text.split("<![CDATA[")))
    return Selector(text or "<html/>", type="html")


def unfold(page: Selector, scripts: str) -> None:
    """Put the JSON of the scripts that a selector finds into their places. What is no JSON stays as it is."""
    for script in select(page, scripts):
        element = script.root
        if isinstance(element, str) or element.getparent() is None or (elements := _elements(element.text or "")) is None:
            continue
        elements.tail = element.tail
        element.getparent().replace(element, elements)


def join(page: Selector, items: str, beside: str) -> None:
    """Put each piece of what stands beside the items in front of what its item holds.

    They belong together by their order alone, so that nothing is joined where their numbers differ.
    """
    own, others = ([each.root for each in select(page, selector) if not isinstance(each.root, str)] for selector in (items, beside))
    if len(own) == len(others):
        for element, other in zip(own, [copy.deepcopy(other) for other in others], strict=True):
            other.tail = None
            element.insert(0, other)


def _elements(text: str) -> lxml.html.HtmlElement | None:
    """The JSON as elements; None for what is none, or is nested deeper than can be read."""
    try:
        root = lxml.html.Element("div", {"class": "json"})
        _fill(root, json.loads(text, strict=False))
    except (ValueError, RecursionError):
        return None
    return root


def _fill(element: Any, data: Any) -> None:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else ((None, each) for each in data):
            if value is not None:
                _fill(etree.SubElement(element, "div", {"class": clean(key)} if key else {}), value)
    elif isinstance(data, str):
        _write(element, clean(data))
    else:
        element.text = json.dumps(data)


def _write(element: Any, text: str) -> None:
    """A text with its lines; of one that is markup the words, what it quotes in a `blockquote`."""
    if not _TAG.search(text):
        _lines(element, text)
        return
    line = "\n" if _BREAK.search(text) else "<br>"
    words = plain(_PART.sub(lambda part: {"<": "&lt;", "\n": line}.get(part[0], part[0]), text))
    _lines(element, clean(words.own))
    if words.quoted:
        _lines(etree.SubElement(element, "blockquote"), clean(words.quoted))


def _lines(element: Any, text: str) -> None:
    first, *others = text.split("\n")
    element.text = first
    for line in others:
        etree.SubElement(element, "br").tail = line
