"""Collecting: in this process, in a spider's, and what is said when it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from crawlers import child
from crawlers import collect as collecting
from crawlers.archive import Archive
from crawlers.brand import read_brands
from crawlers.collect import collect, preview
from crawlers.run import Outcome, RunFailed, TooManyRejected
from crawlers.sink import find_target, open_sink, sink_of
from crawlers.source import CollectError, Item, Page
from crawlers.unended import NOTE
from crawlers.writer import Writer
from crawlers.yamlfile import ConfigError
from tests.conftest import until
from tests.target_folder import TARGET, at, files_target, row, write_config

ROOT = Path(__file__).parents[1]
ROWS = "id,text,author,date,stars,likes\n1,Хорошо,a,2024-05-01,5,0\n2,,a,2024-05-01,5,0\n3,Плохо,b,2024-05-02,1,4\n"
FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Blog</title><link>http://blog.example/</link>
<item><title>One</title><link>http://blog.example/1</link><guid>1</guid><pubDate>Tue, 03 Nov 2020 09:39:21 GMT</pubDate>
<description>Карта Вестарны меня радует</description></item></channel></rss>"""


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    config = write_config(tmp_path / "config", export=TARGET.format(path="export.csv"))
    (config / "export.csv").write_text(ROWS, encoding="utf-8")
    return config


def test_a_preview_keeps_nothing(tmp_path: Path, config: Path) -> None:
    target, data = find_target("export", config), tmp_path / "data"
    samples = preview(target, data=data, config=config).samples
    assert [(sample.outcome, sample.reason, sample.place) for sample in samples] == [
        (Outcome.KEPT, None, "line 2"), (Outcome.REJECTED, "no text", "line 3"), (Outcome.KEPT, None, "line 4"),
    ]  # fmt: skip
    assert not data.exists()
    collect(target, data=data, config=config)
    before = {path: path.read_bytes() for path in (data / "raw").rglob("*") if path.is_file()}
    assert [sample.outcome for sample in preview(target, data=data, config=config, limit=2).samples] == [Outcome.REPEATED, Outcome.REPEATED]
    assert before == {path: path.read_bytes() for path in (data / "raw").rglob("*") if path.is_file()}


