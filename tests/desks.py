"""Empty desks on both databases: SQLite in a folder, PostgreSQL on the server that MOLVA_TEST_POSTGRES names."""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

SERVER = os.environ.get("MOLVA_TEST_POSTGRES") or "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
DATABASES = ("sqlite", "postgresql")


@functools.cache
def _why_not() -> str | None:
    """Why there is no PostgreSQL to test with."""
    try:
        with _server().connect():
            return None
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        return " ".join(str(error).split())[:200]


def _server() -> sa.Engine:
    return sa.create_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args={"connect_timeout": 3})


@contextmanager
def fresh_desk(kind: str, folder: Path) -> Iterator[str]:
    """The address of a desk of its own, gone at the end; skips the test where there is no PostgreSQL."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'desk of people.sqlite'}"
        return
    if why := _why_not():
        pytest.skip(f"requires: PostgreSQL at MOLVA_TEST_POSTGRES, else on 127.0.0.1:5432 ({why})")
    name = f"molva_test_{uuid.uuid4().hex[:12]}"
    with _server().connect() as server:
        server.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            yield sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            server.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
