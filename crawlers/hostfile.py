"""What the processes of this machine know together of a host: a small file for each, locked while it is read and changed.

The rule to know: nothing here is precious. A file cut short by a kill says nothing, and what it said is found out anew.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit


def host_of(url: str) -> str:
    """The host an address belongs to, with the port where the address names one."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port}" if parts.port else (parts.hostname or "").lower()


@lru_cache(maxsize=256)
def path_of(folder: Path, host: str) -> Path:
    """The file of a host."""
    return folder / f"{quote(host, safe='')[:200]}.json"


@contextmanager
def changed(folder: Path, host: str) -> Iterator[dict[str, Any]]:
    """What is known of a host, for one process at a time; changes are kept when the block ends well."""
    handle = os.open(path_of(folder, host), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        before = os.read(handle, os.fstat(handle).st_size)
        known = _read(before)
        yield known
        after = json.dumps(known).encode()
        if after != before:
            os.pwrite(handle, after, 0)
            os.ftruncate(handle, len(after))
    finally:
        os.close(handle)


def everything(folder: Path) -> Iterator[dict[str, Any]]:
    """What is known of each host."""
    for path in folder.glob("*.json"):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                known = _read(file.read())
        except FileNotFoundError:  # let go of since the folder was listed
            continue
        if known:
            yield known


def _read(content: bytes) -> dict[str, Any]:
    try:
        known = json.loads(content)
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
