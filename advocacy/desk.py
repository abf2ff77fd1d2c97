"""The desk: people's work in a relational database, a SQLite file unless MOLVA_DESK names another.

The rule to know: rows are only added. The newest of a key holds, one without a value takes back what was said before it.
Forgetting a post is the one exception. Numbers grow in the order in which rows become visible.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Engine, Text, event, func, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from advocacy.correction import Correction

MIGRATIONS = Path(__file__).parent / "migrations"
REVISION = "0002"
"""The revision of the newest migration: a desk that has it needs none."""
REVISIONS = "molva_revision"
"""Where the desk's revision stands; not Alembic's usual name, so that the database may be shared with other programs."""
WAIT = 30
"""Seconds to wait for another writer."""
POSTS_AT_ONCE = 500
_LOCK = 20_260_101
"""The name of our lock among PostgreSQL's advisory locks."""

_GO_ON = sa.text(
    "SELECT setval(counter, max(number)) FROM correction, CAST(pg_get_serial_sequence('correction', 'number') AS regclass) AS counter"
    " GROUP BY counter HAVING max(number) > coalesce(pg_sequence_last_value(counter), 0)"
)
"""PostgreSQL counts rows apart from them, and begins at one where they were copied from another database."""

METADATA = sa.MetaData()
CORRECTION = sa.Table(
    "correction",
    METADATA,
    Column("number", sa.Integer, primary_key=True),
    Column("post", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("value", Text, comment="JSON; null takes back what was said before"),
    Column("text_hash", sa.String(16), nullable=False),
    Column("author", Text, nullable=False),
    Column("made", sa.DateTime(timezone=True), nullable=False),
    Column("note", Text),
    sa.Index("correction_key", "post", "brand", "product", "head", "number"),
    sqlite_autoincrement=True,
)

DESK = sa.Table("desk", METADATA, Column("id", sa.String(32), primary_key=True))
"""One row, drawn when the desk was made."""


class DeskUnavailable(Exception):
    """The desk can't be read or written; one sentence with what to do."""


def open_desk(data: Path) -> Desk:
    """The desk that MOLVA_DESK names, else `desk.sqlite` in the data folder. Raises DeskUnavailable."""
    given = os.environ.get("MOLVA_DESK")
    return Desk(make_address(given) if given else sa.URL.create("sqlite", database=str(data / "desk.sqlite")))


def make_address(given: str) -> sa.URL:
    """An address that SQLAlchemy can open. Raises DeskUnavailable for what is none, or another kind of database."""
    help_ = "write sqlite:///path/desk.sqlite or postgresql://user@host/database"
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise DeskUnavailable(f"MOLVA_DESK is no address of a database: {help_}.") from error
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite" or url.database in (None, "", ":memory:"):
        raise DeskUnavailable(f"MOLVA_DESK names neither a file of SQLite nor a database of PostgreSQL: {help_}.")
    return url


class Desk:
    """Any number of threads and processes may use one database at once."""

    def __init__(self, url: sa.URL) -> None:
        self._file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self.place = str(self._file or url.render_as_string(hide_password=True))
        with self._said():
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            self._engine = _engine(url)
            try:
                self._migrate()
            except BaseException:
                self.close()
                raise

    def append(self, corrections: Sequence[Correction]) -> None:
        """Keep what a person said, all of it or, after a failure, nothing."""
        if corrections:
            with self._writing() as connection:
                if self._file is None:
                    connection.execute(_GO_ON)
                connection.execute(sa.insert(CORRECTION), [_row(each) for each in corrections])

    def in_force(self) -> list[Correction]:
        """The newest of each key but those taken back, in the order in which they were made."""
        with self._reading() as connection:
            return [_correction(row) for row in connection.execute(_in_force(None)).mappings()]

    def of(self, posts: Iterable[str]) -> dict[str, list[Correction]]:
        """Post id -> what is in force of it; posts without any are absent."""
        found: dict[str, list[Correction]] = {}
        wanted = list(posts)
        with self._reading() as connection:
            for start in range(0, len(wanted), POSTS_AT_ONCE):
                for row in connection.execute(_in_force(wanted[start : start + POSTS_AT_ONCE])).mappings():
                    found.setdefault(row["post"], []).append(_correction(row))
        return found

    def id(self) -> str:
        """What tells this desk from every other; it goes with the rows where they are copied to another database."""
        with self._reading() as connection:
            return str(connection.execute(sa.select(DESK.c.id)).scalar_one())

    def newest(self) -> int:
        """Number of the newest row; 0 where there is none."""
        with self._reading() as connection:
            return int(connection.execute(sa.select(func.coalesce(func.max(CORRECTION.c.number), 0))).scalar_one())

    def made(self, number: int) -> datetime | None:
        """When the row of that number was made; None where it is not there."""
        with self._reading() as connection:
            found = connection.execute(sa.select(CORRECTION.c.made).where(CORRECTION.c.number == number)).scalar()
        return None if found is None else _aware(found)

    def posts_since(self, number: int) -> set[str]:
        """Posts of which something was said, or taken back, after that row."""
        with self._reading() as connection:
            return set(connection.execute(sa.select(CORRECTION.c.post).where(CORRECTION.c.number > number).distinct()).scalars())

    def forget(self, posts: Iterable[str]) -> None:
        """Remove all that was ever said of the posts."""
        with self._writing() as connection:
            for post in posts:
                connection.execute(sa.delete(CORRECTION).where(CORRECTION.c.post == post))

    def close(self) -> None:
        self._engine.dispose()

    # The database

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._said(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One writer at a time; the others wait."""
        with self._said(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            if self._file is None:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What the database says went wrong, in one sentence."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            why = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
            raise DeskUnavailable(
                f"The desk at {self.place} can't be used ({why}): mend MOLVA_DESK, its permissions or its disk, and try again."
            ) from error

    def _migrate(self) -> None:
        with self._reading() as connection:
            if _revision(connection) == REVISION:
                return
        from alembic import command  # takes half a second, and is needed once
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self._writing() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise DeskUnavailable(f"The desk at {self.place} was written by a newer version of the program: update it.") from error


def _engine(url: sa.URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, connect_args={"connect_timeout": 10})
    engine = sa.create_engine(url)

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin below, and not where the driver thinks fit
        for pragma in (f"busy_timeout = {WAIT * 1000}", "journal_mode = WAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table(REVISIONS):
        return None
    return connection.execute(sa.text(f"SELECT version_num FROM {REVISIONS}")).scalar()


def _in_force(posts: Sequence[str] | None) -> sa.Select[Any]:
    """The newest rows of each key that have a value; of some posts or of all."""
    column = CORRECTION.c
    newest = sa.select(func.max(column.number)).group_by(column.post, column.brand, column.product, column.head)
    if posts is not None:
        newest = newest.where(column.post.in_(posts))
    return sa.select(CORRECTION).where(column.number.in_(newest), column.value.is_not(None)).order_by(column.number)


def _row(correction: Correction) -> dict[str, Any]:
    value = None if correction.value is None else json.dumps(correction.value, ensure_ascii=False)
    return asdict(correction) | {"value": value, "made": correction.made.astimezone(UTC)}


def _correction(row: sa.RowMapping) -> Correction:
    values = {name: row[name] for name in row if name != "number"}
    value = None if row["value"] is None else json.loads(row["value"])
    return Correction(
        **values | {
            "value": tuple(value) if isinstance(value, list) else value,
            "made": _aware(row["made"]),
        }
    )  # fmt: skip


def _aware(made: datetime) -> datetime:
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)  # SQLite knows no zones
