"""A child process that dies with this one: Scrapy's reactor can start only once in a process.

The rule to know: it is forked, so that it begins with all that is loaded here, and that is everything it needs: loading takes several times
as long as collecting a feed. Nothing that is loaded may install a reactor. What the child has to tell stands in a file; here only its
last line is heard, for when it ends without one.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from importlib import import_module
from multiprocessing.context import ForkProcess
from pathlib import Path

from scrapy.cmdline import execute
from scrapy.settings import Settings
from scrapy.utils.misc import load_object, walk_modules_iter
from setproctitle import setproctitle

Progress = Callable[[str], None]
"""Told now and then how far the run is, in one line."""

ROOT = Path(__file__).parents[1]
LATEST = "MOLVA_LATEST"
"""Environment variable with the number of the open file in which the child leaves the address of its latest answer."""
SECONDS_TO_END = 5.0
PR_SET_PDEATHSIG = 1
LOADING = threading.Lock()
"""A child that is forked while another thread loads a module would wait for that module's lock for ever."""


def run_child(arguments: list[str], environment: dict[str, str], progress: Progress | None) -> str:
    """Run `scrapy` with these arguments in a child that dies with this process, and hand on what it says.

    Its last line is returned, or what ended it. It has a process group of its own: Ctrl-C reaches this process alone, which asks it
    once to end. Scrapy takes a second signal for haste.
    """
    with LOADING:
        load_all()
    said: deque[str] = deque(maxlen=1)
    pipe = heard, told = os.pipe()
    with tempfile.TemporaryFile() as latest:
        given = environment | {LATEST: str(latest.fileno())}
        process = multiprocessing.get_context("fork").Process(target=_scrapy, args=(arguments, given, pipe, os.getpid()), daemon=True)
        try:
            process.start()
        except BaseException:
            os.close(heard)
            raise
        finally:
            os.close(told)
        reader = threading.Thread(target=_listen, args=(heard, said, progress), daemon=True)
        reader.start()
        ended = _awaited(process)
        reader.join(SECONDS_TO_END)
        latest.seek(0)
        address = latest.read().decode("utf-8", "replace")
    if ended == -signal.SIGPROF:  # see crawlers/watch.py
        which = f"; it was that of {address}" if address else ""
        return f"reading a page took more of the processor's time than any page needs: it is made to be slow, or far too large{which}"
    if ended < 0:
        return f"killed by {signal.Signals(-ended).name}"
    return said[-1] if said else ""


@cache
def load_all() -> None:
    """Load what spiders load when they begin, once, for the children that will be forked from here."""
    settings = Settings()
    settings.setmodule("crawlers.settings")
    for package in ("scrapy.commands", "crawlers.spiders"):
        deque(walk_modules_iter(package), maxlen=0)
    import_module("scrapy.core.downloader.handlers.http11")  # the longest to load: it looks through all modules that are loaded
    for parts in ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "ITEM_PIPELINES"):
        for name in settings.getwithbase(parts):
            load_object(name)
    for name in ("SCHEDULER", "SCHEDULER_PRIORITY_QUEUE", "DUPEFILTER_CLASS", "STATS_CLASS", "LOG_FORMATTER", "ROBOTSTXT_PARSER"):
        load_object(settings[name])


def _scrapy(arguments: list[str], environment: dict[str, str], pipe: tuple[int, int], parent: int) -> None:
    """The child: Scrapy's command line, with nothing of the parent's left that it could answer to or speak by."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setpgid(0, 0)
    setproctitle(f"scrapy {' '.join(arguments)}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(pipe[1], 2)
    for end in pipe:
        os.close(end)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    logging.root.handlers.clear()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.modules.pop(environment["SCRAPY_SETTINGS_MODULE"], None)  # it reads the environment when it is loaded
    execute(["scrapy", *arguments])


def _awaited(process: ForkProcess) -> int:
    """How the child ended: its code, below zero the signal. It is ended where the waiting is interrupted."""
    try:
        process.join()
    except BaseException:
        process.terminate()
        process.join(SECONDS_TO_END)
        if process.exitcode is None:
            process.kill()
            process.join()
        raise
    return process.exitcode or 0


def _listen(heard: int, said: deque[str], progress: Progress | None) -> None:
    with os.fdopen(heard, errors="replace") as stream:
        for line in stream:
            if line.strip():
                said.append(line.strip())
                if progress is not None:
                    progress(line.strip())
