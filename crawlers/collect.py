"""Collect a target: walk its source, keep what is new, say what became of every item.

The rule to know: sources with a client of their own walk in this process, all others are spiders in a child process, because
Scrapy's reactor can start only once; the child dies with its parent and tells it how the run ended through a file. Of a child
that died before it could, the parent writes the line in the run log.
"""

from __future__ import annotations

import dataclasses
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from crawlers.archive import RUNS, Archive
from crawlers.child import Progress, run_child
from crawlers.disk import append_line, check_writable, locked
from crawlers.link import hidden
from crawlers.mapping import is_collector, source
from crawlers.post import whole_milliseconds
from crawlers.preview import Preview, Shown, sample_from_json
from crawlers.run import Counts, Run, failure, run_from_json, run_to_json
from crawlers.scratch import scratch
from crawlers.settings import PAGE_SECONDS
from crawlers.sink import sink_of
from crawlers.source import CollectError, Page
from crawlers.target import Target
from crawlers.unended import add_unended, forget, unended
from crawlers.writer import Writer, interruption

MOST_SINCE = 20
"""Runs that may have ended since a spider died behind its own line, before that is told."""


class PreviewFailed(CollectError):
    """A preview that an error ended; `shown` is what it has seen before."""

    def __init__(self, message: str, shown: Shown) -> None:
        super().__init__(message)
        self.shown = shown


class SpiderDied(CollectError):
    """A spider that ended without telling how its run did."""

    def __init__(self, target: Target, reason: str) -> None:
        super().__init__(f"{target.name}: {reason}")
        self.reason = reason


def collect(target: Target, *, data: Path, config: Path, since: datetime | None = None, progress: Progress | None = None) -> Run:
    """Take what is new of a target. With `since` (aware) it is walked from its start again and its cursor stays.

    Raises CollectError with what to mend: RunFailed, which has the run, where it had begun; of that TooManyRejected, which
    a retry would only hide.
    """
    if not is_collector(target.kind):
        run = _by_spider(target, data=data, config=config, since=since, progress=progress)
    else:
        sink = sink_of(target, data=data, config=config, since=since)
        assert isinstance(sink, Writer)
        with sink:
            run = _walked(target, sink, data, progress)
    if run.error is not None:
        raise failure(run)
    return run


def preview(target: Target, *, data: Path, config: Path, limit: int = 20, since: datetime | None = None) -> Shown:
    """What the first items of a target would become; nothing is kept. Raises CollectError: PreviewFailed where the walk had begun."""
    if not is_collector(target.kind):
        told = _spider(target, data=data, config=config, since=since, limit=limit)
        run = run_from_json(told["run"])
        samples = [sample_from_json(record) for record in told["samples"]]
    else:
        sink = sink_of(target, data=data, config=config, since=since, preview=limit)
        assert isinstance(sink, Preview)
        run = _walked(target, sink, data, None)
        samples = sink.samples
    shown = Shown(samples=samples, counts=run.counts)
    if run.error is not None:
        raise PreviewFailed(f"{target.name}: {run.error}", shown)
    return shown


def _walked(target: Target, sink: Writer | Preview, data: Path, progress: Progress | None) -> Run:
    pages: Iterator[Page] = source(target.kind).walk(target, sink.cursor, since=sink.since, data=data)
    taken = 0
    try:
        with closing(pages):  # type: ignore[type-var]  # a generator
            for page in pages:
                taken += len(sink.take(page))
                if progress is not None:
                    progress(f"{taken} items")
                if sink.full:
                    break
    except CollectError as error:
        return sink.close(str(error))
    return sink.close()


def _by_spider(target: Target, *, data: Path, config: Path, since: datetime | None, progress: Progress | None) -> Run:
    """The run of a spider, ended by the spider itself or, where it was killed or interrupted, here."""
    now = whole_milliseconds(datetime.now(UTC))
    run = Run(id=uuid.uuid4().hex, target=target.name, started=now, ended=now, counts=Counts(), since=since)
    try:
        return run_from_json(_spider(target, data=data, config=config, since=since, run=run.id, progress=progress)["run"])
    except SpiderDied as error:
        return _ended_for_it(run, data, error.reason)
    except CollectError:
        raise  # it could not begin
    except BaseException as error:
        _ended_for_it(run, data, interruption(error))
        raise


def _ended_for_it(run: Run, data: Path, error: str) -> Run:
    """The run of a spider that died, with what its batches count; its line is added to the run log."""
    archive, folder = Archive(data), Archive(data).folder(run.target)
    run = dataclasses.replace(run, ended=whole_milliseconds(datetime.now(UTC)), error=error)
    with suppress(OSError, CollectError), locked(folder, run.target):  # the error of the run is what is to be told
        if ended := next((line for line in islice(archive.latest_runs(run.target), MOST_SINCE) if line.id == run.id), None):
            add_unended(archive, run.target)  # which only takes its note away
            return ended
        found = unended(archive, run.target)
        if found is None or found[0].id != run.id:
            add_unended(archive, run.target)  # of another run, before this one
            append_line(folder / RUNS, run_to_json(run))
        else:
            run = dataclasses.replace(found[0], ended=run.ended, error=error)
            append_line(folder / RUNS, run_to_json(run))
            forget(folder)
    return run


def _spider(
    target: Target,
    *,
    data: Path,
    config: Path,
    since: datetime | None,
    limit: int | None = None,
    run: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """How a spider's run ended. Raises SpiderDied, or CollectError where it could not begin."""
    check_writable(data / "gate")  # a spider would take it for a trouble of its site
    with scratch() as folder:
        result = folder / "result.json"
        arguments = ["crawl", target.kind, "-a", f"target={target.name}", "-s", f"MOLVA_RESULT={result}"]
        arguments += ["-s", f"PAGE_SECONDS={PAGE_SECONDS}"]
        arguments += [] if since is None else ["-a", f"since={since.isoformat()}"]
        arguments += [] if limit is None else ["-s", f"MOLVA_PREVIEW={limit}"]
        arguments += [] if run is None else ["-s", f"MOLVA_RUN={run}"]
        places = {"MOLVA_DATA": str(data.resolve()), "MOLVA_CONFIG": str(config.resolve()), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        said = None if progress is None else lambda line: progress(hidden(line, target.secrets))
        last_line = hidden(run_child(arguments, os.environ | places, said), target.secrets)
        if not result.exists():
            raise SpiderDied(target, f"the spider ended without a result{f': {last_line}' if last_line else ''}")
        told: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if "run" not in told:
        raise CollectError(f"{target.name}: {told['error']}")
    return told
