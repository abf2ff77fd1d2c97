"""Batches: immutable, counted, and the same whatever killed the writer in between."""

from __future__ import annotations

import contextlib
import errno
import gc
import gzip
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers import unended
from crawlers import writer as writing
from crawlers.archive import Archive, DamagedBatch
from crawlers.brand import Brands, read_brands
from crawlers.collect import collect
from crawlers.disk import Busy
from crawlers.kinds import FilesTarget
from crawlers.looked import EDITS
from crawlers.run import Outcome, RunFailed
from crawlers.source import CollectError, Item, Page
from crawlers.unended import NOTE
from crawlers.writer import Writer
from tests.target_folder import at, files_target, kept_state, row, write_config

KEPT, CHANGED, REPEATED, REJECTED, OLDER = Outcome.KEPT, Outcome.CHANGED, Outcome.REPEATED, Outcome.REJECTED, Outcome.OLDER


@pytest.fixture(name="target")
def _target(tmp_path: Path) -> FilesTarget:
    return files_target(tmp_path / "config", more="limits: {rejected: 1, text: 200}\n")


@pytest.fixture(name="brands")
def _brands(tmp_path: Path) -> Brands:
    return read_brands(write_config(tmp_path / "config"))


def page(*rows: dict[str, Any], to: int = 0, **more: Any) -> Page:
    return Page(items=tuple(Item(raw=values, line=number) for number, values in enumerate(rows, 2)), cursor={"to": to}, **more)


def test_every_item_has_one_outcome_and_all_are_counted(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        outcomes = writer.take(
            page(
                row(1), row(1), row(2, text=" \n"), row(3, date="31.02.2024"), row(4, date="2999-01-01"), row(5, date="12.12.1989"),
                row(6, text="а" * 201), row(7, stars="9"), row(8, date="3 мая"), deferred=("https://a.example",), repeated=3,
            )
        )  # fmt: skip
        run = writer.close()
    assert outcomes == [KEPT, REPEATED, REJECTED, REJECTED, REJECTED, REJECTED, REJECTED, REJECTED, KEPT]
    assert run.outcomes == {"kept": 2, "changed": 0, "repeated": 4, "rejected": 6, "deferred": 1, "older": 0}
    assert run.counts.undated == 1
    assert run.reasons == {
        "no text": 1, "impossible date": 1, "date in the future": 1, "date before 1990": 1, "text longer than 200 characters": 1,
        "rating 9 is not between 1 and 5": 1,
    }  # fmt: skip
    assert run.counts.examples[0] == "line 4: no text"
    assert str(run).startswith("kept 2, changed 0, repeated 4, rejected 6 (no text: 1, impossible date: 1,")
    (batch,) = Archive(tmp_path).batches()
    assert [reject.reason for reject in batch.rejects()][:2] == ["no text", "impossible date"]
    assert next(batch.rejects()).raw["id"] == "2"
    assert [post.text for post in batch.posts()] == ["Отзыв номер 1", "Отзыв номер 8"]
    assert batch.manifest["outcomes"] == run.outcomes and batch.manifest["items"] == 8
    assert Archive(tmp_path).runs("export")[-1] == run


def test_the_next_run_knows_what_was_taken(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), row(2), row(3, text=""), to=1))
    with Writer(target, brands, data=tmp_path) as writer:
        assert writer.cursor == {"to": 1}
        taken = writer.take(page(row(1), row(2, likes="7"), row(4), to=2))
        assert writer.take(page(row(1, text="Передумал: хороший"), to=3)) == [CHANGED]
        assert writer.take(Page(items=(Item(raw=row(3, text=""), line=4),), cursor={"to": 4})) == [REPEATED]
    assert taken == [REPEATED, CHANGED, KEPT]
    sightings = [(post.id, post.text, post.likes) for batch in Archive(tmp_path).batches() for post in batch.posts()]
    assert [text for _, text, _ in sightings] == ["Отзыв номер 1", "Отзыв номер 2", "Отзыв номер 2", "Отзыв номер 4", "Передумал: хороший"]
    assert sightings[1][0] == sightings[2][0] and (sightings[1][2], sightings[2][2]) == (0, 7)


