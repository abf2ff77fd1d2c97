"""One writer per index: a locked file that both engines honour.

The rule to know: the lock is the operating system's, so that a killed writer lets go of it. It holds between the processes
of one machine; several machines that write to one Elasticsearch take turns by their schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


class WriterLock:
    """Lets one writer in and makes the others wait; the one inside may enter again."""

    def __init__(self, path: Path | None) -> None:
        """`path` None: the caller holds the lock of the index already, as in a rebuild."""
        self._path = path
        self._lock = None if path is None else FileLock(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the turn, as long as it takes."""
        if self._lock is None or self._path is None:
            yield
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            yield
