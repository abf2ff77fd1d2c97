"""Manners and safety of the downloader: what every spider keeps to, shown by the real Scrapy process."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import NoRouteError

from crawlers import settings
from crawlers.address import is_public
from crawlers.gate import Gate
from crawlers.middlewares import NOBODY, PublicResolver
from crawlers.run import RunFailed
from crawlers.trouble import DOWNLOAD_ERRORS, trouble
from tests.certificate import speak_tls
from tests.site import Answer, Place, Request, Site, site

ROOT = Path(__file__).parents[1]
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Блог</title><item><title>Запись</title>'
    "<link>https://blog.example/1</link><description>Вестарна подняла комиссию.</description></item></channel></rss>"
)


@pytest.fixture
def blog() -> Iterator[Site]:
    with site() as running:
        running.pages["/feed.xml"] = FEED
        yield running


def target_of(place: Place, url: str, *more: str) -> Any:
    return place.target("blog", "\n".join([f"kind: feed\nurl: {url}\nlanguage: ru\ndelay: 0\nallow_private: true", *more]))


def test_robots_txt_is_obeyed_and_the_operator_can_be_reached(blog: Site, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_CONTACT", "https://watch.example/about")
    blog.pages["/robots.txt"] = "User-agent: *\nDisallow: /feed\n\nUser-agent: Molva\nDisallow: /feed.xml\n"
    with pytest.raises(RunFailed, match=r"robots\.txt of 127\.0\.0\.1 forbids it"):
        place.collect(target_of(place, f"{blog.url}/feed.xml"))
    assert blog.paths(robots=True) == ["/robots.txt"]
    assert blog.asked[0].headers["User-Agent"] == "Molva/0.1 (+https://watch.example/about)"


def test_a_host_that_asks_for_a_pause_gets_it(blog: Site, place: Place) -> None:
    def answer(request: Request) -> Answer:
        first = len([path for path in blog.paths() if path == "/feed.xml"]) == 1
        return Answer("later", 429, {"Retry-After": "3"}) if first else Answer(FEED)

    blog.pages["/feed.xml"] = answer
    target = target_of(place, f"{blog.url}/feed.xml")
    assert place.collect(target).outcomes["kept"] == 1
    first, second = (request.at for request in blog.asked if request.path == "/feed.xml")
    assert second - first >= 2.9

    blog.pages["/feed.xml"] = Answer("much later", 503, {"Retry-After": "3600"})
    blog.asked.clear()
    with pytest.raises(RunFailed, match="asked to be left alone until"):
        place.collect(target)
    assert blog.paths() == ["/feed.xml"]
    with pytest.raises(RunFailed, match="asked to be left alone until"):
        place.collect(target)
    assert blog.paths() == ["/feed.xml"]  # the gate stayed closed over the end of the process


def ending(seconds: float) -> dict[str, dict[str, str]]:
    """A rate limit that is used up and counts anew in so many seconds, as three say it."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    return {
        "mastodon": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": ends.isoformat().replace("+00:00", "Z")},
        "bluesky": {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(ends.timestamp())), "RateLimit-Policy": "3000;w=300"},
        "draft": {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": str(round(seconds))},
    }


@pytest.mark.parametrize("form", ["mastodon", "bluesky", "draft"])
@pytest.mark.parametrize("status", [429, 200])
def test_a_rate_limit_that_is_used_up_closes_the_host_until_it_counts_anew(status: int, form: str, blog: Site, place: Place) -> None:
    server = f"kind: mastodon\nurl: {blog.url}\nallow_private: true\ndelay: 0\n"
    target, other = place.target("social", server + "hashtags: [a, b]\n"), place.target("other", server + "hashtags: [c]\n")
    seconds = 2.0

    def answer(request: Request) -> Answer:
        first = request.path not in blog.paths()[:-1]
        return Answer("[]", status if first else 200, ending(seconds)[form]) if first else Answer("[]")

    a, b, c = (f"/api/v1/timelines/tag/{tag}" for tag in "abc")
    blog.pages |= {a: answer, b: Answer("[]"), c: Answer("[]")}
    place.collect(target)
    asked = [a, b] if status == 200 else [a, a, b]
    assert [path.partition("?")[0] for path in blog.paths()] == asked, "none is refused, or tried in vain"
    first, second, *_ = (request.at for request in blog.asked if request.path != "/robots.txt")
    assert second - first >= 1.9

    seconds = 1800.0
    blog.asked.clear()
    for each in (target, other):
        with pytest.raises(RunFailed, match="asked to be left alone until"):
            place.collect(each)
    assert [path.partition("?")[0] for path in blog.paths(robots=True)] == ["/robots.txt", a], "all targets leave it alone"


