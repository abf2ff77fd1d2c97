"""A folder for one piece of work in the temporary directory, which goes with it.

The rule to know: its process holds a lock on it. What a killed process left is told by that, and taken away by the next one. Where the
temporary directory knows of no locks, work goes on without, and what was left stays.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "molva-run-"
FRESH = 60.0
"""Seconds for which a folder is left alone that nobody holds: its process may be about to lock it."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of its own, taken away at the end."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            with suppress(OSError):  # some file systems of networks and of containers have no locks
                fcntl.flock(held, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(held)


def _sweep(temporary: Path) -> None:
    """Remove folders of ours whose process is no more."""
    for folder in temporary.glob(f"{PREFIX}*"):
        try:
            status = folder.lstat()
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < FRESH:
                continue
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another process was faster, or it is no folder
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its process works in it, or nobody can tell
            continue
        finally:
            os.close(held)
