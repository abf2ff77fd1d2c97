"""The desk on both databases: what is kept, which answer holds, and what it says when it can't be used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from desks import DATABASES, fresh_desk

from advocacy import desk as desks
from advocacy.correction import Correction
from advocacy.desk import Desk, DeskUnavailable, make_address, open_desk

MADE = datetime(2026, 3, 1, 9, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with fresh_desk(request.param, tmp_path) as found:
        monkeypatch.setenv("MOLVA_DESK", found)
        yield found


@pytest.fixture
def desk(address: str, tmp_path: Path) -> Iterator[Desk]:
    with closing(open_desk(tmp_path)) as opened:
        yield opened


def said(head: str = "stance", value: Any = "detractor", **fields: Any) -> Correction:
    values = {"post": "forum.test:1", "brand": "bank", "text_hash": "0123456789abcdef", "author": "Анна", "made": MADE}
    return Correction(head=head, value=value, **(values | fields))


def test_what_is_kept_comes_back_as_it_was(desk: Desk) -> None:
    given = [
        said("roles", ("client", "employee"), note="пишет «у нас в офисе» 🙂"),
        said("tone", -1, product="app", made=MADE.astimezone(timezone(timedelta(hours=5)))),
        said("exists", "not_about_us", post="forum.test:2"),
    ]
    desk.append(given)
    assert desk.in_force() == given
    assert [each.made.utcoffset() for each in desk.in_force()] == [timedelta(0)] * 3
    assert desk.of(["forum.test:1", "forum.test:9"]) == {"forum.test:1": given[:2]}
    desk.append([])
    assert desk.newest() == 3


def test_the_newest_of_a_key_holds_and_one_without_a_value_takes_it_back(desk: Desk) -> None:
    first, second, product = said(), said(value="passive", author="Борис"), said(value="promoter", product="app")
    desk.append([first, product])
    desk.append([second])
    assert desk.in_force() == [product, second]
    assert desk.posts_since(2) == {"forum.test:1"}
    desk.append([said(value=None)])
    assert desk.in_force() == [product]
    desk.append([first])
    assert desk.in_force() == [product, first]
    assert desk.newest() == 5, "no row is ever changed"


def test_more_posts_than_one_question_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "POSTS_AT_ONCE", 3)
    desk.append([said(post=f"forum.test:{number}") for number in range(8)])
    assert set(desk.of(f"forum.test:{number}" for number in range(20))) == {f"forum.test:{number}" for number in range(8)}


def test_a_forgotten_post_leaves_the_desk_and_its_number_is_not_given_again(desk: Desk) -> None:
    desk.append([said(), said(post="forum.test:2")])
    desk.forget(["forum.test:2"])
    assert desk.in_force() == [said()]
    desk.append([said(post="forum.test:3")])
    assert desk.newest() == 3


def test_a_desk_whose_tables_were_copied_to_another_database_goes_on(
    desk: Desk, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As README.md says it: all tables, into an empty database, before the program opens it."""
    desk.append([said(post=f"forum.test:{number}") for number in range(3)])
    revision = sa.table(desks.REVISIONS, sa.column("version_num"))
    with fresh_desk("postgresql", tmp_path) as moved:
        here, there = (sa.create_engine(make_address(each)) for each in (address, moved))
        with here.connect() as old, there.begin() as new:
            desks.METADATA.create_all(new)
            new.execute(sa.text(f"CREATE TABLE {desks.REVISIONS} (version_num VARCHAR(32) PRIMARY KEY)"))
            for table in (*desks.METADATA.tables.values(), revision):
                new.execute(sa.insert(table), [dict(row) for row in old.execute(sa.select(table)).mappings()])
        for engine in (here, there):
            engine.dispose()
        monkeypatch.setenv("MOLVA_DESK", moved)
        with closing(open_desk(tmp_path)) as opened:
            opened.append([said(post="forum.test:3")])
            opened.append([said(post="forum.test:4")])
            assert (opened.id(), opened.newest(), len(opened.in_force())) == (desk.id(), 5, 5)
            assert (opened.made(5), opened.made(6)) == (MADE, None)


def test_all_or_nothing(desk: Desk) -> None:
    with pytest.raises(DeskUnavailable):
        desk.append([said(), replace(said(), post=None)])  # type: ignore[arg-type]
    assert desk.in_force() == []


def test_writers_at_once_lose_nothing_and_readers_go_on(address: str, tmp_path: Path) -> None:
    """The first opening too: two programs that migrate at the same time."""
    failed: list[Exception] = []

    def work(author: str) -> None:
        try:
            with closing(open_desk(tmp_path)) as mine:
                for number in range(10):
                    mine.append([said(author=author, post=f"forum.test:{author}{number}")])
                    mine.in_force()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with closing(open_desk(tmp_path)) as opened:
        assert (len(opened.in_force()), opened.newest()) == (40, 40)


def test_migrations_end_at_the_tables_that_the_program_knows(desk: Desk, address: str) -> None:
    engine = sa.create_engine(make_address(address))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": desks.REVISIONS})
        assert compare_metadata(context, desks.METADATA) == []
        assert context.get_current_revision() == desks.REVISION
    engine.dispose()
    config = Config()
    config.set_main_option("script_location", str(desks.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == desks.REVISION


def test_a_desk_of_the_first_version_keeps_its_rows_and_gets_an_id(desk: Desk, address: str, tmp_path: Path) -> None:
    desk.append([said()])
    kept, first = desk.in_force(), desk.id()
    with closing(open_desk(tmp_path)) as again:
        assert again.id() == first
    engine = sa.create_engine(make_address(address))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE desk"))
        connection.execute(sa.text(f"UPDATE {desks.REVISIONS} SET version_num = '0001'"))
    engine.dispose()
    with closing(open_desk(tmp_path)) as older:
        assert older.in_force() == kept
        assert len(older.id()) == 32 and older.id() != first


def test_a_desk_of_a_newer_version_is_not_touched(desk: Desk, address: str, tmp_path: Path) -> None:
    engine = sa.create_engine(make_address(address))
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {desks.REVISIONS} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DeskUnavailable, match="written by a newer version"):
        open_desk(tmp_path)


def test_by_default_it_is_a_file_of_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOLVA_DESK", raising=False)
    with closing(open_desk(tmp_path / "100% data")) as desk:
        desk.append([said()])
    file = tmp_path / "100% data" / "desk.sqlite"
    assert file.exists()
    with sa.create_engine(sa.URL.create("sqlite", database=str(file))).connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("desk.sqlite", "is no address"),
        ("mysql://root@localhost/desk", "neither a file of SQLite nor"),
        ("sqlite://", "neither a file of SQLite nor"),
    ],
)
def test_an_address_that_can_be_no_desk(address: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLVA_DESK", address)
    with pytest.raises(DeskUnavailable, match=message):
        open_desk(tmp_path)


def test_what_is_wrong_is_one_sentence_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "damaged.sqlite").write_bytes(b"no database at all" * 100)
    addresses = (
        "postgresql://anna:secret@127.0.0.1:9/desk",
        f"sqlite:///{tmp_path}/file/desk.sqlite",
        f"sqlite:///{tmp_path}/damaged.sqlite",
    )
    for address in addresses:
        monkeypatch.setenv("MOLVA_DESK", address)
        with pytest.raises(DeskUnavailable) as caught:
            open_desk(tmp_path)
        told = str(caught.value)
        assert "\n" not in told and "secret" not in told
        assert told.endswith("mend MOLVA_DESK, its permissions or its disk, and try again.")
