"""Caught up: what an index records of the desk whose corrections it shows.

The rule to know: the record names the reading, the newest correction that was seen with its moment, and the desk. An index that
shows the corrections of one desk is not written with another, which would lose them with the next reading.
"""

from __future__ import annotations

from collections.abc import Collection

from advocacy.desk import Desk, DeskUnavailable
from index.query import Index

_CORRECTED = "/corrections-"
"""Between a fingerprint and a number, a hyphen and the desk's id. No key of a batch looks so."""


def record_of(fingerprint: str, desk: Desk) -> str | None:
    """What an index keeps that has seen all that the desk holds; None where nothing was ever said."""
    number = desk.newest()
    return _record(fingerprint, number, desk) if number else None


def newest_seen(loaded: Collection[str], fingerprint: str, desk: Desk) -> int:
    """Number of the newest correction that the index has seen in this reading and the desk still holds; 0 for none.

    A number is given again where a desk was restored from a backup, or copied after its newest row was forgotten. So a row is
    known by its moment too.
    """
    seen = {_parts(key)[0] for key in loaded if key.startswith(f"{fingerprint}{_CORRECTED}")}
    return next((number for number in sorted(seen, reverse=True) if _record(fingerprint, number, desk) in loaded), 0)


def check_desk(index: Index, desk: Desk) -> None:
    """Raises DeskUnavailable where the index shows corrections of another desk."""
    known = {_parts(key)[1] for key in index.loaded() if _CORRECTED in key}
    if known - {"", desk.id()}:
        raise DeskUnavailable(
            f"The index shows corrections that stand in another desk than the one at {desk.place}: let MOLVA_DESK name the desk that"
            " holds them or restore its file, here and where Airflow runs; to go on without them, run `python -m advocacy rebuild`."
        )


def _record(fingerprint: str, number: int, desk: Desk) -> str | None:
    made = desk.made(number)
    return None if made is None else f"{fingerprint}{_CORRECTED}{number}-{desk.id()}-{round(made.timestamp() * 1000)}"


def _parts(record: str) -> tuple[int, str]:
    """Number of a correction, and id of the desk; none in what was recorded before desks had one."""
    number, desk_id, *_ = [*record.partition(_CORRECTED)[2].split("-"), ""]
    return int(number), desk_id
