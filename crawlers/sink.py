"""A sink: where a source hands its pages, opened by the target's name, in this process or in a spider's.

The rule to know: a spider runs in a child process and tells its parent how the run ended through one file, written last.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from pathlib import Path
from typing import Any

from crawlers.brand import read_brands
from crawlers.post import whole_milliseconds
from crawlers.preview import Preview, sample_to_json
from crawlers.run import Outcome, Run, run_to_json
from crawlers.source import CollectError, Page
from crawlers.target import BrokenTarget, Target, read_target, unread
from crawlers.writer import Sink, Writer
from crawlers.yamlfile import ConfigError


def open_sink(
    name: str,
    *,
    data: Path,
    config: Path,
    since: datetime | None = None,
    preview: int | None = None,
    result: Path | None = None,
    run: str | None = None,
) -> Sink:
    """The Writer of a target, or a Preview of so many items. With `result` it tells there how the run ended, with `run` it has that id.

    Raises ConfigError for a broken file of the configuration, CollectError where the run can't begin.
    """
    try:
        sink = sink_of(find_target(name, config), data=data, config=config, since=since, preview=preview, run=run)
    except (ConfigError, CollectError) as error:
        if result is not None:
            _tell(result, {"error": str(error)})
        raise
    return sink if result is None else _Telling(sink, result)


def sink_of(
    target: Target, *, data: Path, config: Path, since: datetime | None = None, preview: int | None = None, run: str | None = None
) -> Writer | Preview:
    """The Writer of a target, or a Preview of so many items."""
    brands = read_brands(config)
    begin = None if target.since is None else in_zone(datetime.combine(target.since, time()), target)
    later = max((moment for moment in (since, begin) if moment is not None), default=None)
    if preview is not None:
        return Preview(target, brands, data=data, limit=preview, since=later)
    return Writer(target, brands, data=data, since=later, again=since is not None, run=run)


def in_zone(moment: datetime, target: Target) -> datetime:
    """A date or time as people give it; without a zone of its own it is in the target's. Raises CollectError."""
    try:
        return whole_milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=target.zone))
    except ValueError as error:
        raise CollectError(f"since: {error}") from error


def find_target(name: str, config: Path) -> Target:
    """The target of this name. Raises ConfigError where its file is broken or missing."""
    path = config / "targets" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.yaml"))) or "none"
        lost = unread(config)
        raise ConfigError(path, None, "", f"there is no target {name!r}; there are: {known}" + (f"; {lost}" if lost else ""))
    target = read_target(path)
    if isinstance(target, BrokenTarget):
        raise target.error
    return target


class _Telling:
    """A sink that writes into `result` how its run ended."""

    def __init__(self, sink: Writer | Preview, result: Path) -> None:
        self._sink = sink
        self._result = result
        self.target = sink.target
        self.cursor = sink.cursor
        self.since = sink.since

    def seen(self, post_id: str) -> bool:
        return self._sink.seen(post_id)

    @property
    def left(self) -> int | None:
        return self._sink.left

    @property
    def full(self) -> bool:
        return self._sink.full

    def take(self, page: Page) -> list[Outcome]:
        return self._sink.take(page)

    def close(self, error: str | None = None) -> Run:
        run = self._sink.close(error)
        samples = [sample_to_json(sample) for sample in self._sink.samples] if isinstance(self._sink, Preview) else None
        _tell(self._result, {"run": run_to_json(run), "samples": samples})
        return run


def _tell(result: Path, record: dict[str, Any]) -> None:
    part = result.with_name(result.name + ".part")
    part.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8", errors="replace")
    part.replace(result)
