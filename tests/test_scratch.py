"""Folders of the temporary directory go with the process that made them."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from pathlib import Path

import pytest

from crawlers.scratch import FRESH, PREFIX, scratch


def test_what_a_killed_process_left_is_taken_away_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, fresh, other = (tmp_path / name for name in (f"{PREFIX}left", f"{PREFIX}fresh", "molva-elsewhere"))
    elsewhere, link = tmp_path / "mine", tmp_path / f"{PREFIX}link"
    for folder in (left, fresh, other, elsewhere):
        folder.mkdir()
        (folder / "result.json").touch()
    link.symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    with scratch() as held:
        long_ago = time.time() - FRESH - 1
        for path in (left, other, held, elsewhere, tmp_path / f"{PREFIX}file"):
            os.utime(path, (long_ago, long_ago))
        os.utime(link, (long_ago, long_ago), follow_symlinks=False)
        with scratch() as second:
            assert held.is_dir() and second.is_dir() and held != second
    assert not (left.exists() or held.exists() or second.exists())
    assert all((folder / "result.json").exists() for folder in (fresh, other, elsewhere))


@pytest.mark.parametrize("answer", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_where_nothing_can_be_locked_work_goes_on_and_what_was_left_stays(
    answer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(fcntl, "flock", refused)
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    os.utime(left, (1, 1))
    with scratch() as held:
        assert held.is_dir()
    assert left.is_dir() and not held.exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    os.utime(left, (1, 1))
    with monkeypatch.context() as somebody:
        somebody.setattr(os, "getuid", lambda uid=os.getuid(): uid + 1)
        with scratch():
            assert left.is_dir()
    with scratch():
        assert not left.exists()
