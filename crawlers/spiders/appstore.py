"""App Store: the reviews of apps in the stores of some countries, by the feed that Apple gives for each.

The rule to know: the feed shows the newest five hundred reviews of a store, in ten pages. Now and then Apple answers with an empty
page where there are reviews; a page that should have some is asked for again in the next run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from scrapy.http import Response

from crawlers.known import Address, KnownBy
from crawlers.listing import Listing, ListingSpider
from crawlers.look import Known
from crawlers.moment import UNKNOWN, parse_moment
from crawlers.platforms import AppstoreTarget
from crawlers.post import Post, post_id, stars
from crawlers.source import CollectError
from crawlers.trouble import Trouble

SITE = "apps.apple.com"
DEEPEST = 10
"""The last page that Apple gives."""
_ADDRESS = re.compile(r"/(?P<country>[a-z]{2})/rss/customerreviews/page=(?P<page>\d+)/id=(?P<app>\d+)/")
KNOWN_BY = KnownBy(
    engine="App Store",
    addresses=(
        Address(
            like=r"(?:apps|itunes)\.apple\.com/(?:(?P<country>[a-z]{2})/)?app/(?:[^?]*/)?id(?P<app>\d+)(?:[/?].*)?",
            says={"apps": ["{app}"], "countries": ["{country}"], "schedule": "every 1 hour"},
            note="reviews of one store; add the letters of more to `countries`",
        ),
        Address(like=r"apps\.apple\.com/.*", refused="give the address of an app (`apps.apple.com/ru/app/…/id389801252`)"),
    ),
)


class AppstoreSpider(ListingSpider[AppstoreTarget]):
    """Walks the reviews of apps: `scrapy crawl appstore -a target=NAME`."""

    name = "appstore"

    def questions(self, known: Sequence[Known]) -> Iterable[list[Known]]:
        """None: a review has no address of its own, and the store's feed shows only the newest."""
        return ()

    async def lists(self) -> dict[str, str]:
        apps = [app.removeprefix("id") for app in self.target.apps]
        return {f"{country} {app}": self.address(country, app, 1) for app in apps for country in self.target.countries}

    def address(self, country: str, app: str, page: int) -> str:
        return f"{self.target.url.rstrip('/')}/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/json"

    def over(self, response: Response) -> bool:
        return response.status == 400 and b"page depth is limited" in response.body

    def read(self, answer: Any, response: Response) -> Listing:
        asked = _ADDRESS.search(response.url)
        if asked is None or "feed" not in answer:
            raise CollectError(f"{response.url} gives no feed of reviews")
        page, country, app = int(asked["page"]), asked["country"], asked["app"]
        entries = answer["feed"].get("entry", [])
        # A single review stands for itself; older feeds begin with the app.
        reviews = [each for each in (entries if isinstance(entries, list) else [entries]) if "im:rating" in each]
        last = last_page(answer["feed"])
        if not reviews and page > 1 and (last is None or page <= last):
            raise Trouble(f"{response.url}: the store shows nothing where there are reviews; asked again in the next run", transient=True)
        more = reviews and page < min(last or DEEPEST, DEEPEST)
        raws = tuple(review | {"country": country, "app": app} for review in reviews)
        return Listing(raws, self.address(country, app, page + 1) if more else None)


def last_page(feed: dict[str, Any]) -> int | None:
    """Number of the last page that a feed names; None where it names none."""
    links = [link["attributes"] for link in feed.get("link", ())]
    found = re.search(r"/page=(\d+)/", next((link["href"] for link in links if link["rel"] == "last"), ""))
    return int(found[1]) if found else None


def post(raw: dict[str, Any], target: AppstoreTarget, collected: datetime) -> Post:
    """The post of a review. Its date is that of its last change; feeds of some years ago have none."""
    author = raw["author"]
    profile = author.get("uri", {}).get("label", "")
    number = re.search(r"/id(\d+)", profile)
    changed = parse_moment(raw["updated"]["label"], target.zone) if "updated" in raw else UNKNOWN
    return Post(
        id=post_id(SITE, raw["id"]["label"]),
        site=SITE,
        place=f"{raw['country']}/id{raw['app']}",
        source=target.kind,
        url=f"https://{SITE}/{raw['country']}/app/id{raw['app']}?see-all=reviews",
        title=raw["title"]["label"] or None,
        text=raw["content"]["label"],
        author_id=f"{SITE}:{number[1]}" if number else None,
        author_name=author["name"]["label"] or None,
        author_url=profile or None,
        published=changed.at,
        published_precision=changed.precision,
        collected=collected,
        rating=stars(float(raw["im:rating"]["label"])),
        likes=int(raw["im:voteSum"]["label"]) if "im:voteSum" in raw else None,
    )
