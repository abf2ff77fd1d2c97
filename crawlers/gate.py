"""The gate of a host: when the next request to it may start, for all processes of this machine together.

The rule to know: whoever wants to send a request asks the gate first and asks again after the wait it names; nothing is
reserved ahead, so that a process that dies leaves nothing behind.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from crawlers.hostfile import changed

LONGEST_BACK_OFF = 60.0
"""Seconds that failures alone may keep a host closed; a host that says how long is obeyed beyond that."""
SILENCE = 20.0
"""Seconds after a first request in vain at which another one makes a host silent that has answered nothing since."""
LONGEST_PAUSE = 4.0
"""Seconds that a host which nobody is reached at is left alone, at most, before it counts as absent: asking again takes no time."""
ABSENCE = 10.0
"""Seconds after a first request that reached nobody at which another one makes a host absent that has answered nothing since."""
FIRST_SILENCE, LONGEST_SILENCE = 90.0, 900.0
"""Seconds that a silent host is left alone, at first and at most: longer than a run waits, for waiting for answers keeps others waiting.
One that is absent always is for the first."""
FORGOTTEN = 3600.0
"""Seconds after which a request in vain, or a silence, counts as the first again."""
LONGEST_REQUEST = 86_400.0
"""Seconds that a host's Retry-After, or the end of its rate limit, may ask for."""
EPOCH = 1e9
"""What RateLimit-Reset names is a moment in seconds since 1970 from here on, and a number of seconds below."""
MILLISECONDS = 1e11
"""From here on it is in milliseconds."""
LONGEST_LIMIT = 3_600.0
"""Seconds after which a rate limit counts anew, at most, where a good answer says that it is used up: more would be a mistake."""
LIMITS = ("RateLimit", "X-RateLimit")
"""What the headers of a rate limit begin with: of the IETF's draft and Bluesky, and of Mastodon and many others."""
ASKING = ("Retry-After", "Age", *(f"{limit}-{what}" for limit in LIMITS for what in ("Remaining", "Reset")))
"""Names of the headers that say whether a host asks to be left alone."""
FAILURES = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
"""Answers that say nothing about a page, only that its host has to be left alone for a moment."""


@dataclass(slots=True)
class Door:
    """What is known of one host. Moments are seconds since 1970."""

    free: float = 0.0
    """Moment at which the next request may start."""
    closed: float = 0.0
    """Moment until which the host is left alone, after a failure or because its rate limit is used up."""
    failures: int = 0
    """Failures in a row."""
    pace: float = 0.0
    """Seconds between two requests that its answers allowed last: whoever has no answer yet begins with them."""
    waiting: float = 0.0
    """Moment of the first request in vain, or that reached nobody, since it answered anything; 0 where there was none."""
    silent: float = 0.0
    """Moment until which it is left alone because it answers nothing, or nobody is reached there."""
    silences: int = 0
    """How often it was silent since it answered for a page."""


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


