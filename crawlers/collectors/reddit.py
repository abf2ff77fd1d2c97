"""Reddit through praw: new posts and comments of subreddits, searches, and whole threads.

The rule to know: a listing shows at most its newest thousand, so it is read down to an hour below what is known and then handed over
oldest first; a run cut short leaves the cursor at the last post that was kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import praw
from praw.exceptions import PRAWException
from praw.models import Comment, Submission
from prawcore.exceptions import (
    BadJSON,
    Forbidden,
    NotFound,
    OAuthException,
    PrawcoreException,
    Redirect,
    RequestException,
    ResponseException,
    TooManyRequests,
)

from crawlers.kinds import RedditTarget
from crawlers.known import Address, KnownBy
from crawlers.look import Fate, Known, Look
from crawlers.page import without_quotes
from crawlers.polite import PolitePraw
from crawlers.post import Post, Precision, or_headline, post_id, whole_milliseconds
from crawlers.settings import USER_AGENT
from crawlers.source import CollectError, Cursor, Item, Page, Rejected

SITE = "reddit.com"
DELAY = 0.6
"""Seconds between two requests: Reddit allows a hundred a minute."""
LATE = 3600
"""Seconds below the newest post known that are read again: what a moderator approved late stands where it was written."""
TOGETHER = 100
"""Posts of a page."""
COMMENTS = 500
"""Comments that Reddit shows of a thread at most in one answer; the others are asked for."""
GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})
KNOWN_BY = KnownBy(
    engine="Reddit",
    addresses=(
        Address(
            like=r"reddit\.com/r/[^/]+/comments/(?P<thread>\w+)(?:[/?].*)?", says={"threads": ["{thread}"], "schedule": "every 15 minutes"}
        ),
        Address(like=r"redd\.it/(?P<thread>\w+)/?", says={"threads": ["{thread}"], "schedule": "every 15 minutes"}),
        Address(
            like=r"reddit\.com/r/(?P<subreddit>\w+)/search/?\?(?:.*&)?q=(?P<query>[^&]+).*",
            says={"subreddits": ["{subreddit}"], "search": ["{query}"], "schedule": "every 15 minutes"},
        ),
        Address(like=r"reddit\.com/r/(?P<subreddit>\w+)(?:[/?].*)?", says={"subreddits": ["{subreddit}"], "schedule": "every 15 minutes"}),
        Address(like=r"reddit\.com/search/?\?(?:.*&)?q=(?P<query>[^&]+).*", says={"search": ["{query}"], "schedule": "every 15 minutes"}),
        Address(
            like=r"(?:reddit\.com|redd\.it)/.*", refused="give the address of a subreddit (`/r/name`), a thread or a search (`/search?q=…`)"
        ),
    ),
)

FIELDS = (
    "name", "subreddit_name_prefixed", "subreddit_subscribers", "title", "selftext", "body", "url", "permalink", "created_utc", "edited",
    "score", "num_comments", "num_crossposts", "link_id", "parent_id", "removed_by_category", "is_self",
)  # fmt: skip
"""What is taken of Reddit's answer, under its own names."""


def secrets(target: RedditTarget) -> tuple[str, ...]:
    """Names of the environment variables that must be set."""
    return (target.client_id_env, target.client_secret_env)


def walk(target: RedditTarget, cursor: Cursor, *, since: datetime | None, data: Path) -> Iterator[Page]:
    """What is new. Raises CollectError, but after what else could be had has been handed over."""
    reddit = opened(target, data)
    state = {name: dict(cursor.get(name, {})) for name in ("listings", "members", "threads")}
    walks: dict[str, Callable[[], Iterator[Page]]] = {
        name: partial(newer, ask, name, target, state, since) for name, ask in listings(reddit, target).items()
    }
    walks |= {f"thread {which}": partial(thread, reddit, which, target, state) for which in target.threads}
    errors = []
    for name, pages in walks.items():
        try:
            yield from pages()
        except (PrawcoreException, PRAWException) as error:
            errors.append(told(error, name, target))
            if not isinstance(error, Forbidden | NotFound | Redirect | PRAWException):
                break  # Reddit itself fails, or refuses the key: the rest would fail alike
        except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
            # praw takes an answer for what it should be.
            errors.append(f"{name}: Reddit gives an answer of another form ({type(error).__name__}: {error})")
    if errors:
        raise CollectError("; ".join(errors))


def opened(target: RedditTarget, data: Path) -> praw.Reddit:
    """The client. Raises CollectError where its key is not set."""
    unset = [name for name in secrets(target) if not os.environ.get(name)]
    if unset:
        raise CollectError(
            f"set the environment variable {' and '.join(unset)} to the key of an app made at https://www.reddit.com/prefs/apps"
        )
    return client(target, data)