def test_a_rate_limit_of_logins_keeps_nobody_from_reading(blog: Site, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PASSWORD", "s3cret")
    blog.pages["/xrpc/com.atproto.server.createSession"] = Answer('{"accessJwt": "jwt"}', headers=ending(3600)["bluesky"])
    blog.pages["/xrpc/app.bsky.feed.getAuthorFeed"] = '{"feed": []}'
    text = f"kind: bluesky\nlogin_url: {blog.url}\naccounts: [a.example]\nhandle: we.example\npassword_env: APP_PASSWORD\n"
    place.collect(place.target("sky", text + "allow_private: true\ndelay: 0\n"))
    assert [path.partition("?")[0].rpartition(".")[2] for path in blog.paths()] == ["createSession", "getAuthorFeed"]


def test_a_crawl_delay_is_kept(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = "User-agent: *\nCrawl-delay: 1.5\n"
    blog.pages["/feed.xml"] = Answer(status=302, headers={"Location": "/moved.xml"})
    blog.pages["/moved.xml"] = FEED
    assert place.collect(target_of(place, f"{blog.url}/feed.xml")).outcomes["kept"] == 1
    first, second = (request.at for request in blog.asked if request.path != "/robots.txt")
    assert second - first >= 1.2  # a busy site notes its first request late; without the delay it is some hundredths


def test_a_private_address_is_refused_unless_the_target_says_so(blog: Site, place: Place) -> None:
    with pytest.raises(RunFailed, match=r"127\.0\.0\.1 is at the private address 127\.0\.0\.1; if that is meant, set allow_private"):
        place.collect(place.target("blog", f"kind: feed\nurl: {blog.url}/feed.xml\n"))
    assert blog.asked == []
    assert place.collect(target_of(place, f"{blog.url}/feed.xml")).outcomes["kept"] == 1


def patched(place: Place, name: str, names: str = "", settings: Sequence[str] = ()) -> str:
    """The error of a run in a Scrapy process where 127.0.0.1 alone stands for the internet, and `names` changes how names resolve."""
    result = place.data.parent / "result.json"
    arguments = ["scrapy", "crawl", "feed", "-a", f"target={name}", "-s", f"MOLVA_RESULT={result}"]
    arguments += [word for each in settings for word in ("-s", each)]
    internet = "import crawlers.middlewares as wall\nwall.is_public = lambda address: address == '127.0.0.1'"
    script = f"{names}\n{internet}\nfrom scrapy.cmdline import execute\nexecute({arguments!r})"
    places = {"MOLVA_DATA": str(place.data), "MOLVA_CONFIG": str(place.config), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ | places, capture_output=True, check=False, timeout=280)
    return str(json.loads(result.read_text(encoding="utf-8"))["run"]["error"])


def test_a_redirect_into_the_own_network_is_refused(blog: Site, place: Place) -> None:
    blog.pages["/feed.xml"] = Answer(status=302, headers={"Location": f"http://127.0.0.2:{blog.port}/secret"})
    place.target("blog", f"kind: feed\nurl: {blog.url}/feed.xml\ndelay: 0\n")
    assert "127.0.0.2 is at the private address 127.0.0.2" in patched(place, "blog")
    assert blog.paths() == ["/feed.xml"]


def test_a_name_that_suddenly_means_the_own_network_is_refused(blog: Site, place: Place) -> None:
    blog.pages["/robots.txt"] = Answer("", headers={"Connection": "close"})
    place.target("blog", f"kind: feed\nurl: http://rebind.example:{blog.port}/feed.xml\ndelay: 0\n")
    changing = (
        "import socket\n"
        "answers = ['127.0.0.1', '127.0.0.9']\n"
        "def getaddrinfo(host, port, *rest):\n"
        "    address = answers.pop(0) if len(answers) > 1 else answers[0]\n"
        "    return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port))]\n"
        "socket.getaddrinfo = getaddrinfo"
    )
    assert "rebind.example is at the private address 127.0.0.9" in patched(place, "blog", changing)
    assert blog.paths(robots=True) == ["/robots.txt"]


def test_a_proxy_of_the_environment_is_not_used_as_it_would_resolve_names_behind_our_wall(
    blog: Site, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", blog.url)
    monkeypatch.setenv("no_proxy", "")
    place.target("blog", "kind: feed\nurl: http://intranet.example/feed.xml\ndelay: 0\n")
    inside = (
        "import socket\n"
        "def getaddrinfo(host, port, *rest):\n"
        "    address = '127.0.0.9' if host == 'intranet.example' else host\n"
        "    return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port))]\n"
        "socket.getaddrinfo = getaddrinfo"
    )
    error = patched(place, "blog", inside)
    assert blog.asked == [], "the proxy alone would see where the name leads"
    assert "intranet.example is at the private address 127.0.0.9" in error


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(gzip.compress(bytes(40_000_000)), headers={"Content-Encoding": "gzip"}), "larger than a page may be"),
        (Answer(bytes(17_000_000)), "larger than a page may be"),
        (Answer(status=302, headers={"Location": "/feed.xml"}), "from redirect to redirect without end"),
        (Answer(status=302, headers={"Location": "ftp://a.example/b"}), r"leads to 'ftp://a.example/b', which is not an .* \(302\)"),
        (Answer(status=302), r"leads elsewhere and doesn't say where \(302\)"),
        (Answer(gzip.compress(FEED.encode())[:-30], headers={"Content-Encoding": "gzip"}), "cut short: its gzip has no end"),
        (Answer(FEED[:-40], headers={"Content-Length": "100000", "Connection": "close"}), r"feed\.xml: the answer was cut short"),
        (Answer('{"ok": true}', headers={"Content-Type": "application/rss+xml"}), "is not a feed: it begins with '{\"ok"),
    ],
    ids=[
        "gzip bomb",
        "too large",
        "redirects in a circle",
        "redirect to another protocol",
        "redirect to nowhere",
        "gzip cut short",
        "cut short",
        "no feed",
    ],
)
def test_an_answer_that_is_no_page_fails_the_run_with_a_reason(answer: Answer, error: str, blog: Site, place: Place) -> None:
    blog.pages["/feed.xml"] = answer
    with pytest.raises(RunFailed, match=error):
        place.collect(target_of(place, f"{blog.url}/feed.xml"))
    assert place.posts(target_of(place, f"{blog.url}/feed.xml")) == []


