"""The list of every parser of the sources: kinds, presets, formats of files; each with the recordings it is tried with.

The rule to know: the shared recordings are used where they are at hand, our own small ones always.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parsel import Selector

from crawlers.page import decode
from crawlers.preset import preset as preset_of
from crawlers.preset import preset_names
from crawlers.selection import select
from tests.parsing import Parser
from tests.recording import RECORDED, own_target
from tests.tapes import body, exchanges

SHARED = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
LARGEST = 700_000
"""Bytes of a recording: longer ones only take time."""
NO_ANSWERS = {
    "pages/phpbb/phpbbparser/*.expected.json": "what another program reads on the pages beside it",
    "pages/trafilatura/tests/evaldata.json": "the same",
    "api/monitoring_exports/brand_analytics_columns.json": "names of columns, measured in a workbook that is not there",
    "api/monitoring_exports/*.yml": "describes an interface of YouScan: nothing that it answered",
}
"""Shared recordings that no platform answered -> what they are instead."""


def files_of(*patterns: str) -> tuple[bytes, ...]:
    """Recordings that match, of the shared ones and our own; answers out of tapes of whole conversations."""
    found = [path for pattern in patterns for root in (SHARED, RECORDED) for path in sorted(root.glob(pattern)) if path.is_file()]
    bodies = [each for path in found for each in ([body(one) for one in exchanges(path)] or [path.read_bytes()])]
    return tuple(each for each in dict.fromkeys(bodies) if each and len(each) <= LARGEST)


def parsers() -> list[Parser]:
    """All of them."""
    return [*_interfaces(), *_feeds(), *_pages_of_people(), *_of_files()]


def _interfaces() -> Iterator[Parser]:
    yield Parser("appstore", "kind: appstore\napps: [389801252]\ncountries: [ru]\n", files_of("api/appstore/rss*", "appstore/*"))
    sky = "kind: bluesky\naccounts: [bsky.app]\nsearch: [x]\npages: 2\n"
    answers = files_of("api/bluesky/*.yml", "api/bluesky/*.json") or (b'{"posts": []}',)
    yield Parser("bluesky", sky, answers, {"actor.getProfiles": b'{"profiles": []}'})
    yield Parser("bluesky profiles", sky, answers)
    forum, answers = "kind: discourse\nurl: https://d.example\npages: 2\n", files_of("api/discourse/*.json", "discourse/*")
    yield Parser("discourse", forum, answers)
    yield Parser("discourse lists", forum, answers, {"/t/": (RECORDED / "discourse" / "topic_40.json").read_bytes()})
    hub = "kind: habr\nhubs: [x]\narticles: [900001]\npages: 2\n"
    yield Parser("habr", hub, files_of("habr/*.json"))
    made = {name: (RECORDED / "habr" / f"{name}.json").read_bytes() for name in ("list", "article_900001", "comments_900001")}
    yield Parser("habr comments", hub, files_of("habr/*.json"), {"hub=x": made["list"]})
    read = {"/comments/": made["comments_900001"], "articles/900": made["article_900001"]}
    yield Parser("habr lists", "kind: habr\npages: 2\n", files_of("habr/*.json"), read)
    yield Parser(
        "hackernews", "kind: hackernews\nsearch: [x]\nstories: [8863]\npages: 2\n", files_of("api/hackernews/**/*.json", "hackernews/*")
    )
    entries = files_of("livejournal/rss.xml", "livejournal/printed.xml", "pages/livejournal/*.xml")
    yield Parser("livejournal", "kind: livejournal\nurl: https://a.livejournal.com\npages: 2\n", entries)
    rss = {"/data/rss": (RECORDED / "livejournal" / "rss.xml").read_bytes()}
    comments = files_of("livejournal/*.json", "livejournal/printed.xml", "pages/livejournal/*.xml")
    yield Parser("livejournal comments", "kind: livejournal\nurl: https://a.livejournal.com\npages: 2\n", comments, rss)
    tapes = files_of("api/mastodon/rtoot/*.yml", "api/mastodon/mastodonpy/*.yaml", "mastodon/*")
    yield Parser("mastodon", "kind: mastodon\nurl: https://m.example\nhashtags: [x]\nsearch: [x]\ntoken_env: MOLVA_KEY\npages: 2\n", tapes)
    asked = files_of("api/stackexchange/*.json", "stackexchange/questions*.json", "stackexchange/throttled.json")
    exchange, made_filter = (
        "kind: stackexchange\ncommunity: ru.stackoverflow.com\ntags: [x]\npages: 2\n",
        files_of("stackexchange/filter.json"),
    )
    yield Parser("stackexchange", exchange, asked, {"/filters/create": made_filter[0]})
    yield Parser("stackexchange filter", exchange, (*made_filter, *asked[:2]))
    channel = b'<div class="tgme_channel_info">%s</div>'
    shown = [each if b"tgme_channel_info" in each else channel % each for each in files_of("pages/telegram/*.html")]
    yield Parser("telegram", "kind: telegram\nchannels: [abcde]\npages: 2\n", tuple(shown) or (channel,))
    wall = b'{"response": {"count": 1, "items": [{"id": 1, "owner_id": -1, "from_id": 2, "date": 1700000000, "text": "x"}]}}'
    walls = files_of("api/vk/*.json", "api/vk/vknet/*.json")
    yield Parser("vk", "kind: vk\nwalls: [banki_ru]\nsearch: [x]\ntoken_env: MOLVA_KEY\npages: 2\n", (*walls, wall))
    yield Parser("vk videos", "kind: vk\nvideos: [video-1_2]\ntoken_env: MOLVA_KEY\npages: 2\n", (*walls, wall))
    press = "kind: wordpress\nurl: https://w.example\npages: 2\n"
    posts = files_of("api/wordpress/*.json", "wordpress/*.json")
    yield Parser("wordpress", press, posts)
    threads = files_of("api/youtube/*.json") or (b'{"items": []}',)
    yield Parser("youtube", "kind: youtube\nvideos: [abcdefghijk]\nkey_env: MOLVA_KEY\npages: 2\n", threads)
    yield Parser("youtube search", "kind: youtube\nsearch: [x]\nchannels: ['@abc']\nkey_env: MOLVA_KEY\npages: 2\n", threads)
    places = "kind: reddit\nsubreddits: [brokers]\nthreads: [sub1]\nlimit: 100\n"
    answers = files_of("reddit/broker/[cmnst]*.json", "reddit/tests/integration/cassettes/*")
    yield Parser("reddit", places, answers)
    more = (RECORDED / "reddit" / "broker" / "morechildren.json").read_bytes()
    yield Parser("reddit thread", "kind: reddit\nthreads: [sub1]\n", answers, {"morechildren": more})


def _feeds() -> Iterator[Parser]:
    old = files_of("pages/chardet_ru_encodings/tests/*/*")
    seeds = files_of("feed/*/page.xml", "api/wordpress/*.xml", "api/habr/*", "livejournal/rss.xml")
    yield Parser("feed", "kind: feed\nurl: https://f.example/rss\n", (*seeds, *old))
    for preset in preset_names("feed"):
        yield Parser(f"feed {preset}", f"kind: feed\npreset: {preset}\nurl: https://f.example/rss\nlimits: {{items: 2}}\n", seeds)
    articles = files_of("api/habr/*.html", "pages/trafilatura/**/*.html", "reviews/cards/page.html")
    feed = {"/rss": (RECORDED / "feed" / "rss_blog" / "page.xml").read_bytes()}
    yield Parser("article of a feed", "kind: feed\nurl: https://f.example/rss\narticle: true\nlimits: {items: 2}\n", articles, feed)
    maps = (
        b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://s.example/news/1</loc>'
        b"<lastmod>2026-05-01T10:00:00+03:00</lastmod></url><url><loc>https://s.example/news/2</loc></url></urlset>",
        b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://s.example/a.xml.gz</loc></sitemap></sitemapindex>',
    )
    page = b'<html lang="ru"><body><article><h1>x</h1><p>Long enough a text of an article.</p></article></body></html>'
    yield Parser("sitemap", "kind: site\nsitemap: https://s.example/sitemap.xml\npages: 8\n", maps, {"/news/": page})
    links = (b'<a href="/news/1">a</a><a href="/news/page/2">b</a>', *articles)
    yield Parser("site", "kind: site\nurl: https://s.example/\narticles: '/news/\\d+'\nfollow: page\npages: 6\n", links)


def _pages_of_people() -> Iterator[Parser]:
    folders = {"ipboard2": "invision", "ipboard3": "invision", "invision4": "invision", "phpbb_subsilver": "phpbb"}
    folders |= {f"{engine}{version}": engine for engine in ("smf", "xenforo") for version in (1, 2)}
    folders |= {f"vbulletin{version}": "vbulletin" for version in (3, 4)}
    for preset in preset_names("forum"):
        engine = folders.get(preset, preset)
        seeds = files_of(f"pages/{engine}/**/*.html", f"pages/{engine}/**/*.htm", f"forum/{preset}*/*.html", f"forum/{engine}*/*.html")
        # Where pages are counted, the page after a board would be the same board again.
        pages = {"pikabu": (1, 1), "spirit": (1, 2)}.get(preset, (2, 2))
        board, forum = (f"kind: forum\npreset: {preset}\npages: {many}\ntopic: {{id: '(\\d+)'}}\n" for many in pages)
        topic = _topic_of(preset, files_of(f"forum/{preset}*/topic.html", f"pages/{engine}/*topic_*.html"))
        yield Parser(f"forum {preset} board", f"{board}url: https://f.example/board\n", seeds, only="/board", elsewhere=topic)
        yield Parser(f"forum {preset} topic", f"{forum}topics: https://f.example/threads/1/\n", seeds)
        if starts := files_of(f"pages/{engine}/index_*.html"):
            start = f"{forum}topics: https://f.example/threads/1/\nstart: {{url: https://f.example/start}}\n"
            yield Parser(f"forum {preset} start", start, starts, only="/start", elsewhere=topic)
    yield Parser("forum godville", own_target("godville"), files_of("pages/other_ru/*", "forum/phpbb_ru/*.html"))
    for case in ("cards", "table_reply"):
        target = (RECORDED / "reviews" / case / "target.yaml").read_text(encoding="utf-8")
        yield Parser(f"reviews {case}", f"{target}\npages: 1\n", files_of(f"reviews/{case}/page.html"))
    reviews = files_of("pages/banki_ru_moodify/**/*.html", "pages/trafilatura/**/*trustpilot*", "reviews/*/page.*")
    for preset, site in {"otzovik": "otzovik.com", "irecommend": "irecommend.ru"}.items():
        case = RECORDED / "reviews" / f"{preset}_documented"
        text = f"kind: reviews\npreset: {preset}\nurl: https://{site}/list\npages: 1\nattempts: 1\n"
        shown = {"/list": (case / "page.html").read_bytes()}
        yield Parser(f"reviews {preset} own page", text, files_of(f"reviews/{preset}_documented/own_page.html"), shown)
    for preset in preset_names("reviews"):
        yield Parser(f"reviews {preset}", f"kind: reviews\npreset: {preset}\nurl: https://r.example/\npages: 1\nattempts: 1\n", reviews)


def _topic_of(name: str, pages: tuple[bytes, ...]) -> bytes:
    """The shortest of these topics that this preset reads; an empty page where there is none."""
    post = preset_of("forum", name)["topic"]["post"]
    return next((page for page in sorted(pages, key=len) if select(Selector(decode(page), type="html"), post)), b"<html/>")


def _of_files() -> Iterator[Parser]:
    common = "kind: files\npath: {}\nsite: r.example\ntimezone: Europe/Moscow\nlimits: {{rejected: 1}}\n"
    columns = "columns: {id: id, text: text, author_id: author, date: date, rating: stars, likes: likes, url: url}\n"
    rows = [{"id": str(n), "text": f"Отзыв {n}", "author": "a", "date": "2024-05-01 10:00", "stars": 5, "likes": n, "url": "https://r.example/1"}
            for n in range(3)]  # fmt: skip
    table = ("id,text,author,date,stars,likes,url\n" + "".join(",".join(map(str, row.values())) + "\n" for row in rows)).encode()
    seeds = {
        "csv": (table,), "json": (json.dumps(rows, indent=1, ensure_ascii=False).encode(),),
        "jsonl": ("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(),), "parquet": (_parquet(rows),),
    }  # fmt: skip
    for form, given in seeds.items():
        yield Parser(f"files {form}", common.format(f"answer.{form}") + columns, given, file=f"answer.{form}")
    for preset in preset_names("files"):
        exports = files_of(f"files/{preset}_made/export.*", f"api/{preset}/*.csv", f"{preset}/*", "api/monitoring_exports/*.xlsx")
        tables = (
            "Дата;Время;Текст;Источник;Ссылка;Автор;Аудитория;Лайков\n14.04.2023;15:53;Плохо;vk.com;https://vk.com/wall-1_2;А;1 200;3\n"
        ).encode()
        own = "needed: [content]" if preset == "googleplay" else 'delimiter: ";"'
        for form, given in {"xlsx": [each for each in exports if each[:2] == b"PK"], "csv": [*exports, tables]}.items():
            text = f"kind: files\npreset: {preset}\npath: answer.{form}\nsettled: null\n{own}\nlimits: {{rejected: 1}}\n"
            known = tuple(each for each in given if form == "xlsx" or each[:2] != b"PK")
            yield Parser(f"files {preset} {form}", text, known or files_of("files/brand_analytics_made/*.xlsx"), file=f"answer.{form}")
    sent = (RECORDED / "files" / "youscan_documented" / "export.jsonl").read_bytes()
    yield Parser("files youscan jsonl", "kind: files\npreset: youscan\npath: answer.jsonl\nsettled: null\n", (sent,), file="answer.jsonl")
    for case in ("banki_ru", "monitoring"):
        target = (RECORDED / "files" / case / "target.yaml").read_text(encoding="utf-8")
        [export] = (RECORDED / "files" / case).glob("export.*")
        yield Parser(f"files {case}", target, (export.read_bytes(),), file=export.name)
    example = "kind: files\npreset: googleplay\npath: answer.csv\nsettled: null\n"
    yield Parser("files googleplay", example, files_of("api/googleplay/*.csv", "googleplay/*"), file="answer.csv")
    saved = (*files_of("api/reviews_ru/*.csv", "api/reviews_ru/*page_text.txt"), table)
    yield Parser("files reviews csv", own_target("banki_ru"), saved, file="reviews.csv")
    stored = files_of("api/reviews_ru/*.json") or seeds["json"]
    yield Parser("files reviews json", own_target("otzovik"), stored, file="reviews.json")
    told = files_of("api/telegram/*.json", "telegram_export/*.json")
    yield Parser(
        "telegram_export", "kind: telegram_export\npath: answer.json\nprivate: true\nnames: {x: vestarna}\n", told, file="answer.json"
    )


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