def client(target: RedditTarget, data: Path) -> praw.Reddit:
    """praw, read-only, through our gate."""
    return praw.Reddit(
        client_id=os.environ[target.client_id_env],
        client_secret=os.environ[target.client_secret_env],
        user_agent=USER_AGENT,
        reddit_url=target.reddit_url.rstrip("/"),
        oauth_url=target.oauth_url.rstrip("/"),
        short_url=target.short_url.rstrip("/"),
        check_for_updates=False,
        requestor_class=PolitePraw,
        requestor_kwargs={"data": data, "delay": DELAY if target.delay is None else target.delay, "allow_private": target.allow_private},
    )


def listings(reddit: praw.Reddit, target: RedditTarget) -> dict[str, Callable[[], Iterator[Any]]]:
    """Each listing to read, newest first, by the name it has in the cursor."""
    found: dict[str, Callable[[], Iterator[Any]]] = {}
    for name in [name.removeprefix("r/").strip("/") for name in target.subreddits]:
        if not target.search:
            place = reddit.subreddit(name)
            found[f"r/{name}"] = partial(place.new, limit=target.limit)
            if target.comments:
                found[f"r/{name} comments"] = partial(place.comments, limit=target.limit)
    for query in target.search:
        where = reddit.subreddit("+".join(name.removeprefix("r/").strip("/") for name in target.subreddits) or "all")
        found[f"search {query}"] = partial(where.search, query, sort="new", limit=target.limit)
    return found


def newer(
    ask: Callable[[], Iterator[Any]], name: str, target: RedditTarget, state: dict[str, Any], since: datetime | None
) -> Iterator[Page]:
    """What a listing has that is not known, in pages, oldest first: above the newest post known, and in the hour below it."""
    before = state["listings"].get(name, {"names": [], "at": 0.0})
    known, fresh = set(before["names"]), []
    written: dict[str, float] = {}  # of those known that the next run may meet again
    for found in ask():
        raw = read(found)
        if raw["created_utc"] < before["at"] - LATE or (since and raw["created_utc"] < since.timestamp()):
            break
        if raw["name"] in known:
            written[raw["name"]] = raw["created_utc"]
        else:
            fresh.append(raw)
    fresh.reverse()
    newest = before["at"]
    for raws in together(fresh, target):
        newest = max(newest, *(raw["created_utc"] for raw in raws))
        written |= {raw["name"]: raw["created_utc"] for raw in raws}
        names = [each for each, at in written.items() if at >= newest - LATE]
        state["listings"][name] = {"names": names, "at": newest}
        yield page(raws, state)


def thread(reddit: praw.Reddit, which: str, target: RedditTarget, state: dict[str, Any]) -> Iterator[Page]:
    """A thread's post, and all its comments where their number has changed: that is noted once the last of them is handed over."""
    submission = reddit.submission(url=which) if "/" in which else reddit.submission(which.removeprefix("t3_"))
    submission.comment_limit = COMMENTS
    raws = [root := read(submission)]
    changed = target.comments and state["threads"].get(root["name"]) != root["num_comments"]
    if changed:
        submission.comments.replace_more(limit=None)
        raws += [read(comment) for comment in submission.comments.list() if isinstance(comment, Comment)]
    *pages, last = together(raws, target)
    for some in pages:
        yield page(some, state)
    if changed:
        state["threads"][root["name"]] = root["num_comments"]
    yield page(last, state)


def together(raws: list[dict[str, Any]], target: RedditTarget) -> list[list[dict[str, Any]]]:
    """Raw posts by the pages that they are handed over in."""
    size = min(TOGETHER, target.limits.items or TOGETHER)
    return [raws[first : first + size] for first in range(0, len(raws), size)]


def page(raws: list[dict[str, Any]], state: dict[str, Any]) -> Page:
    """Raw posts with the cursor after them. What was deleted or removed says nothing any more, and is left out."""
    members = state["members"]
    for raw in raws:
        place = raw.get("subreddit_name_prefixed")
        if raw.get("subreddit_subscribers") is not None:
            members[place] = raw["subreddit_subscribers"]
        elif place in members:
            raw["subreddit_subscribers"] = members[place]
    items = tuple(Item(raw=raw, address=address(raw)) for raw in raws if not gone(raw))
    cursor: Cursor = {name: dict(part) for name, part in state.items()}
    return Page(items=items, cursor=cursor)