def test_a_data_folder_that_can_not_be_written_is_said_before_a_site_is_asked(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", blog="kind: feed\nurl: https://a.example/feed\n")
    data = tmp_path / "data"
    data.write_text("a file")
    for work in (preview, collect):
        with pytest.raises(
            CollectError, match=r"can't write to .*data/gate: (Not a directory|File exists): make room there or mend its rights"
        ):
            work(find_target("blog", config), data=data, config=config)


def test_progress_is_told(tmp_path: Path, config: Path) -> None:
    said: list[str] = []
    run = collect(find_target("export", config), data=tmp_path / "data", config=config, progress=said.append)
    assert said[0] == "3 items"
    assert str(run) == "kept 2, changed 0, repeated 0, rejected 1 (no text: 1), deferred 0"


def test_a_failed_run_says_what_was_kept(tmp_path: Path, config: Path) -> None:
    (config / "export.csv").rename(config / "a.csv")
    (config / "b.csv").touch()
    target = files_target(config, path="?.csv")
    with pytest.raises(RunFailed, match=r"export: b.csv: the file is empty \[kept 2, .*rejected 1 \(no text: 1\)") as caught:
        collect(target, data=tmp_path / "data", config=config)
    assert caught.value.run == Archive(tmp_path / "data").runs("export")[-1]


def test_too_many_rejected_rows_are_an_error_of_their_own(tmp_path: Path, config: Path) -> None:
    (config / "export.csv").write_text(ROWS + "4,,a,2024-05-01,5,0\n" * 20, encoding="utf-8")
    target, data = find_target("export", config), tmp_path / "data"
    with pytest.raises(TooManyRejected, match="21 of 23 new items were rejected") as caught:
        collect(target, data=data, config=config)
    assert caught.value.run == Archive(data).runs("export")[-1] and caught.value.run.outcomes["kept"] == 2
    (config / "absent.csv").touch()
    with pytest.raises(RunFailed) as other:
        collect(files_target(config, path="absent.csv"), data=data, config=config)
    assert not isinstance(other.value, TooManyRejected)


def test_a_target_begins_at_midnight_where_it_is(tmp_path: Path, config: Path) -> None:
    rows = "1,Вчера,a,2024-05-01 23:30,5,0\n2,Сегодня,a,2024-05-02 00:30,5,0\n"
    (config / "export.csv").write_text("id,text,author,date,stars,likes\n" + rows, encoding="utf-8")
    target = files_target(config, more="since: 2024-05-02\n")  # in Moscow
    assert sink_of(target, data=tmp_path / "data", config=config, preview=1).since == at("2024-05-01T21:00:00")
    samples = preview(target, data=tmp_path / "data", config=config).samples
    assert [sample.outcome for sample in samples] == [Outcome.OLDER, Outcome.KEPT]


def test_a_sink_is_opened_by_name_and_tells_its_result(tmp_path: Path, config: Path) -> None:
    result = tmp_path / "result.json"
    sink = open_sink("export", data=tmp_path / "data", config=config, result=result)
    assert (sink.target.name, sink.cursor, sink.since, sink.full) == ("export", {}, None, False)
    assert sink.take(Page(items=(Item(raw=row(1)),), cursor={"to": 1})) == [Outcome.KEPT]
    (post,) = [sample.post for sample in preview(sink.target, data=tmp_path / "data", config=config, limit=1).samples]
    assert post is not None and sink.seen(post.id) and not sink.seen("another")
    assert not result.exists()
    run = sink.close("the page is not what the target says")
    told = json.loads(result.read_text(encoding="utf-8"))
    assert told["run"]["error"] == run.error == "the page is not what the target says" and told["run"]["outcomes"]["kept"] == 1


def test_a_sink_that_cannot_open_tells_why(tmp_path: Path, config: Path) -> None:
    result = tmp_path / "result.json"
    with pytest.raises(ConfigError, match=r"there is no target 'nope'; there are: export"):
        open_sink("nope", data=tmp_path / "data", config=config, result=result)
    assert "there is no target 'nope'" in json.loads(result.read_text())["error"]
    with (
        Writer(find_target("export", config), read_brands(config), data=tmp_path / "data"),
        pytest.raises(CollectError, match="being collected already"),
    ):
        open_sink("export", data=tmp_path / "data", config=config, result=result)
    assert "being collected already" in json.loads(result.read_text())["error"]


class _Blog(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/hang.xml":
            threading.Event().wait(60)
        found = self.path == "/feed.xml"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/rss+xml")
        self.end_headers()
        if found:
            self.wfile.write(FEED.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(name="blog")
def _blog() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def feed(config: Path, url: str) -> None:
    write_config(config, blog=f"kind: feed\nurl: {url}\nallow_private: true\nsite: blog.example\nabout: Вестарна\ndelay: 0\n")


def test_a_spider_collects_in_a_child_process(tmp_path: Path, config: Path, blog: str) -> None:
    data = tmp_path / "data"
    feed(config, f"{blog}/feed.xml")
    samples = preview(find_target("blog", config), data=data, config=config).samples
    assert [(sample.outcome, sample.post.about if sample.post else None) for sample in samples] == [(Outcome.KEPT, ("vestarna",))]
    assert not Archive(data).batches()
    said: list[str] = []
    runs = [collect(find_target("blog", config), data=data, config=config, progress=said.append) for _ in range(2)]
    assert "1 items" in said
    assert [run.outcomes["kept"] for run in runs] == [1, 0]
    (batch,) = Archive(data).batches("blog")
    assert [post.published for post in batch.posts()] == [at("2020-11-03T09:39:21")]


def test_a_spider_that_fails_says_why(tmp_path: Path, config: Path, blog: str) -> None:
    feed(config, f"{blog}/nothing.xml")
    with pytest.raises(CollectError, match=r"blog: .*nothing.xml: .* \(404\)"):
        collect(find_target("blog", config), data=tmp_path / "data", config=config)


def test_a_child_that_dies_is_said(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(config, "http://127.0.0.1:9/feed.xml")
    monkeypatch.setattr(child, "execute", lambda arguments: sys.exit(1))
    with pytest.raises(RunFailed, match="blog: the spider ended without a result") as caught:
        collect(find_target("blog", config), data=tmp_path / "data", config=config)
    assert [caught.value.run] == Archive(tmp_path / "data").runs("blog")
    with pytest.raises(CollectError, match="blog: the spider ended without a result"):
        preview(find_target("blog", config), data=tmp_path / "data", config=config)
    assert len(Archive(tmp_path / "data").runs("blog")) == 1


def test_a_spider_that_is_killed_leaves_what_it_counted_in_the_run_log(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, data = find_target("export", config), tmp_path / "data"
    with Writer(target, read_brands(config), data=data) as earlier:
        earlier.take(Page(items=(Item(raw=row(1)),), cursor={"to": 1}))

    def killed(arguments: list[str], *_: object) -> str:
        spider = Writer(target, read_brands(config), data=data, run=run_of(arguments))
        for number in (2, 3):
            items = (Item(raw=row(number)), Item(raw=row(number * 10, text="")))
            spider.take(Page(items=items, cursor={"to": number}))
            spider.flush()
        return "killed by SIGKILL"

    monkeypatch.setattr(collecting, "is_collector", lambda kind: False)
    monkeypatch.setattr(collecting, "run_child", killed)
    with pytest.raises(RunFailed, match=r"export: the spider ended without a result: killed by SIGKILL \[kept 2, .* rejected 2"):
        collect(target, data=data, config=config)
    last = Archive(data).runs("export")[-1]
    assert (last.batches, last.reasons, last.error) == ((2, 3), {"no text": 2}, "the spider ended without a result: killed by SIGKILL")
    assert len(Archive(data).runs("export")) == 2 and not (Archive(data).folder("export") / NOTE).exists()


def run_of(arguments: list[str]) -> str:
    """The id that a spider's run shall have."""
    return next(each for each in arguments if each.startswith("MOLVA_RUN=")).removeprefix("MOLVA_RUN=")


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("died", ["beside its note", "behind its line", "before others", "long before others", "before it began"])
def test_a_spider_that_died_has_one_line_whatever_the_clock_says_and_whoever_ran_since(
    hours: int, died: str, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, data = find_target("export", config), tmp_path / "data"
    folder, brands = Archive(data).folder("export"), read_brands(config)
    left_over = Writer(target, brands, data=data)
    left_over.take(Page(items=(Item(raw=row(1)),), cursor={"to": 1}))
    left_over.flush()
    left_over._lock.close()
    ids = [left_over._run]

    def killed(arguments: list[str], *_: object) -> str:
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
        monkeypatch.setattr(Writer, "_now", staticmethod(lambda: later))
        ids.append(run_of(arguments))
        if died != "before it began":
            spider = Writer(target, brands, data=data, run=ids[-1])
            spider.take(Page(items=(Item(raw=row(2)), Item(raw=row(3))), cursor={"to": 3}))
            spider.flush()
            note = (folder / NOTE).read_bytes()
            if died == "behind its line":
                spider.close("killed")
                (folder / NOTE).write_bytes(note)
            spider._lock.close()
        for _ in range({"before others": 1, "long before others": 3}.get(died, 0)):
            ids.append(Writer(target, brands, data=data).close().id)
        return "killed by SIGKILL"

    monkeypatch.setattr(collecting, "is_collector", lambda kind: False)
    monkeypatch.setattr(collecting, "run_child", killed)
    with pytest.raises(RunFailed) as failed:
        collect(target, data=data, config=config)
    runs = Archive(data).runs("export")
    assert [run.id for run in runs] == ids and not (folder / NOTE).exists()
    assert failed.value.run == runs[1] and failed.value.run.error
    assert [run.outcomes["kept"] for run in runs[:2]] == [1, 0 if died == "before it began" else 2]


def test_a_run_ended_by_ctrl_c_stands_in_the_run_log(tmp_path: Path, config: Path, blog: str) -> None:
    feed(config, f"{blog}/hang.xml")
    data = tmp_path / "data"
    command = [sys.executable, "-m", "crawlers", "collect", "blog", "--config", str(config), "--data", str(data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until((data / "raw" / "blog" / "lock").exists, 120, "the spider's writer")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(60) != 0
    finally:
        process.kill()
        process.wait()
    assert [run.error for run in Archive(data).runs("blog")] == ["interrupted"]


def test_the_child_dies_with_its_parent(tmp_path: Path, config: Path, blog: str) -> None:
    feed(config, f"{blog}/hang.xml")
    command = [sys.executable, "-m", "crawlers", "collect", "blog", "--config", str(config), "--data", str(tmp_path / "data")]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        child = until(lambda: next(iter(psutil.Process(parent.pid).children()), None), 120, "a spider")
        assert child is not None
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 30, "the end of the spider")
    finally:
        parent.kill()
        parent.wait()
    assert not psutil.pid_exists(child.pid) or child.status() == psutil.STATUS_ZOMBIE
