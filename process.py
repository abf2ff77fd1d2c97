"""A family of processes: a parent that adopts every orphan below it and outlives them all.

The rule to know: Airflow gives every task a process group of its own and may orphan it, so ending our children is not
enough. The outer process is a subreaper: whatever loses its parent becomes its child, so that all that ever started can be
found below it. The inner process does the work. Either of them can be killed: the other ends everything.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil

SUBREAPER, DEATH_SIGNAL = 36, 1
"""PR_SET_CHILD_SUBREAPER and PR_SET_PDEATHSIG of prctl(2)."""
LIBC = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """Nothing was started; the message is one sentence that says what to do."""


def end_with_parent() -> None:
    """Ask the system to send this process SIGTERM when its parent dies."""
    LIBC.prctl(DEATH_SIGNAL, signal.SIGTERM)


def only_one(data: Path) -> int:
    """An open file that says this data is in use; every process below inherits it, so that it holds as long as any lives.

    Raises Refused while an earlier run, or a process that it left, still uses the data.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = os.open(data / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"{error.filename} cannot be written ({error.strerror}): set MOLVA_DATA to a folder that can.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        runner = os.pread(lock, 20, 0).decode().strip()
        raise Refused(f"{data} is in use by an earlier run (process {runner}): end it, or set MOLVA_DATA to another folder.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def below(pid: int) -> list[psutil.Process]:
    """Every living process below this one but ourselves."""
    try:
        found = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in found if process.pid != os.getpid() and is_alive(process)]


@dataclass
class Family:
    """All that ever started below `top`, as the inner process sees it."""

    top: int
    asked: Callable[[], bool] = lambda: False
    """Whether the end was asked for: by SIGINT, SIGTERM or SIGHUP to `top` or to the inner process."""
    seen: dict[int, psutil.Process] = field(default_factory=dict)

    def members(self) -> list[psutil.Process]:
        """Everything below `top` that lives. Where `top` was killed: below us, who adopt from then on, and what we saw before."""
        head = self.top
        if os.getpid() != self.top != os.getppid():
            LIBC.prctl(SUBREAPER, 1)
            head = os.getpid()
        self.seen.update({process.pid: process for process in below(head)})
        self.seen = {pid: process for pid, process in self.seen.items() if is_alive(process)}
        return list(self.seen.values())

    def sweep(self) -> None:
        """Kill all of it, and what that starts meanwhile, until nothing is there."""
        while rest := self.members():
            send(rest, signal.SIGKILL)
            psutil.wait_procs(rest, timeout=0.2)


def send(processes: list[psutil.Process], what: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(what)
        except psutil.NoSuchProcess:
            continue


def lead(work: Callable[[Family], int]) -> int:
    """Do `work` in an inner process, adopt what it orphans, and end when nothing is left below; the exit code.

    The first signal is passed on to `work` (`Family.asked`), a second one ends everything at once.
    """
    LIBC.prctl(SUBREAPER, 1)
    top = os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(inner(work, top))
    asked: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM if len(asked) == 1 else signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    ended, status = os.wait()
    while ended != child:
        ended, status = os.wait()
    Family(top).sweep()
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # what died unseen; a busy machine's init may leave it lying for long
            pass
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1


def inner(work: Callable[[Family], int], top: int) -> int:
    """The inner process: in a session of its own, so that Ctrl-C at the terminal reaches it once, through the outer one."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: asked.append(received))
    os.setsid()
    end_with_parent()
    if os.getppid() != top:
        return 1
    return work(Family(top, lambda: bool(asked)))
