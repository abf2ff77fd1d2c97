"""Whether a process that has left its number somewhere goes on.

The rule to know: it is over only where that is certain. A number means something only on the machine that gave it, since that was
started and, where there are containers, in the same one; of any other nothing is told.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def numbering() -> str | None:
    """What tells the numbers of processes here from those of other machines, containers and starts; None where the system doesn't."""
    try:
        return f"{_BOOT.read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def is_over(process: int, numbered: str | None) -> bool:
    """Whether the process of that number, of that `numbering`, has certainly ended. One that has taken its number since hides it."""
    if numbered is None or numbered != numbering():
        return False
    try:
        os.kill(process, 0)  # not by psutil, which sees nothing of another user's where /proc hides them
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    with suppress(psutil.Error):  # whoever killed it may leave it lying
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    return False
