"""A crawl of a site on loopback beside a bare Scrapy spider that only follows the same links; and whether memory stays flat.

    python benchmarks/crawl.py [--pages 5000]
    python benchmarks/crawl.py --pages 50000 --memory

The rule to know: all walk the same pages of one server in one run, in turns, each in a process of its own. The bare spider finds links
and keeps nothing; ours takes the articles out of their pages, judges what is new, and writes batches and cursors to the disk. Each walks
with our manners (AutoThrottle, robots.txt, at most four requests at once) and without, so that like is compared with like. It ends with 1
where ours is slower than it may be, grows, or leaves pages out.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import Process, Value
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.demand import Demand, judged
from tests.site import Answer, Request, Site

ROOT = Path(__file__).parents[1]
MENU = '<nav><a href="/list/0">Начало</a></nav>'
LISTED = 25
"""Articles that a list page links to."""
SHARE = 0.6
"""Of the bare spider's pages a second, at least."""
GROWTH = 50
"""MB that a walk may grow by."""
FIRST = 200
"""Pages until everything is loaded that a walk needs; its growth is measured from there."""
SAMPLE = 0.25
"""Seconds between two looks at a walk's memory."""
WORDS = (
    "банк", "карта", "вклад", "приложение", "поддержка", "кредит", "отказ", "перевод", "деньги", "вернули", "кэшбэк", "спасибо", "клиент",
    "очередь", "менеджер", "звонок", "проценты", "обман", "быстро", "договор", "платёж", "лимит", "страховка", "отделение", "оператор",
)  # fmt: skip
BARE = """
import json, re, sys, time
import scrapy
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    met = set()
    pages = 0

    def parse(self, response):
        self.pages += 1
        for link in response.xpath("//a/@href").getall():
            address = response.urljoin(link)
            if re.search("/(list|article)/", address) and address not in self.met:
                self.met.add(address)
                yield scrapy.Request(address)

settings = {"LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False} | json.loads(sys.argv[2])
process = CrawlerProcess(settings)
crawler = process.create_crawler(Bare)
process.crawl(crawler, start_urls=[sys.argv[1]])
started = time.perf_counter()
process.start()
print(json.dumps({"pages": crawler.spider.pages if crawler.spider else Bare.pages, "seconds": time.perf_counter() - started}))
"""
MANNERS = {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.5, "ROBOTSTXT_OBEY": True, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}
NONE = {"AUTOTHROTTLE_ENABLED": False, "AUTOTHROTTLE_START_DELAY": 0, "ROBOTSTXT_OBEY": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 8}
"""As Scrapy is without settings of ours."""


