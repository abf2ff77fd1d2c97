"""The gate of a host: when the next request to it may start, for all processes of this machine together.

The rule to know: whoever wants to send a request asks the gate first and asks again after the wait it names; nothing is
reserved ahead, so that a process that dies leaves nothing behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from crawlers.hostfile import changed

LONGEST_BACK_OFF = 60.0
"""Seconds that failures alone may keep a host closed; a host that says how long is obeyed beyond that."""
SILENCE = 20.0
"""Seconds from the first request that found no answer in time after which a host that has answered nothing since counts as silent."""
FIRST_SILENCE, LONGEST_SILENCE = 90.0, 900.0
"""Seconds that a silent host is left alone, at first and at most: longer than a run waits, for waiting for answers keeps others waiting."""
FORGOTTEN = 3600.0
"""Seconds after which a silence counts as the first again."""
LONGEST_REQUEST = 86_400.0
"""Seconds that a host's Retry-After may ask for."""
FAILURES = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
"""Answers that say nothing about a page, only that its host has to be left alone for a moment."""


@dataclass(slots=True)
class Door:
    """What is known of one host. Moments are seconds since 1970."""

    free: float = 0.0
    """Moment at which the next request may start."""
    closed: float = 0.0
    """Moment until which the host is left alone after a failure."""
    failures: int = 0
    """Failures in a row."""
    pace: float = 0.0
    """Seconds between two requests that its answers allowed last: whoever has no answer yet begins with them."""
    unanswered: float = 0.0
    """Moment of the first request without an answer in time since it answered last; 0 where there is none."""
    silent: float = 0.0
    """Moment at which it was found silent last."""
    silences: int = 0
    """How often it was, each within the hour of the one before."""


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds a Retry-After header asks to wait: a number of seconds or a date. None where it says nothing usable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_REQUEST) if seconds == seconds else None


class Gate:
    """The doors of all hosts: one small locked file per host in `folder`."""

    def __init__(self, folder: Path, *, back_off: float = 0.5, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.back_off = back_off
        self.clock = clock
        folder.mkdir(parents=True, exist_ok=True)

    def enter(self, host: str, delay: float) -> float:
        """0.0: send the request now, the next one may follow after `delay` seconds, or the host's own pace where that is slower.
        Else: ask again after that many seconds."""
        now = self.clock()
        with self._door(host) as door:
            # A moment further off than any rule allows was written by a clock that has been set back since.
            free = door.free if door.free <= now + LONGEST_REQUEST else now
            wait = max(free, door.closed if door.closed <= now + LONGEST_REQUEST else now) - now
            if wait > 0:
                return wait
            door.free = now + max(delay, door.pace)
            return 0.0

    def failed(self, host: str, asked: float | None = None) -> float:
        """Close the host for the seconds it `asked` for, else for a time that doubles with each failure in a row. Returns the seconds."""
        with self._door(host) as door:
            door.failures += 1
            seconds = asked if asked is not None else min(self.back_off * 2 ** min(door.failures - 1, 30), LONGEST_BACK_OFF)
            door.closed = max(door.closed, self.clock() + seconds)
            return seconds

    def unanswered(self, host: str) -> float:
        """The same for a request without an answer in time: a silent host is closed for longer than a run waits. Returns the seconds."""
        now = self.clock()
        with self._door(host) as door:
            door.unanswered = door.unanswered if 0 < door.unanswered <= now else now
            known = now < door.closed and door.unanswered <= door.silent <= now  # requests sent together end together
            is_silent = now - door.unanswered >= SILENCE and not known
            if is_silent:
                door.silences = door.silences + 1 if 0 <= now - door.silent < FORGOTTEN else 1
                door.silent = now
        return self.failed(host, min(FIRST_SILENCE * 2 ** (door.silences - 1), LONGEST_SILENCE) if is_silent else None)

    def answered(self, host: str, pace: float = 0.0) -> None:
        """The host answers, and stands this pace: its failures are forgotten, but a wait it asked for stays."""
        with self._door(host) as door:
            door.failures, door.pace, door.unanswered = 0, pace, 0.0

    def why(self, host: str, wait: float) -> str:
        """Why the host is left alone for so many seconds more, and until when."""
        now = self.clock()
        with self._door(host) as door:
            is_silent = 0 < door.unanswered <= door.silent and now - door.silent <= LONGEST_SILENCE
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now + wait))
        return f"{host} {'does not answer and is' if is_silent else 'asked to be'} left alone until {until}"

    @contextmanager
    def _door(self, host: str) -> Iterator[Door]:
        with changed(self.folder, host) as known:
            door = _read(known)
            yield door
            known |= asdict(door)


def _read(known: dict[str, Any]) -> Door:
    """The door as written. A file cut short by a kill says nothing, and the host is open."""
    try:
        return Door(**known)
    except TypeError:
        return Door()
