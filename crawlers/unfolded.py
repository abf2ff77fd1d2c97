"""JSON that a page carries in a script, or is as a whole, as elements of the page: selectors read both alike.

The rule to know: below `div.json` a key is a `div` of that class and an entry of a list a `div`; null is nothing.
"""

from __future__ import annotations

import copy
import json
import re
from html import escape
from typing import Any

import lxml.html
from lxml import etree
from parsel import Selector

from crawlers.post import clean
from crawlers.selection import select

_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


def page_of(text: str) -> Selector:
    """An answer as a page: HTML as it is, XML with what it wraps (CDATA), JSON as elements."""
    if text.lstrip()[:1] in ("{", "[") and (elements := _elements(text)) is not None:
        body = etree.SubElement(lxml.html.Element("html"), "body")
        body.append(elements)
        return Selector(root=body.getparent(), type="html")
    if text.lstrip().startswith("<?xml"):
        text = _CDATA.sub(r"\1", text)
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
    """A text with its lines; one that holds tags is markup."""
    if "\n" not in text and not _TAG.search(text):
        element.text = text
        return
    markup = text if _TAG.search(text) else escape(text).replace("\n", "<br>")
    words = lxml.html.fragment_fromstring(markup, create_parent="div")
    element.text = words.text
    element.extend(list(words))