@dataclass(frozen=True, slots=True)
class Crawl:
    """One walk to its end."""

    name: str
    pages: int
    seconds: float
    memory: tuple[tuple[int, int], ...] = ()
    """Now and then: pages served until then, bytes of the spider's process."""

    @property
    def speed(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds

    def memory_after(self, pages: float) -> int:
        """Bytes at the first look after so many pages."""
        return next((size for served, size in self.memory if served >= pages), 0)

    def growth(self, pages: float) -> float:
        """MB from there to the most that there was later; not a number where no look came after."""
        later = [size for served, size in self.memory if served >= pages]
        return (max(later) - later[0]) / 2**20 if len(later) > 1 else float("nan")


def list_page(number: int, lists: int) -> str:
    """A list of articles with a link to the next list."""
    links = "".join(f'<li><a href="/article/{number * LISTED + at}">Статья {number * LISTED + at}</a></li>' for at in range(LISTED))
    following = f'<a href="/list/{number + 1}">дальше</a>' if number + 1 < lists else ""
    return f"<html><head><title>Список {number}</title></head><body>{MENU}<ul>{links}</ul>{following}</body></html>"


def article_page(number: int) -> str:
    """An article of five paragraphs, the same for the same number."""
    dice = random.Random(number)
    told = "".join(f"<p>{' '.join(dice.choices(WORDS, k=60)).capitalize()}.</p>" for _ in range(5))
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    head = (
        f'<title>Статья {number}</title><meta property="article:published_time" content="{moment.isoformat()}">'
        f'<meta name="author" content="Автор {number % 97}">'
    )
    side = "".join(f'<li><a href="/article/{number}">Ещё {at}</a></li>' for at in range(8))
    article = f"<article><h1>Статья {number}</h1>{told}</article>"
    return f'<html lang="ru"><head>{head}</head><body>{MENU}{article}<aside><ul>{side}</ul></aside></body></html>'


class Articles(Site):
    """At least so many pages: lists, and the articles that they link to."""

    def __init__(self, pages: int) -> None:
        super().__init__()
        self.lists = -(-pages // (LISTED + 1))
        self.pages_in_all = self.lists * (LISTED + 1)
        self.served = Value("q", 0)
        """Answers since the beginning, also as the process sees it that started the server's."""

    def answer(self, request: Request) -> Answer:
        with self.served.get_lock():
            self.served.value += 1
        name, _, number = request.path.strip("/").partition("/")
        if name == "list":
            return Answer(list_page(int(number), self.lists))
        return Answer(article_page(int(number))) if name == "article" else Answer("not here", 404)


def bare(name: str, address: str, settings: dict[str, Any]) -> Crawl:
    """The walk of the bare spider."""
    command = [sys.executable, "-c", BARE, address, json.dumps(settings)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    return Crawl(name, told["pages"], told["seconds"])


def ours(name: str, site: Articles, settings: dict[str, Any], *, watch: bool = False) -> Crawl:
    """The walk of `scrapy crawl site`, from its first request to its end: batches and cursor are on the disk by then."""
    with tempfile.TemporaryDirectory() as folder:
        config, data, result = Path(folder, "config"), Path(folder, "data"), Path(folder, "result.json")
        (config / "targets").mkdir(parents=True)
        text = f"kind: site\nurl: {site.url}/list/0\narticles: /article/\nfollow: /list/\npages: {site.pages_in_all + 100}\n"
        text += "allow_private: true\nlanguage: ru\n"
        (config / "targets" / "local.yaml").write_text(text, encoding="utf-8")
        (config / "brands.yaml").write_text((ROOT / "demo" / "config" / "brands.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        places = {"MOLVA_DATA": str(data), "MOLVA_CONFIG": str(config), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        command = [sys.executable, "-m", "scrapy", "crawl", "site", "-a", "target=local", "-s", f"MOLVA_RESULT={result}"]
        command += [word for option, value in settings.items() for word in ("-s", f"{option}={value}")]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | places, stdout=quiet, stderr=quiet)
        memory = watched(process, site) if watch else ()
        if process.wait():
            raise SystemExit(f"the spider ended with {process.returncode}")
        run = json.loads(result.read_text())["run"]
        if run["error"]:
            raise SystemExit(run["error"])
        kept = run["outcomes"]["kept"]
        seconds = (datetime.fromisoformat(run["ended"]) - datetime.fromisoformat(run["started"])).total_seconds()
        return Crawl(name, kept + -(-kept // LISTED), seconds, memory)


def watched(process: subprocess.Popen[bytes], site: Articles) -> tuple[tuple[int, int], ...]:
    """Memory of a process of its own now and then, until it ends, each with the pages that the site has served it."""
    found: list[tuple[int, int]] = []
    before = site.served.value
    while process.poll() is None:
        try:
            found.append((site.served.value - before, psutil.Process(process.pid).memory_info().rss))
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE)
    return tuple(each for each in found if each[1])  # a process that has just ended has none


def remembered(site: Articles, table: Table) -> list[Demand]:
    """Our crawl alone, and how its memory grows."""
    walk = ours("ours", site, NONE, watch=True)
    table.add_row(walk.name, str(walk.pages), f"{walk.seconds:.1f}", f"{walk.speed:.1f}")
    fifth = site.pages_in_all // 5
    sizes = [size >> 20 for size in (walk.memory_after(FIRST), walk.memory_after(fifth), max(each for _, each in walk.memory))]
    print(f"MB after {FIRST} pages {sizes[0]}, after {fifth} pages {sizes[1]}, most {sizes[2]}, at the end {walk.memory[-1][1] >> 20}")
    return [
        Demand("pages that were walked", walk.pages, "at least", site.pages_in_all),
        Demand(f"MB grown over {walk.pages} pages, from after the first {FIRST}", walk.growth(FIRST), "less than", GROWTH),
        Demand(f"MB grown over {walk.pages} pages, from after a fifth", walk.growth(fifth), "less than", GROWTH),
    ]


def compared(site: Articles, rounds: int, table: Table) -> list[Demand]:
    """Our crawls beside the bare ones, in turns."""
    walks: dict[str, Crawl] = {}
    for _ in range(rounds):
        for manners, settings in (("with manners", MANNERS), ("without", NONE)):
            for walk in (bare(f"bare, {manners}", f"{site.url}/list/0", settings), ours(f"ours, {manners}", site, settings)):
                walks[walk.name] = max(walk, walks.get(walk.name, walk), key=lambda each: each.speed)
    demands = []
    for walk in walks.values():
        share = walk.speed / walks[walk.name.replace("ours", "bare")].speed
        table.add_row(walk.name, str(walk.pages), f"{walk.seconds:.1f}", f"{walk.speed:.1f}", f"{share:.0%}")
        demands.append(Demand(f"{walk.name}: pages that were walked", walk.pages, "at least", site.pages_in_all))
        if walk.name.startswith("ours"):
            demands.append(Demand(f"{walk.name}: pages/s of the bare one's", share, "at least", SHARE))
    return demands


def main(
    pages: Annotated[int, typer.Option(help="Pages of the site: lists and articles.")] = 5_000,
    memory: Annotated[
        bool, typer.Option("--memory", help="Only our crawl, and how its memory grows; over 50,000 pages it is demanded.")
    ] = False,
    rounds: Annotated[int, typer.Option(help="How often each walks, in turns; the fastest walk of each counts.")] = 2,
) -> None:
    """Walk, print pages a second, and say whether what is demanded holds."""
    site = Articles(pages)
    Process(target=site.server.serve_forever, daemon=True).start()
    table = Table("crawl", "pages", "seconds", "pages/s", "of the bare one")
    demands = remembered(site, table) if memory else compared(site, rounds, table)
    Console().print(table)
    raise typer.Exit(judged(*demands))


if __name__ == "__main__":
    typer.run(main)
