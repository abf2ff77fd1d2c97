"""A child process that dies with this one: Scrapy's reactor can start only once in a process.

The rule to know: what the child has to tell stands in a file; here only its last line is heard, for when it ends without one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

Progress = Callable[[str], None]
"""Told now and then how far the run is, in one line."""

SECONDS_TO_END = 5.0
PR_SET_PDEATHSIG = 1


def run_child(command: list[str], environment: dict[str, str], progress: Progress | None) -> str:
    """Run a child that dies with this process, and hand on what it says; its last line is returned.

    It has a process group of its own: Ctrl-C reaches this process alone, which asks it once to end. Scrapy takes a second signal for haste.
    """
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
        process_group=0,
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
    if process.returncode == -signal.SIGPROF:  # see crawlers/watch.py
        return "reading a page took more of the processor's time than any page needs: it is made to be slow, or far too large"
    if process.returncode < 0:
        return f"killed by {signal.Signals(-process.returncode).name}"
    return said[-1] if said else ""


def _listen(stream: IO[str], said: deque[str], progress: Progress | None) -> None:
    for line in stream:
        if line.strip():
            said.append(line.strip())
            if progress is not None:
                progress(line.strip())
