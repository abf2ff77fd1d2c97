"""python -m crawlers new: what an address is recognised as, and the file that comes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from crawlers.__main__ import app
from crawlers.draft import drafted, name_of, text_of
from crawlers.engine import declared
from crawlers.found import Found, Unrecognised
from crawlers.preset import preset_names
from crawlers.recognise import at_once, recognise, wanted
from crawlers.target import KINDS
from crawlers.visit import Answer, Visit, visit_from_json, visit_to_json
from tests.site import Answer as Served
from tests.site import Site, site
from tests.target_folder import write_config

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "recorded"
PAGES = ROOT.parent / "shared" / "fixtures" / "pages"
FEED = (RECORDED / "feed" / "rss_blog" / "page.xml").read_bytes()
HEADLINES = "".join(f'<a href="/news/2026/{n}-bank-raises-fees.html">Банк поднял комиссии, клиенты уходят {n}</a>' for n in range(8))
SITEMAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://n.example/news/1</loc></url></urlset>"


def page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def seen(body: str | bytes, url: str = "https://x.example/", **others: str | bytes) -> Visit:
    """A visit of a page; `others` are answers of further paths of its host."""
    answers = {f"https://x.example/{path}": Answer(f"https://x.example/{path}", _bytes(text)) for path, text in others.items()}
    return Visit(Answer(url, _bytes(body), "text/html"), (), dict(answers))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def best(visit: Visit) -> Found:
    return recognise(visit).found[0]


@pytest.fixture(name="config")
def _config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = write_config(tmp_path / "config")
    monkeypatch.setenv("MOLVA_CONFIG", str(config))
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path / "data"))
    for name in ("MOLVA_VK_TOKEN", "MOLVA_YOUTUBE_KEY", "MOLVA_REDDIT_ID", "MOLVA_REDDIT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return config


@pytest.fixture(name="running")
def _running() -> Iterator[Site]:
    with site() as running:
        yield running


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["new", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


ADDRESSES = [
    ("t.me/banki_oline", "telegram", {"channels": ["banki_oline"]}),
    ("t.me/s/banki_oline/512?single", "telegram", {"channels": ["banki_oline"]}),
    ("vk.com/wall-123_45", "vk", {"walls": ["-123"]}),
    ("m.vk.com/vestarna", "vk", {"walls": ["vestarna"]}),
    ("vk.ru/search?c%5Bq%5D=банк+отзыв", "vk", {"search": ["банк отзыв"]}),
    ("vk.com/video-12_456?list=a", "vk", {"videos": ["video-12_456"]}),
    ("vk.com/vestarna?z=video-12_456%2Fa", "vk", {"videos": ["video-12_456"]}),
    ("vkvideo.ru/video-12_456", "vk", {"videos": ["video-12_456"]}),
    ("mastodon.ml/@vestarna@other.example", "mastodon", {"url": "https://mastodon.ml", "accounts": ["vestarna@other.example"]}),
    ("mastodon.social/tags/banks", "mastodon", {"hashtags": ["banks"]}),
    ("www.youtube.com/watch?v=dQw4w9WgXcQ&t=5", "youtube", {"videos": ["dQw4w9WgXcQ"]}),
    ("youtu.be/dQw4w9WgXcQ", "youtube", {"videos": ["dQw4w9WgXcQ"]}),
    ("youtube.com/@vestarna/videos", "youtube", {"channels": ["@vestarna"]}),
    ("apps.apple.com/kz/app/bank/id389801252?l=ru", "appstore", {"apps": ["389801252"], "countries": ["kz"]}),
    ("apps.apple.com/app/id389801252", "appstore", {"apps": ["389801252"]}),
    ("play.google.com/store/apps/details?hl=ru&id=ru.bank.app", "files", {"place": "ru.bank.app", "enabled": False}),
    ("ru.stackoverflow.com/questions/tagged/оплата", "stackexchange", {"community": "ru.stackoverflow.com", "tags": ["оплата"]}),
    ("money.stackexchange.com/search?q=bank+fee", "stackexchange", {"search": ["bank fee"]}),
    ("old.reddit.com/r/banks/", "reddit", {"subreddits": ["banks"]}),
    ("www.reddit.com/r/banks/comments/1abc/title/", "reddit", {"threads": ["1abc"]}),
    ("reddit.com/search/?q=vestarna", "reddit", {"search": ["vestarna"]}),
    ("news.ycombinator.com/item?id=8863", "hackernews", {"stories": ["8863"]}),
    ("bsky.app/profile/bsky.app/post/3k", "bluesky", {"accounts": ["bsky.app"]}),
    ("vestnik.livejournal.com/123.html", "livejournal", {"url": "https://vestnik.livejournal.com"}),
    ("www.banki.ru/services/responses/bank/vestarna/", "reviews", {"url": "https://www.banki.ru/services/responses/bank/vestarna/"}),
    (
        "uk.trustpilot.com/review/vestarna.example",
        "reviews",
        {"url": "https://uk.trustpilot.com/review/vestarna.example?sort=recency"},
    ),
    ("otzovik.com/reviews/bank_vestarna/2/", "reviews", {"url": "https://otzovik.com/reviews/bank_vestarna/?order=date_desc"}),
    ("irecommend.ru/content/bank-vestarna", "reviews", {"url": "https://irecommend.ru/content/bank-vestarna"}),
    ("www.vbr.ru/banki/vestarna/otzivy/", "reviews", {"url": "https://www.vbr.ru/banki/vestarna/otzivy/"}),
    (
        "www.vbr.ru/banki/otzivy/",
        "reviews",
        {"url": "https://www.vbr.ru/api/reviews/?sorttype=date&companytype=bank&reviewtype=0&sortdirection=desc&pagesize=20&page=1"},
    ),
    (
        "sravni.ru/proxy-reviews/reviews?PageIndex=0&ReviewObjectId=5b",
        "reviews",
        {"url": "https://sravni.ru/proxy-reviews/reviews?PageIndex=0&ReviewObjectId=5b"},
    ),
    ("www.sravni.ru/bank/vestarna/otzyvy/", "reviews", {"schedule": "every 1 hour"}),
    ("habr.com/ru/companies/vestarna/articles/", "habr", {"companies": ["vestarna"], "language": "ru"}),
    ("habr.com/ru/hubs/finance/", "habr", {"hubs": ["finance"]}),
    ("habr.com/en/articles/598425/comments/", "habr", {"articles": ["598425"], "language": "en"}),
    ("habr.com/ru/companies/vestarna/news/598425/", "habr", {"articles": ["598425"]}),
    ("habr.com/post/598425/", "habr", {"articles": ["598425"], "language": None}),
    ("habr.com/ru/search/?target_type=posts&q=банк+отзыв", "habr", {"search": ["банк отзыв"]}),
    ("habr.com/ru/articles/top/daily/", "habr", {"hubs": None}),
    ("habr.com/ru/rss/hubs/finance/articles/all/", "feed", {"url": "https://habr.com/ru/rss/hubs/finance/articles/all/"}),
    ("pikabu.ru/best", "feed", {"url": "https://pikabu.ru/xmlfeeds.php?cmd=popular"}),
    ("pikabu.ru/community/bank", "forum", {"url": "https://pikabu.ru/community/bank"}),
    ("pikabu.ru/@made_rita?page=2", "forum", {"url": "https://pikabu.ru/@made_rita?page=2"}),
    ("pikabu.ru/story/komissiya_13000002", "forum", {"topics": "https://pikabu.ru/story/komissiya_13000002"}),
]


@pytest.mark.parametrize(("address", "kind", "says"), ADDRESSES, ids=lambda value: value if isinstance(value, str) else "")
def test_an_address_tells_its_source(address: str, kind: str, says: dict[str, object], tmp_path: Path) -> None:
    found = at_once(f"https://{address}")
    assert found is not None and found.kind == kind
    assert {key: found.says.get(key) for key in says} == says
    target = drafted(name_of(found, f"https://{address}"), text_of(found), tmp_path)
    assert target.kind == kind and target.schedule


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("t.me/joinchat/abc", "telegram_export"),
        ("t.me/+abc", "telegram_export"),
        ("vk.com/feed", "wall"),
        ("vk.com/video", "vk.com/video-7_456"),
        ("youtube.com/", "/@name"),
        ("money.stackexchange.com/questions/1/x", "/questions/tagged/"),
        ("habr.com/ru/users/anna/", "/ru/hubs/NAME/"),
        ("bsky.app/search?q=a", "MOLVA_BLUESKY_PASSWORD"),
        ("play.google.com/store", "details?id="),
    ],
)
def test_an_address_of_a_platform_that_names_nothing_is_told_what_to_give(address: str, hint: str) -> None:
    with pytest.raises(Unrecognised, match=re.escape(hint)):
        at_once(f"https://{address}")


@pytest.mark.parametrize("address", ["vestarna.example/@name", "vk.com.evil.example/wall-1", "example.org/t.me/x", "notreddit.com/r/banks"])
def test_other_hosts_are_nobodys(address: str) -> None:
    assert at_once(f"https://{address}") is None


def test_every_source_and_preset_says_how_it_is_known() -> None:
    known = {(kind, name) for kind, name, _ in declared()}
    presets = {(kind, name) for kind in KINDS for name in preset_names(kind)}
    assert presets <= known
    without = {"feed", "site", "forum", "reviews", "files", "telegram_export"}  # known by what stands on a page, or no pages at all
    assert {kind for kind in KINDS if (kind, None) not in known} == without


@pytest.mark.parametrize("folder", sorted(path.parent for path in RECORDED.glob("forum/*/target.yaml")), ids=lambda path: path.name)
def test_made_pages_are_of_their_preset(folder: Path) -> None:
    said = YAML(typ="safe").load(folder / "target.yaml")
    for name, what in (("board", "board"), ("topic", "topic")):
        if (folder / f"{name}.html").exists():
            found = best(seen((folder / f"{name}.html").read_bytes(), "https://x.example/forum/"))
            assert (found.kind, found.preset, found.what.split()[0]) == ("forum", said["preset"], what)


def test_a_start_page_gives_the_boards_with_their_names(tmp_path: Path) -> None:
    boards = "".join(f'<a href="./viewforum.php?f={n}&sid=0123456789abcdef01">Доска: {n} # "а"</a>' for n in range(4))
    found = best(seen(page(f'<div id="phpbb"></div>{boards}').replace("<body>", "<body id=phpbb>"), "https://x.example/forum/index.php"))
    assert (found.preset, found.says["url"][1]) == ("phpbb", "https://x.example/forum/viewforum.php?f=1")
    text = text_of(found)
    assert '  - https://x.example/forum/viewforum.php?f=1   # Доска: 1 # "а"\n' in text
    assert len(drafted("x", text, tmp_path).model_dump()["url"]) == 4


def test_a_board_names_the_boards_that_it_leaves_out() -> None:
    board = (RECORDED / "forum" / "phpbb_ru" / "board.html").read_text(encoding="utf-8")
    more = "".join(f'<a href="/viewforum.php?f={n}">Подраздел {n}</a>' for n in (901, 902))
    found = best(seen(board.replace("</body>", f"{more}</body>"), "https://x.example/viewforum.php?f=7"))
    (note,) = found.notes
    assert "boards that the page links to are not watched" in note and found.says["url"] == "https://x.example/viewforum.php?f=7"


def test_an_engine_whose_page_shows_nothing_is_named_and_not_guessed_on() -> None:
    login = page(HEADLINES).replace("<body>", "<body id=phpbb>")
    with pytest.raises(Unrecognised, match=r"phpBB, by mark `body#phpbb`; but no topic, post or list of boards"):
        recognise(seen(login))


def test_a_page_far_inside_a_topic_gives_its_first() -> None:
    topic = (RECORDED / "forum" / "phpbb_ru" / "topic.html").read_bytes()
    found = best(seen(topic, "https://x.example/viewtopic.php?start=40&t=5&sid=0#p77"))
    assert found.says["topics"] == "https://x.example/viewtopic.php?t=5"


def test_a_feed_is_told_by_itself_or_by_its_page() -> None:
    found = best(seen(FEED, "https://x.example/rss"))
    assert (found.kind, found.says["url"]) == ("feed", "https://x.example/rss")
    links = '<link rel=alternate type="application/rss+xml" href="/comments.xml" title="Комментарии">'
    links += '<link rel=alternate type="application/atom+xml" href="/feed.xml" title="Записи">'
    visit = seen(page("", links), **{"feed.xml": FEED, "comments.xml": page("not here")})
    assert wanted(visit)[:2] == ["https://x.example/feed.xml", "https://x.example/comments.xml"]
    result = recognise(visit)
    assert [each.says["url"] for each in result.found] == ["https://x.example/feed.xml"]
    assert result.seen == ("feed https://x.example/comments.xml: is none",)


WORDPRESS = '<meta name="Generator" content="WordPress 6.5"><link rel="https://api.w.org/" href="https://x.example/blog/wp-json/">'


def test_wordpress_is_taken_by_its_interface_or_else_by_its_feed() -> None:
    head = WORDPRESS + '<link rel=alternate type="application/rss+xml" href="/feed.xml">'
    visit = seen(page("", head), **{"blog/wp-json/": '{"namespaces": ["wp\\/v2"]}', "feed.xml": FEED})
    assert wanted(visit)[0] == "https://x.example/blog/wp-json/"
    result = recognise(visit)
    assert [each.kind for each in result.found] == ["wordpress", "feed"]
    assert result.found[0].says["url"] == "https://x.example/blog"
    refused = Visit(visit.first, (), {**visit.others, "https://x.example/blog/wp-json/": "wants a login (401)"})
    result = recognise(refused)
    assert [each.kind for each in result.found] == ["feed"]
    assert "WordPress 6.5" in result.seen[0] and "can't be had (wants a login (401))" in result.seen[0]


def test_discourse_and_mastodon_on_any_host() -> None:
    discourse = page("", '<meta name=generator content="Discourse 3.3 - https://github.com/discourse">')
    topics = '{"topic_list": {"topics": []}}'
    assert best(seen(discourse, "https://x.example/c/support/6", **{"latest.json": topics})).says["categories"] == ["support/6"]
    whole = best(seen(discourse, "https://x.example/t/fees/57", **{"latest.json": topics}))
    assert (whole.kind, whole.says["url"]) == ("discourse", "https://x.example") and "categories" not in whole.says
    mastodon = page("<div id=mastodon></div>").replace("<body>", "<body class=app-body>")
    assert best(seen(mastodon, "https://x.example/@vestarna")).says["accounts"] == ["vestarna"]
    with pytest.raises(Unrecognised, match="give the address of a profile"):
        recognise(seen(mastodon))


@pytest.mark.parametrize(("name", "path"), [("board", "c/support/6"), ("topic", "t/made-vestarna/57/3")])
def test_pages_of_discourse_as_documented_are_read_by_its_preset_only_where_its_json_is_refused(name: str, path: str) -> None:
    made, url = (RECORDED / "forum" / "discourse_documented" / f"{name}.html").read_bytes(), f"https://x.example/{path}"
    visit = seen(made, url, **{"latest.json": '{"topic_list": {"topics": []}}'})
    assert "https://x.example/latest.json" in wanted(visit)
    assert [(each.kind, each.preset) for each in recognise(visit).found][:2] == [("discourse", None), ("forum", "discourse")]
    refused = recognise(Visit(visit.first, (), {"https://x.example/latest.json": "wants a login (401)"}))
    assert [(each.kind, each.preset) for each in refused.found] == [("forum", "discourse")]
    assert "can't be had (wants a login (401))" in refused.seen[0]
    assert refused.found[0].says.get("topics", url.removesuffix("/3")) == url.removesuffix("/3"), "watched from its first page"


def test_a_site_without_a_feed_is_taken_by_sitemap_and_headlines() -> None:
    first = seen(page(HEADLINES)).first
    named = Visit(
        first, ("https://x.example/map.xml",), {"https://x.example/map.xml": Answer("https://x.example/map.xml", SITEMAP.encode())}
    )
    assert wanted(Visit(first, named.sitemaps)) == ["https://x.example/map.xml"]
    found = best(named)
    assert (found.kind, found.says["sitemap"], found.says["articles"]) == ("site", "https://x.example/map.xml", r"/news/\d+/[^/?]+\.html$")
    assert re.search(found.says["articles"], "https://x.example/news/2025/9-other.html")
    assert best(Visit(first)).says["url"] == "https://x.example/"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"%PDF-1.7 \xff\xfe", "neither a page nor a feed"),
        ('{"a": 1}', "neither a page nor a feed: its type is text/html, it begins with '{\"a\": 1}'"),
        ("", "neither a page nor a feed"),
        (page("<div id=root></div>"), "nothing was recognised; tried: its address, feeds, marks"),
        ('<?xml version="1.0"?><rss version="2.0"><channel><title>x', "damaged feed"),
    ],
)
def test_what_is_nothing_is_said(body: str | bytes, message: str) -> None:
    with pytest.raises(Unrecognised) as error:
        recognise(seen(body))
    assert message in str(error.value)


def test_reviews_in_the_data_of_a_page_are_a_hint() -> None:
    data = '<script type="application/ld+json">{"@type": "Product", "review": [{"@type": "Review"}, {"@type": ["Review"]}]}</script>'
    with pytest.raises(Unrecognised, match="2 reviews in its data"):
        recognise(seen(page(data)))


def test_reviews_and_comments_in_answers_that_are_no_html_are_recognised() -> None:
    items = (RECORDED / "reviews" / "sravni_documented" / "page.json").read_bytes()
    assert best(seen(items, "https://sravni.example/list")).preset == "sravni"
    comments = (RECORDED / "forum" / "pikabu_documented" / "comments.xml").read_bytes()
    assert best(seen(comments)).preset == "pikabu"
    assert seen(comments).first.page.css("comments > comment[nick] b::text").getall() == ["скрин"]


def test_a_visit_is_handed_over_whole() -> None:
    visit = Visit(Answer("https://x.example/", b"\xff", "a/b", ("c",)), ("m",), {"u": "why", "v": Answer("v", b"x")})
    assert visit_from_json(visit_to_json(visit)) == visit


@pytest.mark.parametrize("text", ["true", "05", "a: b", "x #y", "[a", "*b", "it's", "${HOME}", "a\nb: c", "- x", "@daily"])
def test_whatever_an_address_holds_stays_a_value(text: str, tmp_path: Path) -> None:
    found = Found(kind="telegram", what="x\nkind: y", by=("z",), says={"channels": [text]}, notes=("a\nb: c",), comments={text: "d\ne: f"})
    (channel,) = drafted("x", text_of(found), tmp_path).model_dump()["channels"]
    assert channel == text.replace("${", "%24{").replace("\n", "")


def test_new_writes_checks_and_says_what_is_next(config: Path) -> None:
    code, out, err = run("t.me/banki_oline", "--about", "Вестарна")
    assert (code, err) == (0, "")
    assert "https://t.me/banki_oline: channel of Telegram (kind telegram), by its address at t.me\n" in out
    assert out.endswith(f"check: right\nnext: python -m crawlers preview telegram-banki_oline --config {config}\n")
    written = config / "targets" / "telegram-banki_oline.yaml"
    assert "kind: telegram\nchannels: [banki_oline]\nschedule: every 15 minutes\nabout: Вестарна\n" in written.read_text(encoding="utf-8")
    before = written.read_bytes()
    code, out, err = run("t.me/banki_oline")
    assert code == 2 and "stands already and is left as it is" in err and "telegram-banki_oline watches it already" in out
    assert written.read_bytes() == before
    assert run("t.me/banki_oline", "--name", "other", "--about", "Никто")[0] == 2  # check says that there is no such brand


def test_a_key_that_is_not_set_is_named_and_the_target_waits(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run("vk.com/vestarna", "--dry-run")
    assert code == 0 and "set MOLVA_VK_TOKEN (docs/sources/vk.md)" in err
    assert "enabled: false" in out and "recognised by" in out and not list((config / "targets").iterdir())
    assert run("vk.com/vestarna")[0] == 0
    monkeypatch.setenv("MOLVA_VK_TOKEN", "x")
    code, out, err = run("vk.com/other", "--dry-run")
    assert "enabled" not in out and "needs a key" not in err


def test_another_kind_must_be_there(config: Path) -> None:
    code, _, err = run("t.me/banki_oline", "--kind", "feed")
    assert code == 1 and "nothing of kind feed was recognised; there is: channel of Telegram" in err


def test_presets_of_feeds_and_files_may_be_overridden(tmp_path: Path) -> None:
    own = "kind: files\npreset: googleplay\npath: x.csv\ntimezone: Europe/Moscow\ncolumns: {text: words}\n"
    target = drafted("x", own, tmp_path).model_dump()
    assert (target["columns"]["text"], target["columns"]["id"], target["site"]) == (("words",), "reviewId", "play.google.com")
    feed = drafted("x", "kind: feed\npreset: habr\nurl: https://habr.com/ru/rss/articles/\narticle: false\n", tmp_path).model_dump()
    assert (feed["site"], feed["article"]) == ("habr.com", False)


def test_out_is_a_file_elsewhere(config: Path, tmp_path: Path) -> None:
    code, out, _ = run("t.me/banki_oline", "--out", str(tmp_path / "mine.yaml"))
    assert code == 0 and "right as a target of its own" in out and (tmp_path / "mine.yaml").is_file()
    assert not list((config / "targets").iterdir())


@pytest.mark.parametrize("url", ["ftp://x.example/", "https://", "https://a b.example/", "https://user:word@x.example/", ""])
def test_what_is_no_address_is_a_wrong_command(config: Path, url: str) -> None:
    code, _, err = run(url)
    assert code == 2 and "is no address that can be collected" in err


def test_a_host_that_does_not_say_what_it_forbids_is_told(config: Path, running: Site) -> None:
    running.pages["/robots.txt"] = Served("down", 500)
    code, _, err = run(running.url, "--allow-private")
    assert code == 1 and "robots.txt of 127.0.0.1 answered 500" in err and "without a result" not in err
    assert err.endswith("so nothing there is asked for; try again later\n")


def test_an_address_that_leads_elsewhere_is_said_with_where(config: Path, running: Site) -> None:
    start = page("".join(f'<a href="./viewforum.php?f={number}">Доска {number}</a>' for number in range(4))).replace(
        "<body>", "<body id=phpbb>"
    )
    running.pages |= {"/viewtopic.php?t=5": Served("", 302, {"Location": "/index.php"}), "/index.php": start}
    code, out, err = run(f"{running.url}/viewtopic.php?t=5", "--allow-private", "--dry-run")
    assert code == 0 and "url:" in out
    assert err.splitlines()[0] == (f"{running.url}/viewtopic.php?t=5 leads to {running.url}/index.php: that is looked at in its place")


def test_a_login_and_a_captcha_are_told_and_an_empty_feed_is_doubted() -> None:
    with pytest.raises(Unrecognised) as login:
        recognise(seen("<html><head><title>Вход</title></head><body><input type=password></body></html>"))
    told = str(login.value)
    assert "it asks for a login; its title is «Вход»" in told and "is a login wanted?" in told and "only a script" not in told
    with pytest.raises(Unrecognised, match=r"its title is «Вы не робот\?»\n"):
        recognise(seen("<html><head><title>Вы не робот?</title></head><body><img></body></html>"))
    empty = best(seen("<rss version='2.0'><channel><title>Новости</title></channel></rss>"))
    assert (empty.what, len(empty.notes)) == ("feed of 0 entries", 1) and empty.notes[0].startswith("it has no entries now")


def test_new_asks_a_site_as_politely_as_a_run(config: Path, running: Site) -> None:
    running.pages["/robots.txt"] = f"User-agent: *\nDisallow: /closed\nSitemap: {running.url}/map.xml\n"
    running.pages["/map.xml"] = SITEMAP
    running.pages["/"] = page(HEADLINES)
    code, _, err = run(running.url)
    assert code == 1 and "private address 127.0.0.1; if that is meant, give --allow-private" in err and not running.asked
    code, out, err = run(running.url, "--allow-private", "--name", "news")
    assert (code, err) == (0, "") and "articles of a site (kind site), by robots.txt names a sitemap of 1 entries" in out
    assert running.paths(robots=True) == ["/robots.txt", "/", "/map.xml"]
    assert "allow_private: true\n" in (config / "targets" / "news.yaml").read_text(encoding="utf-8")
    code, _, err = run(f"{running.url}/closed/1", "--allow-private")
    assert code == 1 and "robots.txt of 127.0.0.1 forbids it" in err
    code, _, err = run(f"{running.url}/absent", "--allow-private")
    assert code == 1 and "has no such page (404)" in err


def expected() -> list[tuple[str, str, str, str | None, str]]:
    """Every real page: file, address, kind, preset and how what was found begins."""
    yaml = YAML(typ="safe")
    rows = [(row["page"], row["url"], "forum", row["preset"], "topic") for row in yaml.load(RECORDED / "forum" / "real_pages.yaml")]
    rows += [
        (row["page"], row["url"], row["kind"], row.get("preset"), row.get("what", ""))
        for row in yaml.load(RECORDED / "new" / "real_pages.yaml")
    ]
    known = {row[0] for row in rows}
    feeds = [str(path.relative_to(PAGES)) for path in sorted(PAGES.glob("chardet_ru_encodings/tests/*/*.xml"))]
    return rows + [(path, "https://x.example/feed", "feed", None, "") for path in feeds if path not in known]


@pytest.mark.skipif(not PAGES.is_dir(), reason="requires: ../shared/fixtures")
def test_recorded_pages_are_recognised() -> None:
    right: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    interface = "https://stackoverflow.blog/wp-json/"
    for path, url, kind, preset, what in expected():
        visit = Visit(Answer(url, (PAGES / path).read_bytes(), "text/html"), (), {interface: Answer(interface, b'"wp/v2"')})
        try:
            found = best(visit)
            same = (found.kind, found.preset) == (kind, preset) and found.what.startswith(what)
        except Unrecognised:
            same = kind == "none"
        right[preset or kind] += same
        if not same:
            wrong[path] = f"{kind} {preset}"
    assert wrong == {}
    assert right.total() == len(expected())
