"""What is Elasticsearch's own: strict mappings, analysts' fields, aliases, and what goes wrong with a node."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import index_corpus
import pytest
from conftest import unused_port
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError
from elasticsearch_node import elasticsearch_url

from crawlers.post import Post, Precision
from index import open_index
from index.address import address
from index.elastic import ElasticIndex
from index.elastic_mapping import KINDS, mapping
from index.elastic_node import Indices, client
from index.embedded import EmbeddedIndex
from index.query import Facet, IndexUnavailable, Query, Standing
from nlp.mention import Mention


@pytest.fixture(scope="module")
def node() -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url()) as elastic:
        yield elastic


@pytest.fixture
def index(node: Elasticsearch, tmp_path: Path) -> Iterator[ElasticIndex]:
    """An empty index of its own."""
    prefix = f"own-{uuid.uuid4().hex[:12]}"
    found = ElasticIndex(elasticsearch_url(), prefix=prefix, lock=tmp_path / "lock")
    yield found
    found.close()
    for name in names(node, prefix):
        node.indices.delete(index=name)


def names(node: Elasticsearch, prefix: str) -> list[str]:
    return sorted(node.indices.get(index=f"{prefix}-*"))


def prefix_of(index: ElasticIndex) -> str:
    return index._prefix


def some(text: str = "Не рекомендую карты этого банка") -> tuple[Post, Mention]:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    post = Post(
        id="s.ru:1", site="s.ru", source="feed", text=text, collected=now, published=now, published_precision=Precision.MINUTE,
        author_id="s.ru:a",
    )  # fmt: skip
    mention = Mention(
        post=post.id, brand="sever", found="text", genre="opinion", sentiment="negative", tone=-1, stance="detractor",
        recommendation="warns", roles=("client",), switch="none", confidence={"stance": 1.0, "roles": 0.5},
    )  # fmt: skip
    return post, mention


# For analysts


def test_the_mapping_is_strict(node: Elasticsearch, index: ElasticIndex) -> None:
    index.replace(*[[one] for one in some()])
    for kind in KINDS:
        with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
            node.index(index=f"{prefix_of(index)}-{kind}", document={"guess": 1})
        (found,) = node.indices.get_mapping(index=f"{prefix_of(index)}-{kind}").values()
        assert found["mappings"]["dynamic"] == "strict"


def test_every_field_of_every_document_is_mapped() -> None:
    posts, mentions = (set(mapping(kind)["properties"]) for kind in ("posts", "mentions"))
    assert set(Post.__dataclass_fields__) <= posts
    assert set(Mention.__dataclass_fields__) - {"roles"} | set(Standing.__dataclass_fields__) <= mentions


@pytest.mark.parametrize(
    ("field", "words", "found"),
    [
        ("post.text.ru", "картами", 1),
        ("post.text.ru", "рекомендует", 1),
        ("post.text.ru", "ЕЛКА", 1),
        ("post.text", "картами", 0),
        ("post.text", "Карты", 1),
        ("post.text.en", "apps", 1),
        ("post.text.en", "не", 1),
    ],
)
def test_analysts_have_analysed_texts(node: Elasticsearch, index: ElasticIndex, field: str, words: str, found: int) -> None:
    index.replace(*[[one] for one in some("Не рекомендую карты этого банка, Ёлка! The app")])
    answer = node.count(index=f"{prefix_of(index)}-mentions", query={"match_phrase": {field: words}})
    assert answer["count"] == found


def test_analysts_find_a_negation_as_a_phrase(node: Elasticsearch, index: ElasticIndex) -> None:
    index.replace(*[[one] for one in some()])
    alias = f"{prefix_of(index)}-mentions"
    assert node.count(index=alias, query={"match_phrase": {"post.text.ru": "не рекомендую"}})["count"] == 1
    assert node.count(index=alias, query={"range": {"confidence.roles": {"lt": 0.6}}})["count"] == 1
    assert node.count(index=alias, query={"bool": {"filter": [{"term": {"level": "brand"}}, {"term": {"roles": "client"}}]}})["count"] == 1


# Aliases and generations


def test_a_rebuild_moves_the_aliases_and_the_next_writer_removes_the_retired(node: Elasticsearch, index: ElasticIndex) -> None:
    post, mention = some()
    index.replace([post], [mention], "a")
    prefix = prefix_of(index)
    assert names(node, prefix) == sorted(f"{prefix}-{kind}-000001" for kind in KINDS)
    with index.rebuild() as fresh:
        fresh.replace([post], [mention], "b")
        assert set(node.indices.get_alias(name=f"{prefix}-mentions")) == {f"{prefix}-mentions-000001"}
    assert set(node.indices.get_alias(name=f"{prefix}-mentions")) == {f"{prefix}-mentions-000002"}
    assert len(names(node, prefix)) == 8
    other = ElasticIndex(elasticsearch_url(), prefix=prefix)
    other.replace([], [], "c")
    assert names(node, prefix) == sorted(f"{prefix}-{kind}-000002" for kind in KINDS)
    assert other.loaded() == index.loaded() == {"b", "c"}
    other.close()


def test_what_a_killed_rebuild_left_is_removed(node: Elasticsearch, index: ElasticIndex) -> None:
    post, mention = some()
    index.replace([post], [mention])
    index._indices.create()
    assert len(names(node, prefix_of(index))) == 8
    with index.rebuild() as fresh:
        fresh.replace([post], [mention])
        assert len(names(node, prefix_of(index))) == 8
    assert index.count(Query()) == {"": 1}


def test_indices_that_appear_late_for_a_killed_writer_are_passed_by(
    node: Elasticsearch, index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = prefix_of(index)
    for name in (f"{prefix}-posts-000001", f"{prefix}-authors-000002"):
        node.indices.create(index=name)
    seen = Indices._all
    answers = iter([[]])
    monkeypatch.setattr(Indices, "_all", lambda indices: next(answers, None) or seen(indices))
    index.replace(*[[one] for one in some()])
    assert names(node, prefix) == sorted(f"{prefix}-{kind}-000003" for kind in KINDS)
    assert index.count(Query()) == {"": 1}


def test_forgetting_reaches_retired_generations(node: Elasticsearch, index: ElasticIndex) -> None:
    post, mention = some()
    index.replace([post], [mention])
    with index.rebuild() as fresh:
        fresh.replace([post], [mention])
    index.forget([post.id])
    assert all(node.count(index=name)["count"] == 0 for name in names(node, prefix_of(index)))


def test_other_prefixes_are_left_alone(node: Elasticsearch, index: ElasticIndex) -> None:
    prefix = prefix_of(index)
    node.indices.create(index=f"{prefix}-posts-of-others")
    index.replace([], [], "a")
    with index.rebuild() as fresh:
        fresh.replace([], [], "b")
    index.forget([])
    assert f"{prefix}-posts-of-others" in names(node, prefix)


def test_an_index_of_another_version_has_to_be_rebuilt(node: Elasticsearch, index: ElasticIndex) -> None:
    index.replace([], [], "a")
    node.indices.put_mapping(index=f"{prefix_of(index)}-mentions", meta={"version": 0})
    again = ElasticIndex(elasticsearch_url(), prefix=prefix_of(index))
    with pytest.raises(IndexUnavailable, match=r"another version of the program: run `python -m advocacy rebuild`"):
        again.count(Query())
    with again.rebuild() as fresh:
        fresh.replace([], [], "b")
    assert again.loaded() == {"b"}
    again.close()


def test_a_reader_that_comes_too_late_is_told(node: Elasticsearch, index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.elastic_search._PAGE", 10)
    posts, mentions, _, _ = index_corpus.corpus(60)
    index.replace(posts, mentions)
    listing = index.export(Query())
    next(listing)
    for name in names(node, prefix_of(index)):
        node.indices.delete(index=name)
    with pytest.raises(IndexUnavailable, match="was replaced or removed meanwhile: try again"):
        list(listing)


# What goes wrong


def test_a_node_that_is_down_is_said() -> None:
    index = ElasticIndex(f"http://user:secret@127.0.0.1:{unused_port()}")
    for ask in (lambda: index.count(Query()), lambda: index.replace([], [], "x"), lambda: list(index.export(Query()))):
        with pytest.raises(
            IndexUnavailable, match=r"^Elasticsearch at http://127.0.0.1:\d+ can't be reached: start it, or mend MOLVA_INDEX\.$"
        ):
            ask()


@contextmanager
def answering(status: int, body: bytes, kind: str = "application/json", product: bool = True) -> Iterator[str]:
    """A server that answers every request the same."""

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            if product:
                self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_said_and_not_shown(status: int) -> None:
    body = b'{"error": {"type": "security_exception", "reason": "unable to authenticate with provided credentials"}, "status": 401}'
    with answering(status, body) as url:
        index = ElasticIndex(url, key="c2VjcmV0OmtleQ==")
        with pytest.raises(IndexUnavailable, match="refuses the key: put a valid one into MOLVA_INDEX_KEY") as caught:
            index.count(Query())
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 404])
def test_another_server_is_no_elasticsearch(status: int) -> None:
    with answering(status, b"<html>Welcome", "text/html", product=False) as url:
        index = ElasticIndex(url)
        for ask in (lambda: index.count(Query()), lambda: index.replace([], [], "x")):
            with pytest.raises(IndexUnavailable, match="doesn't answer like Elasticsearch: mend MOLVA_INDEX"):
                ask()


def test_an_overloaded_node_is_said() -> None:
    body = b'{"error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}, "status": 503}'
    with answering(503, body) as url, pytest.raises(IndexUnavailable, match=r"overloaded or starting .503.: try again later"):
        ElasticIndex(url).count(Query())


def test_a_full_disk_is_said_and_the_next_run_catches_up(node: Elasticsearch, index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    # No pauses between the tries, else Elasticsearch, which looks at its real disk every 30 seconds, may take the block away meanwhile.
    monkeypatch.setattr("elasticsearch.helpers.actions.time", SimpleNamespace(sleep=lambda seconds: None))
    post, mention = some()
    index.replace([], [], "a")
    indices = [f"{prefix_of(index)}-{kind}" for kind in KINDS]
    node.indices.put_settings(index=indices, settings={"index.blocks.read_only_allow_delete": True})  # as Elasticsearch does at 95 %
    with pytest.raises(IndexUnavailable, match=r"The disk of Elasticsearch at .* is full: free some space, the next run catches up"):
        index.replace([post], [mention], "b")
    assert index.loaded() == {"a"}
    node.indices.put_settings(index=indices, settings={"index.blocks.read_only_allow_delete": None})
    assert index.replace([post], [mention], "b") == 1
    assert index.loaded() == {"a", "b"}


def test_a_document_that_is_refused_is_named(index: ElasticIndex) -> None:
    post, mention = some()
    impossible = dataclasses.replace(post, views=2**63)
    with pytest.raises(IndexUnavailable, match=r"refused s\.ru:1.*out of range"):
        index.replace([impossible], [mention], "b")
    assert index.loaded() == frozenset()


def test_the_environment_says_where_the_index_is(index: ElasticIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_INDEX", elasticsearch_url())
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path))
    found = open_index()
    assert isinstance(found, ElasticIndex)
    assert found.count(Query(posts=("nobody",)), Facet.BRAND) == {}
    found.close()


def test_two_names_on_one_server_are_two_indices(node: Elasticsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path))
    one, other = f"own-{uuid.uuid4().hex[:12]}", f"own-{uuid.uuid4().hex[:12]}"
    for name in (one, other):
        monkeypatch.setenv("MOLVA_INDEX", f"{elasticsearch_url()}/{name}")
        index = open_index()
        assert index.loaded() == frozenset()
        with index.rebuild() as fresh:
            fresh.replace([], [], name)
        index.close()
    for name in (one, other):
        index = open_index(f"{elasticsearch_url()}/{name}")
        assert index.loaded() == {name}
        index.close()
        for own in names(node, name):
            node.indices.delete(index=own)


@pytest.mark.parametrize(
    ("url", "server", "name"),
    [
        ("http://host:9200", "http://host:9200", "molva"),
        ("http://host:9200/", "http://host:9200", "molva"),
        ("https://user:word@host/bank_2-test", "https://user:word@host", "bank_2-test"),
        ("https://host/search/bank", "https://host/search", "bank"),
        ("https://host/search/", "https://host/search", "molva"),
    ],
)
def test_the_last_part_of_the_address_names_the_index(url: str, server: str, name: str) -> None:
    assert address(url) == (server, name)


@pytest.mark.parametrize("name", ["Bank", "банк", "-bank", "_bank", "a,b", "bank*", "a.b", "%20", "x" * 101])
def test_a_name_that_elasticsearch_would_not_take_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_INDEX", f"http://user:secret@host/{name}")
    with pytest.raises(IndexUnavailable, match="can't name an index: at the end of MOLVA_INDEX") as caught:
        open_index()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "port"), [("http://host", 9200), ("https://host", 443), ("https://user:word@host/path", 443), ("http://host:1", 1)]
)
def test_the_port_that_goes_without_saying(url: str, port: int) -> None:
    with client(url, None) as elastic:
        (found,) = elastic.transport.node_pool.all()
        assert (found.host, found.port) == ("host", port)


def test_an_unknown_post_is_none(index: ElasticIndex, node: Elasticsearch) -> None:
    index.replace([], [], "a")
    assert index.post("nobody") is None
    with pytest.raises(NotFoundError):
        node.get(index=f"{prefix_of(index)}-posts", id="nobody")


LOAD = """
import sys
sys.path[:0] = ["tests", "."]
from test_elastic import load
print("ready", flush=True)
load(sys.argv[1], sys.argv[2], sys.argv[3])
"""
BATCHES, SIZE = 6, 10


def load(url: str, prefix: str, lock: str) -> None:
    """Load the batches that are not loaded yet."""
    posts, mentions, _, _ = index_corpus.corpus(60)
    index = ElasticIndex(url, prefix, lock=Path(lock))
    for number in range(BATCHES):
        if (key := f"t/{number}") not in index.loaded():
            some = posts[number * SIZE : (number + 1) * SIZE]
            ids = {post.id for post in some}
            index.replace(some, [mention for mention in mentions if mention.post in ids], key)
    index.close()


def test_a_killed_load_ends_in_the_same_index(index: ElasticIndex, tmp_path: Path) -> None:
    url, lock = elasticsearch_url(), str(tmp_path / "lock")
    dice = random.Random(7)
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", LOAD, url, prefix_of(index), lock], cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(dice.random())
        child.kill()
        child.wait()
        child.stdout.close()
        loaded = index.loaded()
        posts = index_corpus.corpus(60)[0]
        assert all(index.post(post.id) == post for key in loaded for post in posts[int(key[2:]) * SIZE : (int(key[2:]) + 1) * SIZE])
    load(url, prefix_of(index), lock)
    assert len(index.loaded()) == BATCHES
    expected = EmbeddedIndex(tmp_path / "embedded")
    posts, mentions, _, _ = index_corpus.corpus(60)
    expected.replace(posts, mentions)
    for level in ("brand", "product"):
        assert list(index.export(Query(level=level))) == list(expected.export(Query(level=level)))
