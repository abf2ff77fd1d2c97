"""Collect a target: walk its source, keep what is new, say what became of every item.

The rule to know: sources with a client of their own walk in this process, all others are spiders in a child process, because
Scrapy's reactor can start only once; the child dies with its parent and tells it how the run ended through a file.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from crawlers.link import hidden
from crawlers.mapping import is_collector, source
from crawlers.preview import Preview, Sample, sample_from_json
from crawlers.run import Run, failure, run_from_json
from crawlers.sink import sink_of
from crawlers.source import CollectError, Page
from crawlers.target import Target
from crawlers.writer import Writer

Progress = Callable[[str], None]
"""Told now and then how far the run is, in one line."""

SECONDS_TO_END = 5.0
PR_SET_PDEATHSIG = 1


def collect(target: Target, *, data: Path, config: Path, since: datetime | None = None, progress: Progress | None = None) -> Run:
    """Take what is new of a target. With `since` (aware) it is walked from its start again and its cursor stays.

    Raises CollectError with what to mend: RunFailed, which has the run, where it had begun; of that TooManyRejected, which
    a retry would only hide.
    """
    if not is_collector(target.kind):
        run = run_from_json(_spider(target, data=data, config=config, since=since, progress=progress)["run"])
    else:
        sink = sink_of(target, data=data, config=config, since=since)
        assert isinstance(sink, Writer)
        with sink:
            run = _walked(target, sink, data, progress)
    if run.error is not None:
        raise failure(run)
    return run


def preview(target: Target, *, data: Path, config: Path, limit: int = 20, since: datetime | None = None) -> list[Sample]:
    """What the first items of a target would become; nothing is kept. Raises CollectError where the source can't be read."""
    if not is_collector(target.kind):
        told = _spider(target, data=data, config=config, since=since, limit=limit)
        samples = [sample_from_json(record) for record in told["samples"]]
        error = told["run"]["error"]
    else:
        sink = sink_of(target, data=data, config=config, since=since, preview=limit)
        assert isinstance(sink, Preview)
        error = _walked(target, sink, data, None).error
        samples = sink.samples
    if error is not None and not samples:
        raise CollectError(f"{target.name}: {error}")
    return samples


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


def _spider(
    target: Target, *, data: Path, config: Path, since: datetime | None, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """How a spider's run ended. Raises CollectError where it could not begin, or died."""
    with tempfile.TemporaryDirectory(prefix="molva-") as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "scrapy", "crawl", target.kind, "-a", f"target={target.name}", "-s", f"MOLVA_RESULT={result}"]
        command += [] if since is None else ["-a", f"since={since.isoformat()}"]
        command += [] if limit is None else ["-s", f"MOLVA_PREVIEW={limit}"]
        places = {"MOLVA_DATA": str(data.resolve()), "MOLVA_CONFIG": str(config.resolve()), "SCRAPY_SETTINGS_MODULE": "crawlers.settings"}
        said = None if progress is None else lambda line: progress(hidden(line, target.secrets))
        last_line = hidden(_child(command, os.environ | places, said), target.secrets)
        if not result.exists():
            raise CollectError(f"{target.name}: the spider ended without a result{f': {last_line}' if last_line else ''}")
        told: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if "run" not in told:
        raise CollectError(f"{target.name}: {told['error']}")
    return told


def _child(command: list[str], environment: dict[str, str], progress: Progress | None) -> str:
    """Run a child that dies with this process, and hand on what it says; its last line is returned."""
    parent = os.getpid()
    said: deque[str] = deque(maxlen=1)
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    process = subprocess.Popen(
        command,
        env=environment,
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=die_with_parent,
    )
    assert process.stderr is not None
    reader = threading.Thread(target=_listen, args=(process.stderr, said, progress), daemon=True)
    reader.start()
    try:
        process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    reader.join(SECONDS_TO_END)
    if process.returncode < 0:
        return f"killed by {signal.Signals(-process.returncode).name}"
    return said[-1] if said else ""


def _listen(stream: IO[str], said: deque[str], progress: Progress | None) -> None:
    for line in stream:
        if line.strip():
            said.append(line.strip())
            if progress is not None:
                progress(line.strip())
