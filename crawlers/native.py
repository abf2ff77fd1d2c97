"""What a site calls a post or an account, told by its address.

The rule to know: a post of VK, Telegram or YouTube that another system exports is the same post as our own sources bring, by one
id, and its author the same account. Of other sites the canonical address tells.
"""

from __future__ import annotations

import re

from crawlers import telegram
from crawlers.page import canonical
from crawlers.post import post_id

VK, YOUTUBE = "vk.com", "youtube.com"

_WALL = re.compile(r"vk\.com/[^#]*?\bwall(-?\d+)_(\d+)(?:[^#]*?[?&]reply=(\d+))?")
_BELOW_VIDEO = re.compile(r"vk\.com/[^#]*?\b(?:video|clip)(-?\d+_\d+)[^#]*?[?&]reply=(\d+)")
_COMMENT = re.compile(r"youtube\.com/[^#]*?[?&]lc=([\w.-]+)")
_VIDEO = re.compile(r"youtube\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/)([\w-]{11})(?![\w-])")
_MESSAGE = re.compile(r"t\.me/(?:s/)?(\w{3,})/(\d+)(?:$|\?(?!.*\b(?:comment|thread)=))")
_ACCOUNTS = {
    VK: re.compile(r"vk\.com/(id|club|public|event)(\d+)/?$"),
    YOUTUBE: re.compile(r"youtube\.com/(channel)/([\w-]+)/?$"),
    telegram.SITE: re.compile(r"t\.me/(s/)?(\w{3,})/?$"),
}


def post_at(site: str, url: str) -> str:
    """`Post.id` of the post at an address."""
    return numbered_at(site, url) or post_id(site, url=canonical(url))


def numbered_at(site: str, url: str) -> str | None:
    """`Post.id` of the post at an address that holds the site's own number of it; None where it doesn't."""
    if site == VK and (wall := _WALL.search(url)):
        return post_id(VK, f"{wall[1]}_{wall[3] or wall[2]}")
    if site == VK and (below := _BELOW_VIDEO.search(url)):
        return post_id(VK, f"video{below[1]}_{below[2]}")
    if site == YOUTUBE and (found := _COMMENT.search(url) or _VIDEO.search(url)):
        return post_id(YOUTUBE, found[1])
    if site == telegram.SITE and (message := _MESSAGE.search(url)):
        return telegram.message_id(message[1], message[2])
    return None


def thread_at(site: str, url: str) -> str | None:
    """`Post.id` of the post that begins the thread, where the address of a comment tells it."""
    if site != VK:
        return None
    if below := _BELOW_VIDEO.search(url):
        return post_id(VK, f"video{below[1]}")
    wall = _WALL.search(url)
    return post_id(VK, f"{wall[1]}_{wall[2]}") if wall else None


def account_at(site: str, url: str) -> str:
    """What the site knows the account by whose page is at an address."""
    found = _ACCOUNTS[site].search(url) if site in _ACCOUNTS else None
    if found is None:
        return canonical(url)
    if site == telegram.SITE:
        return found[2].casefold()
    return f"-{found[2]}" if found[1] in ("club", "public", "event") else found[2]