def asked_for(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which an answer asks to be left alone: by Retry-After where it fails, else until its rate limit counts anew.

    That holds where no more requests remain, which a good answer may say too; for a 429 in any case, and for a 503 that does not say what
    remains. None where nothing usable is asked. `headers` are looked up by the names that `ASKING` has.
    """
    failed = status in FAILURES
    if failed and (asked := retry_after(headers.get("Retry-After"), now)) is not None:
        return asked
    remaining, seconds = _rate_limit(headers, now)
    if seconds is None or not (status == 429 or (remaining < 1 if remaining is not None else status == 503)):
        return None
    if failed:
        return seconds
    # A good answer that is wrong shuts nobody out, and one that a cache kept was said to somebody else.
    kept = headers.get("Age", "0").strip() != "0"
    return None if kept or seconds > LONGEST_LIMIT else seconds


def _rate_limit(headers: Mapping[str, str], now: float) -> tuple[float | None, float | None]:
    """Requests that remain, and seconds until the host counts anew; None for what it doesn't say."""
    for limit in LIMITS:
        if (seconds := _reset(headers.get(f"{limit}-Reset"), now)) is not None:
            try:
                return float(headers[f"{limit}-Remaining"]), seconds
            except (KeyError, ValueError):
                return None, seconds
    return None, None


def _reset(value: str | None, now: float) -> float | None:
    """Seconds until a moment as rate limits name it: so many seconds, a second since 1970, or a date. None for what is past, or too far."""
    if not value:
        return None
    try:
        number = float(value)
        number = number / 1000 if number >= MILLISECONDS else number
        seconds = math.floor(number) + 1 - now if EPOCH <= number < math.inf else number  # Bluesky cuts parts of a second off
    except ValueError:
        try:
            moment = datetime.fromisoformat(value.strip())
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return seconds if 0 < seconds <= LONGEST_REQUEST else None


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
        with self._door(host) as door:
            now = self.clock()
            # A moment further off than any rule allows was written by a clock that has been set back since.
            wait = max(moment if moment <= now + LONGEST_REQUEST else now for moment in (door.free, door.closed, door.silent)) - now
            if wait > 0:
                return wait
            door.free = now + max(delay, door.pace)
            return 0.0

    def failed(self, host: str, asked: float | None = None) -> float:
        """Close the host for the seconds it `asked` for, else for a time that doubles with each failure in a row. Returns the seconds."""
        with self._door(host) as door:
            door.waiting = 0.0
            return self._close(door, asked)

    def in_vain(self, host: str) -> float:
        """Close the host after a request without an answer in time: as `failed` does, or where it is silent for longer than a run waits.

        It is silent where SILENCE seconds after the first such request another one ends so, and nothing was answered in between.
        Returns the seconds.
        """
        with self._door(host) as door:
            now = self.clock()
            if not 0 <= now - door.waiting < FORGOTTEN:
                door.waiting = now
            if now - door.waiting < SILENCE or now < door.silent:  # others that were sent together end together
                return self._close(door, None)
            door.silences = door.silences + 1 if 0 <= now - door.silent < FORGOTTEN else 1
            seconds = min(FIRST_SILENCE * 2.0 ** (door.silences - 1), LONGEST_SILENCE)
            door.silent = now + seconds
            return seconds

    def unreached(self, host: str) -> float:
        """Close the host after a request that reached nobody: its name has no address, or its port is closed.

        That lasts for moments, or where it is so still ABSENCE seconds after the first such request, and nothing was answered in between,
        for longer than a run waits. Returns the seconds.
        """
        with self._door(host) as door:
            now = self.clock()
            if not 0 <= now - door.waiting < LONGEST_BACK_OFF:  # each run waits out the blink of an outage
                door.waiting = now
            if now - door.waiting < ABSENCE or now < door.silent:
                return self._close(door, None, LONGEST_PAUSE)
            door.silent = now + FIRST_SILENCE
            return FIRST_SILENCE

    def _close(self, door: Door, asked: float | None, longest: float = LONGEST_BACK_OFF) -> float:
        door.failures += 1
        seconds = asked if asked is not None else min(self.back_off * 2 ** min(door.failures - 1, 30), longest)
        door.closed = max(door.closed, self.clock() + seconds)
        return seconds

    def answered(self, host: str, pace: float = 0.0, *, of_robots: bool = False, asked: float | None = None) -> None:
        """The host answers, and stands this pace: its failures are forgotten, but a wait it asked for stays, or begins (`asked`).

        How often it was silent is not forgotten where it answers for robots.txt alone (`of_robots`): many a page hangs behind one.
        """
        with self._door(host) as door:
            door.failures, door.pace, door.waiting = 0, pace, 0.0
            door.silent = min(door.silent, self.clock())
            door.silences = door.silences if of_robots else 0
            door.closed = max(door.closed, self.clock() + (asked or 0.0))

    def why(self, host: str, wait: float) -> str:
        """Why the host is left alone for so many seconds more, and until when."""
        with self._door(host) as door:
            reason = "does not answer and is" if door.silent > max(door.closed, self.clock()) else "asked to be"
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.clock() + wait))
        return f"{host} {reason} left alone until {until}"

    @contextmanager
    def _door(self, host: str) -> Iterator[Door]:
        with changed(self.folder, host) as known:
            door = _read(known)
            yield door
            known |= {name: getattr(door, name) for name in Door.__slots__}


def _read(known: dict[str, Any]) -> Door:
    """The door as written, by an older or a newer version too. A file cut short by a kill says nothing, and the host is open."""
    return Door(**{name: known[name] for name in Door.__slots__ if name in known})
