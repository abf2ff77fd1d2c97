"""The embedded index as files: damage, other versions, full disks, killed writers, rebuilds under readers."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import index_corpus
import pytest
from full_disk import fill, small_disk

from index import embedded_file, open_index
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.embedded_query import where
from index.query import IndexUnavailable, Query

ROOT = Path(__file__).parents[1]
BATCHES, SIZE = 6, 40

LOAD = """
import sys
sys.path[:0] = ["tests", "."]
from test_embedded import load
print("ready", flush=True)
load(sys.argv[1])
"""


def load(folder: str | Path) -> None:
    """Load the batches that are not loaded yet."""
    index = EmbeddedIndex(folder)
    posts, mentions, _, _ = index_corpus.corpus()
    for number in range(BATCHES):
        if (key := f"t/{number}") not in index.loaded():
            some = posts[number * SIZE : (number + 1) * SIZE]
            ids = {post.id for post in some}
            index.replace(some, [mention for mention in mentions if mention.post in ids], key)
    index.close()


def current(folder: Path) -> Path:
    path = embedded_file.Generations(folder).current()
    assert path is not None
    return path


def test_a_file_that_is_no_index_is_named_with_what_to_do(tmp_path: Path) -> None:
    load(tmp_path)
    path = current(tmp_path)
    path.write_bytes(b"\x00garbage" * 5000)
    index = EmbeddedIndex(tmp_path)
    for ask in (lambda: index.count(Query()), lambda: list(index.export(Query())), lambda: index.replace([], [], "x")):
        with pytest.raises(
            IndexUnavailable, match=r"molva-000001.sqlite is damaged .*: move it away and run `python -m advocacy rebuild`\.$"
        ):
            ask()


def test_a_file_with_torn_pages_is_damaged(tmp_path: Path) -> None:
    load(tmp_path)
    path = current(tmp_path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(IndexUnavailable, match="is damaged"):
        list(EmbeddedIndex(tmp_path).export(Query()))


def test_an_emptied_file_is_damaged(tmp_path: Path) -> None:
    load(tmp_path)
    current(tmp_path).write_bytes(b"")
    with pytest.raises(IndexUnavailable, match=r"it is empty.*move it away"):
        EmbeddedIndex(tmp_path).count(Query())


def test_a_damaged_pointer_is_named(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "current").write_text("../../elsewhere\n")
    with pytest.raises(IndexUnavailable, match=r"current is damaged: remove it"):
        EmbeddedIndex(tmp_path).count(Query())


def test_what_was_moved_away_can_be_filled_again(tmp_path: Path) -> None:
    load(tmp_path)
    expected = list(EmbeddedIndex(tmp_path).export(Query()))
    path = current(tmp_path)
    path.rename(tmp_path.parent / "damaged.sqlite")
    index = EmbeddedIndex(tmp_path)
    assert index.loaded() == frozenset()
    load(tmp_path)
    assert list(index.export(Query())) == expected
    assert current(tmp_path) != path


def test_a_rebuild_mends_a_damaged_index(tmp_path: Path) -> None:
    load(tmp_path)
    current(tmp_path).write_bytes(b"garbage" * 1000)
    index = EmbeddedIndex(tmp_path)
    with index.rebuild() as fresh:
        fresh.replace([], [], "t/9")
    assert index.loaded() == {"t/9"}


def test_a_file_of_another_version_has_to_be_rebuilt(tmp_path: Path) -> None:
    load(tmp_path)
    with sqlite3.connect(current(tmp_path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(IndexUnavailable, match=r"another version of the program: run `python -m advocacy rebuild`"):
        EmbeddedIndex(tmp_path).count(Query())


def test_a_full_disk_is_said_and_the_next_run_catches_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(path: Path | None, *, write: bool) -> sqlite3.Connection:
        connection = embedded_file.connect(path, write=write)
        if write:
            connection.execute("PRAGMA max_page_count = 60")  # SQLite's own way to be full
        return connection

    with monkeypatch.context() as patched:
        patched.setattr("index.embedded.connect", small)
        with pytest.raises(IndexUnavailable, match=r"disk of .* is full: free some space"):
            load(tmp_path)
    index = EmbeddedIndex(tmp_path)
    loaded = index.loaded()
    assert len(loaded) < BATCHES
    assert sum(1 for post in index_corpus.corpus()[0] if index.post(post.id)) == len(loaded) * SIZE
    load(tmp_path)
    assert len(index.loaded()) == BATCHES


def test_a_disk_that_is_really_full_is_said_to_readers_and_writers(tmp_path: Path) -> None:
    posts, mentions, _, _ = index_corpus.corpus()
    with small_disk(tmp_path / "disk") as disk:
        index = EmbeddedIndex(disk / "index")
        index.replace(posts[:20], [], "a")
        index.close()  # the last one takes away the file that readers share: the next one has to make it again
        fill(disk / "filler")
        for ask in (lambda: index.count(Query()), lambda: list(index.export(Query())), lambda: index.replace(posts[20:], [], "b")):
            with pytest.raises(IndexUnavailable, match=r"^The disk of .*molva-000001\.sqlite is full: free some space"):
                ask()
        with pytest.raises(IndexUnavailable, match="is full: free some space"), index.rebuild() as fresh:
            fresh.replace(posts, mentions, "c")
        (disk / "filler").unlink()
        assert index.loaded() == {"a"}
        index.replace(posts[20:], [], "b")
        assert index.loaded() == {"a", "b"}
        index.close()


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((IndexUnavailable, OSError), match="file"):
        EmbeddedIndex(tmp_path / "file" / "index").replace([], [], "x")


def test_a_killed_load_ends_in_the_same_index(tmp_path: Path) -> None:
    load(tmp_path / "undisturbed")
    expected = list(EmbeddedIndex(tmp_path / "undisturbed").export(Query()))
    dice = random.Random(5)
    killed = EmbeddedIndex(tmp_path / "killed")
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", LOAD, str(tmp_path / "killed")], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(dice.random() * 0.15)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert sum(1 for post in index_corpus.corpus()[0] if killed.post(post.id)) == len(killed.loaded()) * SIZE
    load(tmp_path / "killed")
    assert list(killed.export(Query())) == expected
    with sqlite3.connect(current(tmp_path / "killed")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


REBUILD = """
import sys, time
sys.path[:0] = ["tests", "."]
from index.embedded import EmbeddedIndex
with EmbeddedIndex(sys.argv[1]).rebuild() as fresh:
    fresh.replace([], [], "half")
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_killed_rebuild_leaves_the_index_and_is_cleaned_up(tmp_path: Path) -> None:
    load(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", REBUILD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "half\n"
    child.kill()
    child.wait()
    child.stdout.close()
    index = EmbeddedIndex(tmp_path)
    assert len(index.loaded()) == BATCHES
    assert len(list(tmp_path.glob("molva-*.sqlite"))) == 2
    with index.rebuild() as fresh:
        fresh.replace([], [], "t/1")
    assert index.loaded() == {"t/1"}
    assert [path.name for path in tmp_path.glob("molva-*.sqlite")] == [current(tmp_path).name]


def test_readers_see_whole_batches_and_whole_rebuilds(tmp_path: Path) -> None:
    index, seen, stop = EmbeddedIndex(tmp_path), set(), threading.Event()
    posts, mentions, _, _ = index_corpus.corpus()
    totals = {0}
    for number in range(BATCHES):
        ids = {post.id for post in posts[: (number + 1) * SIZE]}
        totals.add(sum(mention.post in ids and mention.product == "general" for mention in mentions))

    def read() -> None:
        while not stop.is_set():
            seen.add(index.count(Query())[""])

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    load(tmp_path)
    with index.rebuild() as fresh:
        fresh.replace(posts[:SIZE], [], "t/0")
        fresh.replace(posts[:SIZE], [mention for mention in mentions if mention.post in {post.id for post in posts[:SIZE]}], "t/0")
    stop.set()
    for reader in readers:
        reader.join(60)
    assert seen <= totals
    assert index.count(Query())[""] == sorted(totals)[1]
    assert index.loaded() == {"t/0"}


@pytest.mark.parametrize(
    "query",
    [
        Query(brands=("sever",)),
        Query(brands=("sever",), since=datetime(2026, 6, 1, tzinfo=UTC), last_word=True),
        Query(since=datetime(2026, 6, 1, tzinfo=UTC), until=datetime(2026, 7, 1, tzinfo=UTC)),
        Query(level="product", products=("card",)),
        Query(authors=("s.ru:1",)),
        Query(posts=("s.ru:1",)),
        Query(text="карта", brands=("sever",)),
    ],
)
def test_common_questions_use_an_index(tmp_path: Path, query: Query) -> None:
    load(tmp_path)
    condition, values = where(query)
    with sqlite3.connect(current(tmp_path)) as connection:
        connection.execute("ANALYZE")
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN SELECT stance, count(*) FROM mentions WHERE {condition} GROUP BY 1", values
        ).fetchall()
    assert not [step for *_, step in plan if step.startswith("SCAN mentions") and "INDEX" not in step]