def second_looks(target: RedditTarget, known: Sequence[Known], *, data: Path) -> Iterator[Look]:
    """What became of posts, by Reddit's own word of each. What it does not name tells nothing. Raises CollectError."""
    by_name = {one.raw["name"]: one for one in known}
    try:
        for found in opened(target, data).info(fullnames=list(by_name)):
            if not isinstance(found, Submission | Comment):
                continue
            raw = read(found)
            one = by_name.pop(raw["name"])
            sign = raw.get("removed_by_category") or "deleted"
            yield Look(one.id, Fate.GONE, sign) if gone(raw) else Look(one.id, Fate.HERE, raw=one.raw | raw)
    except (PrawcoreException, PRAWException) as error:
        raise CollectError(told(error, "info", target)) from error
    yield from (Look(one.id, Fate.UNTOLD) for one in by_name.values())


def read(found: Submission | Comment) -> dict[str, Any]:
    """What Reddit said of a post, as JSON values."""
    if isinstance(found, Submission):
        _ = found.created_utc  # fetched now, where only its id was known
    said = vars(found)
    raw = {name: said[name] for name in FIELDS if said.get(name) is not None}
    raw["author"] = str(said["author"]) if said.get("author") else None
    raw.setdefault("subreddit_name_prefixed", f"r/{said['subreddit']}")
    return raw


def address(raw: dict[str, Any]) -> str:
    """Where people read a post."""
    thread, own = (raw.get("link_id") or raw["name"])[3:], raw["name"][3:]
    made = f"/{raw.get('subreddit_name_prefixed')}/comments/{thread}/" + (f"_/{own}/" if raw.get("link_id") else "")
    return "https://www.reddit.com" + str(raw.get("permalink") or made).partition("?")[0]


def gone(raw: dict[str, Any]) -> bool:
    """Whether the text was deleted by its author or removed by others."""
    return bool(raw.get("removed_by_category")) or (raw.get("body") or raw.get("selftext") or "").strip() in GONE


def told(error: Exception, name: str, target: RedditTarget) -> str:
    """What an error of praw means, and what to mend."""
    if isinstance(error, OAuthException) or (isinstance(error, ResponseException) and error.response.status_code == 401):
        return f"Reddit refuses the key in {' and '.join(secrets(target))}: check both"
    if isinstance(error, Forbidden):
        return f"{name}: Reddit does not show it (private or banned): take it out of the target"
    if isinstance(error, NotFound | Redirect):
        return f"{name}: Reddit has no such place: check its name"
    if isinstance(error, TooManyRequests):
        return f"{name}: Reddit asks to be asked less often; the next run goes on"
    if isinstance(error, BadJSON):
        return f"{name}: Reddit gives an answer that is no JSON: it begins with {error.response.text.strip()[:40]!r}"
    if isinstance(error, RequestException):
        inner = error.original_exception
        return str(inner) if isinstance(inner, CollectError) else f"{name}: Reddit could not be reached: {inner}"
    return f"{name}: Reddit fails: {error}"


def post(raw: dict[str, Any], target: RedditTarget, collected: datetime) -> Post:
    """The post of a submission (`t3_…`) or comment (`t1_…`). A submission without text of its own is its headline."""
    if gone(raw):
        raise Rejected("deleted or removed")
    native: str = raw["name"]
    link = raw.get("link_id") or native
    parent = raw.get("parent_id")
    words, quoted = without_quotes(raw.get("body") or raw.get("selftext") or "")
    text, title = or_headline(words, raw.get("title"))
    author = raw.get("author")
    edited = raw.get("edited")
    return Post(
        id=post_id(SITE, native),
        site=SITE,
        place=raw.get("subreddit_name_prefixed"),
        source=target.kind,
        url=address(raw),
        title=title,
        text=text,
        quoted=quoted,
        language=target.language,
        author_id=f"{SITE}:{author}" if author else None,
        author_name=author,
        author_url=f"https://www.reddit.com/user/{author}" if author else None,
        published=moment(raw["created_utc"]),
        published_precision=Precision.MINUTE,
        edited=moment(edited) if edited and not isinstance(edited, bool) else None,
        collected=collected,
        thread_id=post_id(SITE, link),
        in_reply_to=post_id(SITE, parent) if parent else None,
        members=raw.get("subreddit_subscribers"),
        likes=raw.get("score"),
        shares=raw.get("num_crossposts"),
        replies=raw.get("num_comments"),
    )


def moment(seconds: float) -> datetime:
    """Reddit's time as ours."""
    try:
        return whole_milliseconds(datetime.fromtimestamp(seconds, UTC))
    except OverflowError:
        raise ValueError("impossible date") from None
