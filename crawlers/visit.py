"""A visit: what a site answered to a first look, as the child process that looked hands it over.

The rule to know: a visit only holds answers; what they mean is told without any network, by `crawlers/recognise.py`.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from parsel import Selector

from crawlers.child import run_child
from crawlers.page import decode
from crawlers.scratch import scratch
from crawlers.source import CollectError
from crawlers.unfolded import parsed_page


@dataclass(frozen=True)
class Answer:
    """A page, or whatever stands at an address."""

    url: str
    """Where it stands, behind all redirects."""
    body: bytes
    content_type: str | None = None
    cookies: tuple[str, ...] = ()
    """Names of the cookies that it sets."""

    @cached_property
    def text(self) -> str:
        """The answer as text."""
        return decode(self.body, self.content_type)

    @cached_property
    def page(self) -> Selector:
        """The answer as a page, to be looked at."""
        return self.fresh()

    def fresh(self) -> Selector:
        """The answer as a page of its own: reading posts takes parts out of it."""
        return parsed_page(self.text)


@dataclass(frozen=True)
class Visit:
    """The answer of an address, what robots.txt names, and what was asked besides."""

    first: Answer
    sitemaps: tuple[str, ...] = ()
    """Addresses that robots.txt names."""
    others: dict[str, Answer | str] = field(default_factory=dict)
    """What was asked besides -> its answer, or why there is none."""

    def other(self, url: str | None) -> Answer | None:
        """The answer of another address, if there was one."""
        found = self.others.get(url or "")
        return found if isinstance(found, Answer) else None


def visit(url: str, *, data: Path, allow_private: bool = False) -> Visit:
    """Look at an address with the downloader of all spiders: robots.txt, gate, limits, no private addresses. Raises CollectError."""
    with scratch() as folder:
        result = folder / "result.json"
        arguments = ["crawl", "look", "-a", f"url={url}", "-a", f"result={result}"]
        arguments += ["-a", "allow_private=1"] if allow_private else []
        places = {"MOLVA_DATA": str(data.resolve()), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        last_line = run_child(arguments, os.environ | places, None)
        if not result.exists():
            raise CollectError(f"the look at {url} ended without a result{f': {last_line}' if last_line else ''}")
        told = json.loads(result.read_text(encoding="utf-8"))
    if "error" in told:
        raise CollectError(told["error"])
    return visit_from_json(told)


def visit_to_json(seen: Visit) -> dict[str, Any]:
    """A visit as the child process hands it to its parent."""
    others = {url: each if isinstance(each, str) else _answer_to_json(each) for url, each in seen.others.items()}
    return {"first": _answer_to_json(seen.first), "sitemaps": list(seen.sitemaps), "others": others}


def visit_from_json(record: dict[str, Any]) -> Visit:
    """The inverse of `visit_to_json`."""
    others = {url: each if isinstance(each, str) else _answer_from_json(each) for url, each in record["others"].items()}
    return Visit(_answer_from_json(record["first"]), tuple(record["sitemaps"]), others)


def _answer_to_json(answer: Answer) -> dict[str, Any]:
    body = base64.b64encode(answer.body).decode("ascii")
    return {"url": answer.url, "body": body, "content_type": answer.content_type, "cookies": list(answer.cookies)}


def _answer_from_json(record: dict[str, Any]) -> Answer:
    return Answer(record["url"], base64.b64decode(record["body"]), record["content_type"], tuple(record["cookies"]))