def test_the_environment_says_where_the_index_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOLVA_INDEX", raising=False)
    monkeypatch.setenv("MOLVA_DATA", str(tmp_path))
    open_index().replace([], [], "a")
    assert (tmp_path / "index" / "current").exists()
    monkeypatch.setenv("MOLVA_INDEX", "  ")
    assert open_index().loaded() == {"a"}
    monkeypatch.setenv("MOLVA_INDEX", str(tmp_path / "other"))
    assert open_index().loaded() == frozenset()
    assert open_index(str(tmp_path / "index")).loaded() == {"a"}


@pytest.mark.parametrize(
    "where",
    [
        "localhost:9200/molva", "localhost:9200", "user:word@host:9200/molva", "[::1]:9200/molva", "htp://host/molva", "ftp://host/molva",
        "ssh://host/index", "http:/host/molva", "http//host/molva", "https:host/molva", "C:/index",
        "http://127.0.0.1:notaport/molva", "http://user:secret/host@x:9200/molva", "http://host:99999/molva", "http://host:0/molva",
        "http:///molva", "http://:9200/molva", "http://[::1/molva", "http://a host/molva", "http://host%20/molva", "http://a..b/molva",
        "http://" + "a" * 64 + "/molva", "http://host/molva?x=1", "http://host/molva#x",
    ],
)  # fmt: skip
def test_what_is_nearly_an_address_is_never_a_folder(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOLVA_INDEX", where)
    with pytest.raises(IndexUnavailable, match=r"^MOLVA_INDEX is no address .*: write it as http://host:9200/NAME\.$") as caught:
        open_index()
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["HTTP://127.0.0.1:9/molva", " https://127.0.0.1/molva\n", "http://127.0.0.1:/molva", "http://[::1]:9/m"])
def test_an_address_in_any_dress_is_elasticsearch(where: str) -> None:
    index = open_index(where)
    assert isinstance(index, ElasticIndex)
    index.close()


@pytest.mark.parametrize("where", ["./localhost:9200", "some/http", "httpd", "index:a"])
def test_folders_may_have_any_name(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    index = open_index(where)
    index.replace([], [], "a")
    assert (tmp_path / where / "current").exists()