def test_the_shipped_settings_bound_the_time_of_an_answer() -> None:
    assert 0 < settings.DOWNLOAD_TIMEOUT <= 60, "0 is none: a silent host would hold a run for ever; the tests below set their own"


def test_an_answer_that_never_ends_is_not_waited_for(blog: Site, place: Place) -> None:
    blog.pages["/feed.xml"] = Answer(FEED, pause=1.0)
    place.target("blog", f"kind: feed\nurl: {blog.url}/feed.xml\ndelay: 0\n")
    assert "feed.xml: no answer in time" in patched(place, "blog", settings=("DOWNLOAD_TIMEOUT=1", "RETRY_TIMES=0"))


def test_a_host_that_hangs_is_asked_twice_and_then_left_alone(blog: Site, place: Place) -> None:
    blog.pages["/feed.xml"] = Answer(FEED, pause=1.0)
    place.target("blog", f"kind: feed\nurl: {blog.url}/feed.xml\ndelay: 0\n")
    # However slow this machine is, the first silence ends after the test.
    soon = "import crawlers.gate as gate\ngate.SILENCE, gate.FIRST_SILENCE, gate.LONGEST_SILENCE = 0.5, 3600.0, 3600.0"
    assert "does not answer and is left alone until" in patched(place, "blog", soon, settings=("DOWNLOAD_TIMEOUT=3",))
    assert blog.paths(robots=True) == ["/robots.txt", "/feed.xml", "/feed.xml"]
    assert "does not answer and is left alone until" in patched(place, "blog", soon, settings=("DOWNLOAD_TIMEOUT=3",))
    assert len(blog.paths(robots=True)) == 3, "no run waits for it again before that"


def test_a_host_where_nobody_is_reached_is_not_tried_for_each_list_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.gate.ABSENCE", 0.1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        Gate(place.data / "gate", clock=lambda: time.time() - 3600).unreached(host)
        target = place.target("social", f"kind: bluesky\nurl: http://{host}\naccounts: [a, b, c]\ndelay: 0\nallow_private: true\n")
        with pytest.raises(RunFailed, match=r"=a&.*refused.*; .*=b&.* does not answer and is left alone until .*; .*=c&.* left alone"):
            place.collect(target)


def test_a_host_to_which_no_way_leads_fails_for_now() -> None:
    error = NoRouteError(113, "No route to host")
    assert isinstance(error, DOWNLOAD_ERRORS) and isinstance(error, NOBODY)
    found = trouble(error, "https://forum.example/t=1")
    assert found.transient and "No route to host" in str(found)