def test_nothing_new_leaves_only_a_line_in_the_run_log(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    for _ in range(3):
        with Writer(target, brands, data=tmp_path) as writer:
            writer.take(page(row(1), to=1))
    archive = Archive(tmp_path)
    assert [len(archive.batches()), len(archive.runs("export"))] == [1, 3]
    assert len((archive.folder("export") / "cursor.jsonl").read_text().splitlines()) == 1


def test_a_cursor_may_move_without_new_items(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    for to in (1, 2, 3):
        with Writer(target, brands, data=tmp_path) as writer:
            writer.take(page(row(1), to=to))
    assert Archive(tmp_path).cursor("export") == {"to": 3}


def test_collecting_again_from_a_date_never_moves_the_cursor(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), to=5))
    with Writer(target, brands, data=tmp_path, since=at("2024-06-01"), again=True) as writer:
        assert writer.cursor == {}
        assert writer.take(page(row(1), row(2, date="2024-06-02"), row(3, date=""), to=1)) == [OLDER, KEPT, KEPT]
    assert Archive(tmp_path).cursor("export") == {"to": 5}
    with Writer(target, brands, data=tmp_path) as writer:
        assert writer.cursor == {"to": 5}
    assert Archive(tmp_path).runs("export")[1].since == at("2024-06-01")


