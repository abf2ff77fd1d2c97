"""Tagged batches as the tagging stage leaves them, written by hand: the input of the tests of loading."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch_node import elasticsearch_url

from crawlers.post import Post, Precision, post_to_json
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.query import Author, Hit, Index, Query
from nlp import classifier
from nlp.mention import Mention, mention_to_json
from nlp.tag import present_fingerprint

CONFIG = json.loads((classifier.MODEL / "config.json").read_text(encoding="utf-8"))
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
BRANDS = """\
brands:
  - slug: bank
    name: {ru: Банк, en: The Bank}
    ours: true
    aliases: [Банк, Thebank]
    products:
      - {slug: app, name: Приложение, kind: app_online, aliases: [приложение]}
  - slug: rival
    name: Соперник
    aliases: [Соперник, Rival]
"""
TOLD = (
    "Третий месяц прошу Банк закрыть карту. В отделении говорят одно, по телефону другое, в приложении кнопки нет вовсе, а за "
    "обслуживание списывают каждый месяц. Деньги обещали вернуть и не вернули.",
    "I asked Thebank to close my card three months ago. The branch says one thing, the hotline another, the app has no button at "
    "all, and the monthly fee is still taken from my account. Nobody returns it.",
)
"""Texts long enough to be repeated."""

COMMAND = """
import sys
from pathlib import Path
from advocacy import load
from advocacy.__main__ import app
from nlp import classifier
classifier.MODEL = Path(sys.argv.pop(1))
load.POSTS_AT_ONCE = int(sys.argv.pop(1))
app(prog_name="advocacy")
"""


class Place:
    """A data folder and a configuration folder, and a model that is nothing but its name: all that loading knows of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.config, self.model = folder / "data", folder / "config", folder / "model"
        for part in (self.data, self.config / "targets", self.model):
            part.mkdir(parents=True)
        (self.config / "brands.yaml").write_text(BRANDS, encoding="utf-8")
        self.new_model("first")
        monkeypatch.setattr(classifier, "MODEL", self.model)
        monkeypatch.setenv("MOLVA_DATA", str(self.data))
        monkeypatch.setenv("MOLVA_CONFIG", str(self.config))
        monkeypatch.delenv("MOLVA_INDEX", raising=False)

    def new_model(self, name: str) -> None:
        """From now on the present model is another one."""
        for file in classifier.FILES:
            (self.model / file).write_text(name)
        hashes = {file: hashlib.sha256(name.encode()).hexdigest() for file in classifier.FILES}
        (self.model / "config.json").write_text(json.dumps(CONFIG | {"sha256": hashes}))

    def command(self, *arguments: str, posts_at_once: int = 1000) -> list[str]:
        """`python -m advocacy …` of this place, for a process of its own."""
        return [sys.executable, "-c", COMMAND, str(self.model), str(posts_at_once), *arguments]

    def tagged(self, target: str, number: int, sightings: Iterable[tuple[Post, Sequence[Mention]]]) -> str:
        """Write a tagged batch of the present reading; its key in the index."""
        fingerprint = present_fingerprint(self.config)
        path = self.data / "tagged" / fingerprint / target / f"{number:06}.jsonl.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            for post, mentions in sightings:
                line = {"post": post_to_json(post), "mentions": [mention_to_json(mention) for mention in mentions]}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return f"{fingerprint}/{target}/{number:06}"


ENGINES = ("embedded", "elastic")


@contextmanager
def fresh_index(engine: str, folder: Path, prefix: str | None = None) -> Iterator[Index]:
    """An empty index of its own, gone at the end; skips the test where there is no Elasticsearch to run."""
    if engine == "embedded":
        with closing(EmbeddedIndex(folder)) as index:
            yield index
        return
    prefix = prefix or f"test-{uuid.uuid4().hex[:12]}"
    url = elasticsearch_url()
    with closing(ElasticIndex(url, prefix=prefix, lock=folder / "lock")) as elastic, Elasticsearch(url) as node:
        try:
            yield elastic
        finally:
            names = [str(name) for name in node.indices.get(index=f"{prefix}-*")]
            if names:
                node.indices.delete(index=names)


def post(number: int, day: float = 0, **fields: Any) -> Post:
    """Post `number` of account `a`, published `day` days after START and collected an hour later."""
    published = START + timedelta(days=day)
    values: dict[str, Any] = {
        "id": f"forum.test:{number:05}",
        "site": "forum.test",
        "source": "reviews",
        "targets": ("forum",),
        "text": f"Банк: отзыв {number}",
        "author_id": "forum.test:a",
        "published": published,
        "published_precision": Precision.MINUTE,
        "collected": published + timedelta(hours=1),
    }
    return Post(**(values | fields))


def mention(of: Post, stance: str = "promoter", **fields: Any) -> Mention:
    """An opinion of the post about the bank."""
    values: dict[str, Any] = {
        "post": of.id,
        "brand": "bank",
        "found": "text",
        "genre": "opinion",
        "sentiment": "neutral",
        "tone": 0,
        "stance": stance,
        "recommendation": "none",
        "roles": ("none",),
        "switch": "none",
        "names": ((0, 4),),
    }
    return Mention(**(values | fields))


def many_posts(number: int, seed: int) -> list[tuple[Post, list[Mention]]]:
    """Sightings of fewer posts than sightings, by accounts that come again, and unnamed ones, over a year.

    Some posts repeat others; an edit can turn a copy into a text of its own, and back.
    """
    chance = random.Random(seed)
    sightings = []
    for _ in range(number):
        which = chance.randrange(number * 4 // 5)
        author = None if which % 3 == 0 else f"forum.test:{which % (number // 10 + 1)}"
        text = f"{TOLD[which % 2]} {which}" if which % 4 == 0 else f"Банк: отзыв {which}"
        written = post(which, which % 365, text=text, author_id=author, views=chance.choice([None, 10, 20]), likes=chance.randrange(5))
        written = replace(written, collected=written.collected + timedelta(days=chance.randrange(9)), targets=(f"t{chance.randrange(3)}",))
        if chance.random() < 0.2:
            changed = chance.choice([written.text + f" Изменено {chance.randrange(3)} раза", TOLD[0], f"Банк: другой отзыв {which}"])
            written = replace(written, text=changed)
        stance = chance.choice(["promoter", "detractor", "passive", "none"])
        mentions = [mention(written, stance, roles=chance.choice([None, ("none",), ("client",), ("employee",)]))]
        if chance.random() < 0.3:
            mentions.append(mention(written, "promoter", product="app", product_kind="app_online"))
        sightings.append((written, mentions))
    return sightings


def everything(index: Index) -> tuple[list[Hit], list[Author]]:
    """All that the index knows: mentions of both levels with posts and standings, and the authors' documents."""
    hits = [*index.export(Query(level="brand")), *index.export(Query(level="product"))]
    authors = [author for product in ("general", "app") for author in index.authors(product=product, size=10_000)]
    return hits, authors
