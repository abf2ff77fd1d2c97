"""Runs that were killed before they could say how they ended.

The rule to know: a note of a run stands beside the batches while it goes on, written and taken away under the target's lock. Who finds it
there later, under the same lock, adds the line that the run log lacks. Who only looks tells by the process that the note names: to try the
lock would be to take it from a run that begins.
"""

from __future__ import annotations

import dataclasses
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawlers.alive import is_over, numbering
from crawlers.archive import RUNS, Archive
from crawlers.disk import append_line, last_line
from crawlers.run import Counts, Run, run_from_json, run_to_json

NOTE = "running.json"
CUT_OFF = "cut off before it could say how it ended: its process was killed, the machine went down, or the disk was full"


@dataclass(frozen=True, slots=True)
class Note:
    """What a run leaves while it goes on."""

    run: Run
    log: str
    """The log that is to have its line."""
    last: int
    """The batch behind which it began."""
    process: int | None
    """Number of its process; notes of old have none."""
    numbering: str | None


def note(folder: Path, run: Run, log: str, last: int) -> bool:
    """Note a run that begins behind the batch `last`; whether that was done. A note whose line is still missing is not replaced."""
    found, part = folder / NOTE, folder / f"{NOTE}.part"
    with suppress(OSError):
        if not found.exists():
            more = {"log": log, "last": last, "process": os.getpid(), "numbering": numbering()}
            part.write_text(json.dumps(run_to_json(run) | more), encoding="utf-8")
            part.replace(found)
            return True
    return False


def forget(folder: Path) -> None:
    """Take the note away: the run log has the run's line."""
    with suppress(OSError):
        (folder / NOTE).unlink(missing_ok=True)


def unended(archive: Archive, target: str) -> tuple[Run, str] | None:
    """The run that was cut off, with what its batches count, and the log that lacks it; None where none was."""
    found = _noted(archive, target)
    return None if found is None else (cut_off(archive, target, found), found.log)


def killed(archive: Archive, target: str) -> Note | None:
    """The same without the lock: of the last run of collecting, where its process has certainly ended and the run log lacks it."""
    found = _noted(archive, target)
    if found is None or found.log != RUNS or not isinstance(found.process, int) or not is_over(found.process, found.numbering):
        return None
    logged = last_line(archive.folder(target) / RUNS)
    return found if logged is None or datetime.fromisoformat(logged["started"]) < found.run.started else None


def _noted(archive: Archive, target: str) -> Note | None:
    try:
        record = json.loads((archive.folder(target) / NOTE).read_bytes())
        return Note(run_from_json(record), record["log"], record.get("last", 0), record.get("process"), record.get("numbering"))
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or no run wrote it so
        return None


def cut_off(archive: Archive, target: str, noted: Note) -> Run:
    """The run of a note, with what its batches count."""
    run = noted.run
    batches = [batch for batch in archive.batches(target) if batch.number > noted.last and batch.manifest["run"] == run.id]
    counts = Counts()
    for batch in batches:
        counts.add(Counts.from_json(batch.manifest))
    ended = datetime.fromisoformat(batches[-1].manifest["closed"]) if batches else run.started
    numbers = tuple(batch.number for batch in batches)
    return dataclasses.replace(run, ended=ended, counts=counts, batches=numbers, error=CUT_OFF)


def add_unended(archive: Archive, target: str) -> Run | None:
    """Write the line of a run that was cut off; the run, if there was one. Where that can't be, its note stays for a later one to try."""
    found, folder = unended(archive, target), archive.folder(target)
    if found is None:
        forget(folder)
        return None
    run, log = found
    if (last_line(folder / log) or {}).get("id") == run.id:  # it was killed behind its own line
        forget(folder)
        return None
    with suppress(OSError):  # the run that begins says what it can't write
        append_line(folder / log, run_to_json(run))
        forget(folder)
    return run
