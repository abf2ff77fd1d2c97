"""Time loading, figures, search and export on both engines of the index, side by side.

    python benchmarks/index.py --mentions 50000 [--elasticsearch http://127.0.0.1:9200]

The rule to know: each engine runs in a process of its own, so that the peak of memory is its own; Elasticsearch's node is
not in it. The mentions are made up, the same for both, about a sixth of them of a second product.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from crawlers.post import Post, Precision
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.query import Facet, Index, Query, Standing
from nlp.mention import STANCES, Mention

BATCH = 1_000
START = datetime(2025, 1, 1, tzinfo=UTC)
WORDS = (
    "банк", "карта", "рекомендую", "не", "вклад", "приложение", "удобно", "поддержка", "кредит", "ипотека", "отказ", "перевод", "деньги",
    "вернули", "кэшбэк", "спасибо", "ужасно", "клиент", "уже", "десять", "лет", "ушёл", "навсегда", "советую", "знакомым", "отделение",
    "очередь", "менеджер", "звонок", "спам", "проценты", "обман", "быстро",
)  # fmt: skip
QUERY = Query(brands=("brand0",), counting=True, last_word=True, until=START + timedelta(days=500))
QUESTIONS: dict[str, Callable[[Index], Any]] = {
    "stances of a brand's last words": lambda index: index.count(QUERY, Facet.STANCE),
    "roles of a brand": lambda index: index.count(Query(brands=("brand0",)), Facet.ROLE),
    "brands x stances": lambda index: index.cross(Query(counting=True), Facet.BRAND, Facet.STANCE),
    "a brand by day and stance": lambda index: index.trend(Query(brands=("brand0",)), "day", ZoneInfo("Europe/Moscow"), Facet.STANCE),
    "reach of a brand": lambda index: index.reach(Query(brands=("brand0",))),
    "reach of all": lambda index: index.reach(Query()),
    "distinct authors of a brand": lambda index: index.distinct_authors(Query(brands=("brand0",))),
    "search of two words": lambda index: index.search(Query(text="рекомендую карту")),
    "search of a phrase without a word": lambda index: index.search(Query(text='"не рекомендую" -вклад')),
    "the newest of a brand": lambda index: index.search(Query(brands=("brand0",))),
    "mentions of 100 authors": lambda index: list(index.mentions_of([f"site:{number}" for number in range(100)])),
}


def batches(mentions: int) -> Iterator[tuple[list[Post], list[Mention]]]:
    """Made-up posts with one or two mentions each; always the same."""
    dice, made, number = random.Random(1), 0, 0
    while made < mentions:
        posts: list[Post] = []
        found: list[Mention] = []
        while len(posts) < BATCH and made < mentions:
            post = _post(dice, number)
            of_post = [_mention(dice, post, product) for product in ("general", *(["card"] if dice.random() < 0.2 else []))]
            posts.append(post)
            found += of_post
            made, number = made + len(of_post), number + 1
        yield posts, found


def _post(dice: random.Random, number: int) -> Post:
    return Post(
        id=f"site:{number}", site="site", place=f"place {number % 50}", source=("feed", "reviews")[number % 2],
        targets=(f"t{number % 20}",),
        text=" ".join(dice.choices(WORDS, k=90)), language="ru", author_id=f"site:{dice.randrange(1 + number // 3)}",
        published=START + timedelta(minutes=dice.randrange(600 * 1440)), published_precision=Precision.MINUTE, collected=START,
        views=dice.choice((None, number)), followers=100,
    )  # fmt: skip


def _mention(dice: random.Random, post: Post, product: str) -> Mention:
    return Mention(
        post=post.id, brand=f"brand{int(dice.random() ** 2 * 10)}", product=product, product_kind="general", found="text", genre="opinion",
        sentiment="neutral", tone=0, stance=dice.choice(STANCES), recommendation="none", roles=("client",), switch="none",
        confidence={"stance": 0.9}, evidence=((0, 20),), model="made up",
    )  # fmt: skip


def measure(where: str, mentions: int, answer: Any) -> None:
    """Everything about one engine, sent back as {what: number}."""
    with tempfile.TemporaryDirectory() as folder:
        elastic = where.startswith("http")
        index: Index = ElasticIndex(where, "benchmark") if elastic else EmbeddedIndex(folder)
        found: dict[str, float] = {}
        spent = 0.0
        with index.rebuild() as fresh:
            for number, (posts, of_posts) in enumerate(batches(mentions)):
                standings = {one.id: Standing(counts=one.stance != "none", roles=("client",), role_from="text") for one in of_posts}
                begun = time.perf_counter()
                fresh.replace(posts, of_posts, f"made/{number}")
                fresh.write_standings(standings)
                spent += time.perf_counter() - begun
        found["load, mentions/s"] = mentions / spent
        for name, question in QUESTIONS.items():
            question(index)
            found[f"{name}, ms"] = 1000 * median(_seconds(question, index) for _ in range(5))
        begun = time.perf_counter()
        number = sum(1 for _ in index.export(Query()))
        found["export, mentions/s"] = number / (time.perf_counter() - begun)
        found["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if not elastic:
            found["size on disk, MB"] = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        index.close()
    answer.put(found)


def _seconds(question: Callable[[Index], Any], index: Index) -> float:
    begun = time.perf_counter()
    question(index)
    return time.perf_counter() - begun


def main(
    mentions: Annotated[int, typer.Option(min=1, help="Mentions to load.")] = 50_000,
    elasticsearch: Annotated[str | None, typer.Option(help="Address of a node; its indices benchmark-* are replaced.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of the table.")] = False,
) -> None:
    """Time the index."""
    context = multiprocessing.get_context("spawn")
    results: dict[str, dict[str, float]] = {}
    for engine, where in {"embedded": "embedded", "elasticsearch": elasticsearch}.items():
        if where is None:
            continue
        answer = context.Queue()
        child = context.Process(target=measure, args=(where, mentions, answer))
        child.start()
        results[engine] = answer.get()
        child.join()
    if as_json:
        print(json.dumps({"mentions": mentions} | results))
        return
    table = Table("", *results, title=f"{mentions} mentions")
    for name in results["embedded"]:
        table.add_row(name, *[f"{result[name]:,.0f}" if name in result else "" for result in results.values()])
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
