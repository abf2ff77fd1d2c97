"""Caught up: what an index records of the desk whose corrections it shows.

The rule to know: the record names the reading, the newest correction that was seen, and the desk. An index that shows the corrections
of one desk is not written with another, which would lose them with the next reading.
"""

from __future__ import annotations

from collections.abc import Collection

from advocacy.desk import Desk, DeskUnavailable
from index.query import Index

_CORRECTED = "/corrections-"
"""Between a fingerprint and a number, a hyphen and the desk's id. No key of a batch looks so."""


def record_of(fingerprint: str, desk: Desk) -> str:
    """What an index keeps that has seen all that the desk holds."""
    return f"{fingerprint}{_CORRECTED}{desk.newest()}-{desk.id()}"


def newest_seen(loaded: Collection[str], fingerprint: str) -> int:
    """Number of the newest correction that the index has seen in this reading; 0 for none."""
    return max((_parts(key)[0] for key in loaded if key.startswith(f"{fingerprint}{_CORRECTED}")), default=0)


def check_desk(index: Index, desk: Desk) -> None:
    """Raises DeskUnavailable where the index shows corrections of another desk."""
    known = {_parts(key)[1] for key in index.loaded() if _CORRECTED in key}
    if known - {"", desk.id()}:
        raise DeskUnavailable(
            f"The index shows corrections that stand in another desk than the one at {desk.place}: let MOLVA_DESK name the desk that"
            " holds them or restore its file, here and where Airflow runs; to go on without them, run `python -m advocacy rebuild`."
        )


def _parts(record: str) -> tuple[int, str]:
    """Number of a correction, and id of the desk; none in what was recorded before desks had one."""
    number, _, desk_id = record.partition(_CORRECTED)[2].partition("-")
    return int(number), desk_id
