"""What has been published so far, and when: the archive at once, the reserve one by one while the demo runs.

The rule to know: the day of the first start and every release are kept in the data folder, so that a restarted demo shows
the same posts with the same times and goes on where it was.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from demo.content import ZONE, Content, Story


class ShelfError(Exception):
    """The kept state can't be read or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Published:
    """A post that readers see."""

    story: Story
    moment: datetime


class Shelf:
    """The posts of the demo that are out, newest first; safe to use from several threads."""

    def __init__(self, content: Content, path: Path, now: datetime) -> None:
        """`path` is the JSON file that keeps the state; it is made on the first start."""
        self._path = path
        self._lock = threading.Lock()
        self._opened, self._released = self._read(now.astimezone(ZONE).date())
        self._waiting = [story for story in content.reserve if story.number not in self._released]
        posts = [Published(story, story.published(self._opened)) for story in content.archive]
        posts += [Published(story, self._released[story.number]) for story in content.reserve if story.number in self._released]
        self._posts = sorted(posts, key=_newest_first)
        self._write()

    @property
    def opened(self) -> date:
        """The day of the first start: the archive's days count back from it."""
        return self._opened

    @property
    def waiting(self) -> int:
        """Posts of the reserve that are still to come."""
        return len(self._waiting)

    def published(self) -> list[Published]:
        with self._lock:
            return list(self._posts)

    def release(self, now: datetime) -> Published | None:
        """Publish the next post of the reserve; None when the reserve is used up."""
        with self._lock:
            if not self._waiting:
                return None
            post = Published(self._waiting[0], now.astimezone(ZONE).replace(microsecond=0))
            self._released[post.story.number] = post.moment
            self._write()
            del self._waiting[0]
            self._posts = sorted([post, *self._posts], key=_newest_first)
            return post

    def _read(self, today: date) -> tuple[date, dict[int, datetime]]:
        if not self._path.exists():
            return today, {}
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            released = {int(number): datetime.fromisoformat(moment) for number, moment in kept["released"].items()}
            return date.fromisoformat(kept["opened"]), released
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ShelfError(f"{self._path} can't be read ({error}): delete it, and the demo starts anew") from error

    def _write(self) -> None:
        kept = {
            "opened": self._opened.isoformat(),
            "released": {str(number): moment.isoformat() for number, moment in self._released.items()},
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            raise ShelfError(f"{self._path} can't be written: {error.strerror}") from error


def _newest_first(post: Published) -> tuple[float, int]:
    return -post.moment.timestamp(), post.story.number