def test_a_batch_is_closed_every_thousand_items(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        for start in range(0, 2_500, 500):
            writer.take(page(*(row(number) for number in range(start, start + 500)), to=start))
        assert [batch.manifest["items"] for batch in Archive(tmp_path).batches()] == [1_000, 1_000]
        assert Archive(tmp_path).cursor("export") == {"to": 1_500}
    assert [batch.key for batch in Archive(tmp_path).batches()] == ["export/000001", "export/000002", "export/000003"]


def test_two_writers_of_one_target_are_impossible(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path):
        with pytest.raises(Busy, match=rf"export is being collected already, by process {os.getpid()} on "):
            Writer(target, brands, data=tmp_path)
        other = files_target(tmp_path / "config", name="other")
        Writer(other, brands, data=tmp_path).close()
    Writer(target, brands, data=tmp_path).close()


def test_a_second_writer_that_no_lock_stopped_loses_harmlessly(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "locked", lambda folder, name: (folder.mkdir(parents=True, exist_ok=True), (folder / "lock").open("a"))[1])
    monkeypatch.setattr(writing, "Seen", lambda path, batches: _Forgetful(path))
    first, second = Writer(target, brands, data=tmp_path), Writer(target, brands, data=tmp_path)
    first.take(page(row(1), to=1))
    second.take(page(row(2), to=2))
    assert first.close().error is None
    assert "another process wrote this batch" in (second.close().error or "")
    assert [post.text for batch in Archive(tmp_path).batches() for post in batch.posts()] == ["Отзыв номер 1"]


class _Forgetful:
    """A cache that two writers don't share, so that only the batches decide."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, tuple[str, str]] = {}

    def find(self, key: str) -> tuple[str, str] | None:
        return self._known.get(key)

    def add(self, key: str, content: str = "", figures: str = "") -> None:
        self._known[key] = (content, figures)

    def commit(self, batch: int) -> None:
        assert batch > 0

    def close(self) -> None:
        self._known.clear()


@pytest.mark.parametrize("harm", ["remove", "garbage", "ahead"])
def test_the_cache_of_what_was_seen_is_made_again(tmp_path: Path, target: FilesTarget, brands: Brands, harm: str) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), row(2), row(3, text=""), to=1))
    cache = tmp_path / "seen" / "export.sqlite"
    if harm == "remove":
        cache.unlink()
    elif harm == "garbage":
        cache.write_bytes(b"not a database at all" * 100)
    else:
        for path in Archive(tmp_path).folder("export").glob("0*"):
            path.unlink()
    with Writer(target, brands, data=tmp_path) as writer:
        taken = writer.take(page(row(1), row(2), row(3, text="")))
    assert taken == ([KEPT, KEPT, REJECTED] if harm == "ahead" else [REPEATED] * 3)


def test_what_was_torn_in_the_middle_of_a_line_is_passed_over(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), to=1))
    folder = Archive(tmp_path).folder("export")
    for name in ("cursor.jsonl", "runs.jsonl"):
        with (folder / name).open("a") as journal:
            journal.write('{"batch": 9, "cur')
    (folder / "000002.jsonl.gz").write_bytes(b"items whose manifest was never made")
    with Writer(target, brands, data=tmp_path) as writer:
        assert writer.cursor == {"to": 1}
        writer.take(page(row(2), to=2))
    assert Archive(tmp_path).cursor("export") == {"to": 2}
    assert len(Archive(tmp_path).runs("export")) == 2
    assert [post.text for batch in Archive(tmp_path).batches() for post in batch.posts()] == ["Отзыв номер 1", "Отзыв номер 2"]


def test_a_damaged_batch_says_what_to_restore(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), row(2)))
    (batch,) = Archive(tmp_path).batches()
    whole = batch.path.read_bytes()
    batch.path.write_bytes(whole[:-20])
    with pytest.raises(DamagedBatch, match=r"000001.jsonl.gz is damaged .*: restore it from a backup"):
        list(batch.posts())
    batch.path.write_bytes(gzip.compress(gzip.decompress(whole).splitlines(keepends=True)[0]))
    with pytest.raises(DamagedBatch, match="has 1 items, its manifest 2"):
        list(batch.posts())


def test_too_many_rejected_items_fail_the_run_and_what_was_kept_stays(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config")
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(*(row(number) for number in range(16)), *(row(number, text="") for number in range(4)), to=1))
        assert writer.close().error is None
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(*(row(number) for number in range(20, 35)), *(row(number, text="") for number in range(40, 45)), to=2))
        run = writer.close()
    assert run.error is not None
    assert run.error.startswith("5 of 20 new items were rejected, more than 20% (no text: 5; first line 17: no text)")
    assert [run.outcomes["kept"], Archive(tmp_path).cursor("export")] == [15, {"to": 2}]


def test_few_items_are_judged_with_those_before_them(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config")
    errors = []
    for start in range(0, 40, 4):
        with Writer(target, brands, data=tmp_path) as writer:
            writer.take(page(row(start), row(start + 1), row(start + 2, text=""), row(start + 3, text="")))
            errors.append(writer.close().error)
    assert errors[:4] == [None] * 4
    assert errors[4] is not None and errors[4].startswith("10 of 20 new items were rejected")


def test_few_items_are_not_judged_with_what_second_looks_found(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config")
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(*(row(number) for number in range(30))))
    errors = []
    for start in range(100, 140, 4):
        with Writer(target, brands, data=tmp_path) as writer:
            writer.take(page(*(row(number, text="") for number in range(start, start + 4))))
            errors.append(writer.close().error)
        with Writer(target, brands, data=tmp_path, again=True, log=EDITS) as writer:
            counted = writer.take(page(*(row(number, text=f"Отзыв {start}") for number in range(30))))
            assert set(counted) == {Outcome.CHANGED}
    assert [batch.of_collecting for batch in Archive(tmp_path).batches()] == [True] + [True, False] * 10
    assert errors[0] is None and (errors[-1] or "").startswith("40 of 50 new items were rejected")


def test_a_few_items_that_were_all_rejected_fail_the_run(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config")
    errors = []
    for count in (4, 5):
        with Writer(target, brands, data=tmp_path) as writer:
            writer.take(page(*(row(count * 10 + number, text="") for number in range(count))))
            errors.append(writer.close().error)
    assert errors[0] is None
    assert (errors[1] or "").startswith("5 of 5 new items were rejected, more than 20% (no text: 5; first line 2: no text)")
    allowed = files_target(tmp_path / "config", more="limits: {rejected: 1}\n")
    with Writer(allowed, brands, data=tmp_path) as writer:
        writer.take(page(*(row(number, text="") for number in range(9))))
        assert writer.close().error is None


def killed(writer: Writer) -> None:
    """What is left of a writer whose process is killed."""
    writer.flush()
    writer._seen.close()
    writer._lock.close()


def test_a_run_that_was_killed_gets_its_line_from_the_next_one(
    tmp_path: Path, target: FilesTarget, brands: Brands, caplog: pytest.LogCaptureFixture
) -> None:
    Writer(target, brands, data=tmp_path).close()
    cut = Writer(target, brands, data=tmp_path)
    for start in (0, 10):
        cut.take(page(row(start), row(start + 1, text=""), to=start))
        cut.flush()
    killed(cut)
    killed(Writer(target, brands, data=tmp_path, since=at("2024-01-01"), again=True))
    assert "export: the run that began at " in caplog.text and "was cut off before it could say how it ended" in caplog.text
    Writer(target, brands, data=tmp_path).close()
    Writer(target, brands, data=tmp_path).close()
    _, first, second, *others = Archive(tmp_path).runs("export")
    assert (first.outcomes["kept"], first.reasons, first.batches) == (2, {"no text": 2}, (1, 2))
    assert (second.items, second.since) == (0, at("2024-01-01")) and [run.error for run in others] == [None, None]
    assert all((run.error or "").startswith("cut off before it could say how it ended") for run in (first, second))
    assert not (Archive(tmp_path).folder("export") / "running.json").exists()


def test_a_run_that_was_killed_behind_its_line_or_within_its_note_gets_no_other(
    tmp_path: Path, target: FilesTarget, brands: Brands
) -> None:
    note = Archive(tmp_path).folder("export") / "running.json"
    writer = Writer(target, brands, data=tmp_path)
    begun = note.read_bytes()
    writer.close()
    for left in (begun, begun[:9]):
        note.write_bytes(left)
        Writer(target, brands, data=tmp_path).close()
    assert [run.error for run in Archive(tmp_path).runs("export")] == [None] * 3


@pytest.mark.parametrize("lost", ["id", "since", "log", "outcomes"])
def test_a_note_that_no_run_wrote_so_is_passed_over(lost: str, tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    killed(Writer(target, brands, data=tmp_path))
    note = Archive(tmp_path).folder("export") / NOTE
    record = json.loads(note.read_bytes())
    note.write_text(json.dumps({name: said for name, said in record.items() if name != lost}))
    Writer(target, brands, data=tmp_path).close()
    assert [run.error for run in Archive(tmp_path).runs("export")] == [None] and not note.exists()


def full(*_: object, **__: object) -> None:
    """Stands for a function that writes, where the disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_line_of_a_killed_run_waits_for_room_on_the_disk(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = Writer(target, brands, data=tmp_path)
    cut.take(page(row(1), to=1))
    killed(cut)
    with monkeypatch.context() as patch:
        patch.setattr(unended, "append_line", full)
        Writer(target, brands, data=tmp_path).close()
        killed(Writer(target, brands, data=tmp_path))
        second = Writer(target, brands, data=tmp_path)
        second.take(page(row(2), to=2))
    second.close()
    Writer(target, brands, data=tmp_path).close()
    runs = Archive(tmp_path).runs("export")
    assert [(run.outcomes["kept"], run.batches, run.error) for run in runs] == [
        (0, (), None),
        (1, (1,), unended.CUT_OFF),
        (1, (2,), None),
        (0, (), None),
    ]
    assert not (Archive(tmp_path).folder("export") / NOTE).exists()


def test_a_run_goes_on_where_its_note_can_not_be_written(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(Writer(target, brands, data=tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        Writer(target, brands, data=tmp_path).close()
    assert [run.error for run in Archive(tmp_path).runs("export")] == [unended.CUT_OFF, None]


def test_a_run_log_that_can_not_be_read_is_said(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(Writer(target, brands, data=tmp_path))
    for owner, name in ((unended, "last_line"), (Archive, "watched_since")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(CollectError, match=r"can't write to .*: No space left on device: make room"):
                Writer(target, brands, data=tmp_path)
    Writer(target, brands, data=tmp_path).close()


def given_up(*numbers: int) -> Page:
    why = "its page failed in 5 runs: https://a.example/{}: a.example fails (503)"
    return Page(items=tuple(Item(raw={"n": number}, given_up=why.format(number)) for number in numbers), cursor={})


def test_what_was_given_up_is_rejected_with_its_reason_and_says_nothing_of_the_targets_file(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config")
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(given_up(*range(30)))
        run = writer.close()
    assert (run.error, run.reasons) == (None, {"its page failed in 5 runs: a.example fails (503)": 30})
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(*(row(number) for number in range(16))))
        assert writer.close().error is None
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(given_up(*range(30, 60)))
        writer.take(page(*(row(number, text="") for number in range(20, 24))))
        error = writer.close().error
    assert error is None, "4 of 20 are not more than 20%"
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(given_up(*range(60, 90)))
        writer.take(page(*(row(number, text="") for number in range(30, 36))))
        error = writer.close().error or ""
    assert error.startswith("6 of 6 new items were rejected, more than 20% (no text: 6; first line 2: no text): the source isn't as")


def test_why_items_wait_is_counted_and_told(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    said = ("https://a.example/1: a.example fails (503)", "https://a.example/2: a.example fails (503)", "https://b.example/", "b: slow")
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(deferred=said))
        run = writer.close()
    assert str(run) == "kept 0, changed 0, repeated 0, rejected 0, deferred 4 (a.example fails (503): 2, slow: 1)"
    assert run.counts.places == {"a.example fails (503)": "https://a.example/1", "slow": "b"}
    assert Archive(tmp_path).runs("export")[-1] == run


def test_only_new_items_fill_a_run(tmp_path: Path, brands: Brands) -> None:
    target = files_target(tmp_path / "config", more="limits: {items: 3}\n")
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), row(2)))
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), row(2), row(3), row(4, text=""), repeated=9))
        assert not writer.full
        writer.take(page(row(5)))
        assert writer.full


def test_a_full_disk_is_said_and_the_next_run_goes_on(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1), to=1))
    with monkeypatch.context() as patch, Writer(target, brands, data=tmp_path) as writer:
        patch.setattr(os, "fsync", full)
        writer.take(page(row(2), to=2))
        with pytest.raises(CollectError, match=r"can't write to .*: No space left on device: make room .* what was kept before stays"):
            writer.flush()
        patch.undo()
    with Writer(target, brands, data=tmp_path) as writer:
        assert writer.take(page(row(2), to=2)) == [REPEATED]
    assert [post.text for batch in Archive(tmp_path).batches() for post in batch.posts()] == ["Отзыв номер 1", "Отзыв номер 2"]