def test_a_page_made_to_be_slow_ends_its_own_run_only(blog: Site, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.collect.PAGE_SECONDS", 3)
    blog.pages["/bomb.xml"] = FEED.replace("Вестарна подняла комиссию.", "<div>" * 400_000)
    bomb = place.target("bomb", f"kind: feed\nurl: {blog.url}/bomb.xml\nallow_private: true\ndelay: 0\n")
    with pytest.raises(RunFailed, match=rf"took more of the processor's time .+; it was that of {blog.url}/bomb\.xml"):
        place.collect(bomb)
    assert place.collect(target_of(place, f"{blog.url}/feed.xml")).outcomes["kept"] == 1


def test_the_page_that_is_slow_to_read_is_named_and_not_one_that_came_while_it_waited(
    blog: Site, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.collect.PAGE_SECONDS", 3)
    blog.pages["/list"] = "".join(f'<a href="/news/{number}">дальше</a>' for number in range(6))
    blog.pages |= {f"/news/{number}": "<p>Вестарна подняла комиссию.</p>" for number in range(6)}
    blog.pages["/news/0"] = Answer("<p>Вестарна подняла комиссию.</p>", pause=0.03)
    blog.pages["/news/1"] = "<article>" + "<p>Вестарна, как и все, подняла комиссию.</p>" * 100_000
    slow = place.target("slow", f"kind: site\nurl: {blog.url}/list\narticles: /news/\nallow_private: true\ndelay: 0\n")
    with pytest.raises(RunFailed, match=rf"took more of the processor's time .+; it was that of {blog.url}/news/1$"):
        place.collect(slow)


@pytest.mark.parametrize("said", ["utf-8", "koi8-r", "no-such-charset", None])
def test_a_page_in_another_encoding_than_it_says_is_read(said: str | None, blog: Site, place: Place) -> None:
    kind = "text/xml" if said is None else f"text/xml; charset={said}"
    blog.pages["/feed.xml"] = Answer(FEED.encode("windows-1251"), headers={"Content-Type": kind})
    target = target_of(place, f"{blog.url}/feed.xml")
    place.collect(target)
    assert [post.text for post in place.posts(target)] == ["Вестарна подняла комиссию."]


def test_a_certificate_that_nobody_vouches_for_is_refused(blog: Site, place: Place, tmp_path: Path) -> None:
    url = speak_tls(blog, tmp_path)
    with pytest.raises(RunFailed, match="certificate"):
        place.collect(target_of(place, f"{url}/feed.xml"))
    assert blog.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("172.16.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_what_counts_as_public(address: str, public: bool) -> None:
    assert is_public(address) is public


class Names:
    """A resolver that answers what the test wants, and a receiver that notes what comes through."""

    def __init__(self, *answers: Any) -> None:
        self.answers: Sequence[Any] = answers
        self.came: list[Any] = []

    def resolveHostName(self, receiver: Any, name: str, *rest: Any) -> str:
        receiver.resolutionBegan(self)
        for answer in self.answers:
            receiver.addressResolved(answer)
        receiver.resolutionComplete()
        return name

    def resolutionBegan(self, resolution: Any) -> None:
        self.came = []

    def addressResolved(self, address: Any) -> None:
        self.came.append(address.host)

    def resolutionComplete(self) -> None:
        self.came.append("complete")


def test_the_resolver_passes_on_public_addresses_only() -> None:
    names = Names(IPv4Address("TCP", "10.0.0.1", 80), IPv4Address("TCP", "93.184.216.34", 80), IPv6Address("TCP", "::1", 80))
    reactor = type("Reactor", (), {"nameResolver": names})()
    resolver = PublicResolver(reactor)
    resolver.resolveHostName(names, "mixed.example", 80)  # type: ignore[arg-type]
    assert names.came == ["93.184.216.34", "complete"]
    assert resolver.refused == {"mixed.example": "::1"}
    resolver.permitted.add("mixed.example")
    resolver.resolveHostName(names, "Mixed.example", 80)  # type: ignore[arg-type]
    assert names.came == ["10.0.0.1", "93.184.216.34", "::1", "complete"]


def test_two_targets_of_one_host_keep_their_distance(blog: Site, tmp_path: Path) -> None:
    place = Place(tmp_path)
    first, second = (place.target(name, f"kind: feed\nurl: {blog.url}/feed.xml\nallow_private: true\ndelay: 1\n") for name in ("a", "b"))
    runs = [threading.Thread(target=place.collect, args=(target,)) for target in (first, second)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    moments = sorted(request.at for request in blog.asked)
    assert len(moments) == 4
    assert min(later - earlier for earlier, later in pairwise(moments)) > 0.5


def test_what_one_target_found_of_a_slow_host_holds_for_the_next(blog: Site, place: Place) -> None:
    def slowly(request: Request) -> Answer:
        time.sleep(2)
        return Answer(FEED)

    blog.pages["/slow.xml"] = slowly
    place.collect(place.target("slow", f"kind: feed\nurl: {blog.url}/slow.xml\ndelay: 0\nallow_private: true\n"))
    blog.asked.clear()
    place.collect(target_of(place, f"{blog.url}/feed.xml"))
    first, second = (request.at for request in blog.asked)
    assert second - first > 1.5, "the first answer was quick, but nobody knew that when it was asked for"
