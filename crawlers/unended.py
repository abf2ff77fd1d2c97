"""Runs that were killed before they could say how they ended.

The rule to know: a note of a run stands beside the batches while it goes on, written and taken away under the target's lock. Who finds it
there later, under the same lock, adds the line that the run log lacks.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from crawlers.archive import Archive, Batch
from crawlers.disk import append_line, last_line
from crawlers.run import Counts, Run, run_to_json

NOTE = "running.json"
CUT_OFF = "cut off before it could say how it ended: its process was killed, the machine went down, or the disk was full"


def note(folder: Path, run: Run, log: str) -> None:
    """Note a run that begins. Where that can't be written the run goes on without."""
    with suppress(OSError):
        (folder / NOTE).write_text(json.dumps(run_to_json(run) | {"log": log}), encoding="utf-8")


def forget(folder: Path) -> None:
    """Take the note away: the run log has the run's line."""
    with suppress(OSError):
        (folder / NOTE).unlink(missing_ok=True)


def unended(archive: Archive, target: str) -> tuple[Run, str] | None:
    """The run that was cut off, with what its batches count, and the log that lacks it; None where none was."""
    try:
        record = json.loads((archive.folder(target) / NOTE).read_bytes())
        log, began = record["log"], datetime.fromisoformat(record["started"])
    except (OSError, ValueError, KeyError, TypeError):  # it may have been cut off while it wrote this
        return None
    batches = _batches(archive, target, record["id"])
    counts = Counts()
    for batch in batches:
        counts.add(Counts.from_json(batch.manifest))
    run = Run(
        id=record["id"],
        target=target,
        started=began,
        ended=datetime.fromisoformat(batches[-1].manifest["closed"]) if batches else began,
        counts=counts,
        batches=tuple(batch.number for batch in batches),
        since=datetime.fromisoformat(record["since"]) if record["since"] else None,
        error=CUT_OFF,
    )
    return run, log


def add_unended(archive: Archive, target: str) -> Run | None:
    """Write the line of a run that was cut off; the run, if there was one."""
    found = unended(archive, target)
    if found is None:
        return None
    run, log = found
    folder = archive.folder(target)
    if (last_line(folder / log) or {}).get("id") == run.id:  # it was killed behind its own line
        forget(folder)
        return None
    with suppress(OSError):  # the run that begins says what it can't write
        append_line(folder / log, run_to_json(run))
    forget(folder)
    return run


def _batches(archive: Archive, target: str, run: str) -> list[Batch]:
    """The batches of a run that was the last one."""
    found: list[Batch] = []
    for batch in reversed(archive.batches(target)):
        if batch.manifest["run"] != run:
            break
        found.insert(0, batch)
    return found