def test_a_cache_that_cannot_be_opened_is_said(
    tmp_path: Path, target: FilesTarget, brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "Seen", full)
        with pytest.raises(CollectError, match=r"can't write to \S+export.sqlite: database or disk is full: make room there"):
            Writer(target, brands, data=tmp_path)
    with Writer(target, brands, data=tmp_path) as writer:
        assert writer.take(page(row(1))) == [KEPT]


def test_a_run_log_that_takes_no_line_hides_nothing(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        log = Archive(tmp_path).folder("export") / "runs.jsonl"
        log.symlink_to("/dev/full")
        writer.take(page(row(1), to=1))
        assert writer.close("the site is gone").error == "the site is gone"
        assert writer.close() == writer.close()
    with Writer(target, brands, data=tmp_path) as writer:
        run = writer.close()
    assert run.error is not None and re.fullmatch(r"can't write to \S+: No space left on device: make room .* stays", run.error)
    Writer(target, brands, data=tmp_path).close()
    assert [post.text for batch in Archive(tmp_path).batches() for post in batch.posts()] == ["Отзыв номер 1"]


def test_a_full_disk_ends_a_collection_with_a_sentence(tmp_path: Path, target: FilesTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "config" / "export.csv").write_text("id,text,author,date,stars,likes\n1,Хорошо,a,2024-05-01,5,0\n", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RunFailed, match=r"export: can't write to .*: No space left on device: make room there .* stays"):
            collect(target, data=tmp_path, config=tmp_path / "config")
    assert collect(target, data=tmp_path, config=tmp_path / "config").outcomes["kept"] == 1


class Killed(BaseException):
    """Stands for the death of the process."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Die at the n-th call that touches the disk, every second time after it was done; tells how many calls there were."""
    calls = 0

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls * 2 == step:
                raise Killed
            result = real(*args, **kwargs)
            if calls * 2 + 1 == step:
                raise Killed
            return result

        return call

    for name in ("fsync", "link"):
        monkeypatch.setattr(os, name, deadly(getattr(os, name)))
    monkeypatch.setattr(writing.Seen, "commit", deadly(writing.Seen.commit))
    return lambda: calls


def source_of(rows: list[dict[str, Any]], start: int) -> Iterator[Page]:
    for place in range(start, len(rows), 2):
        items = tuple(Item(raw=values, line=place + number) for number, values in enumerate(rows[place : place + 2]))
        yield Page(items=items, cursor={"to": place + 2})


def run_through(target: FilesTarget, brands: Brands, data: Path, rows: list[dict[str, Any]]) -> None:
    """A run that dies where it is told to, without any of the tidying that leaving does."""
    writer = Writer(target, brands, data=data)
    for some in source_of(rows, writer.cursor.get("to", 0)):
        writer.take(some)
    writer.close()


ROWS = [row(1), row(2, text=""), row(3), row(1), row(4, date="foo"), row(2), row(3, likes="5"), row(2, text=""), row(9)]


def test_killed_at_any_step_it_loses_nothing_and_doubles_nothing(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "BATCH_ITEMS", 4)
        run_through(target, brands, tmp_path / "whole", ROWS)
        expected = kept_state(tmp_path / "whole", "export")
        deaths, step = 0, 2
        while True:
            data = tmp_path / str(step)
            with pytest.MonkeyPatch.context() as deadly:
                calls = killed_at(step, deadly)
                try:
                    run_through(target, brands, data, ROWS)
                except Killed:
                    deaths += 1
                else:
                    assert calls() * 2 + 1 < step
                    break
            gc.collect()
            run_through(target, brands, data, ROWS)
            assert kept_state(data, "export") == expected, step
            step += 1
    assert deaths > 20


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", ""]), st.sampled_from(["0", "1"])), max_size=12),
    cuts=st.lists(st.integers(1, 30), max_size=3),
)
def test_whatever_is_taken_and_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[tuple[int, str, str]], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    target = files_target(folder / "config", more="limits: {rejected: 1}\n")
    brands = read_brands(folder / "config")
    rows = [row(number, text=text, likes=likes) for number, text, likes in chosen]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "BATCH_ITEMS", 3)
        run_through(target, brands, folder / "whole", rows)
        for cut in cuts:
            with pytest.MonkeyPatch.context() as deadly:
                killed_at(cut, deadly)
                with contextlib.suppress(Killed):
                    run_through(target, brands, folder / "cut", rows)
            gc.collect()  # The dead run's connection holds a lock for as long as its frames stand.
        run_through(target, brands, folder / "cut", rows)
    assert kept_state(folder / "cut", "export") == kept_state(folder / "whole", "export")
    runs = Archive(folder / "whole").runs("export")
    assert runs[-1].items == len(rows)


def test_a_manifest_tells_how_its_items_were_read(tmp_path: Path, target: FilesTarget, brands: Brands) -> None:
    with Writer(target, brands, data=tmp_path) as writer:
        writer.take(page(row(1, author="official")))
    other = files_target(tmp_path / "config", more="limits: {rejected: 1}\nplace: elsewhere\n")
    with Writer(other, brands, data=tmp_path) as writer:
        writer.take(page(row(2)))
    first, second = (next(batch.posts()) for batch in Archive(tmp_path).batches())
    assert (first.place, first.official, second.place, second.official) == (None, True, "elsewhere", False)
    assert json.loads((tmp_path / "raw/export/000001.json").read_text())["snapshot"]["columns"]["text"] == ["text"]
