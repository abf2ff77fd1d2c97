"""Real engines for tests, each on loopback with a database of its own: the forum Spirit, the blog WordPress.

`make test` puts them below `.venv/engines`; `tests/engines` holds what runs inside them. Where one is missing the test is skipped
(conftest makes that a failure where CI is true). They go with the test that started them.
"""

from __future__ import annotations

import ctypes
import getpass
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from conftest import ROOT, get, until, unused_port

from tests.site import Place

HERE = Path(__file__).parent / "engines"
INSTALLED = ROOT / ".venv" / "engines"
WORDPRESS = INSTALLED / "wordpress"
PATH = f"{os.environ['PATH']}:/usr/sbin"
"""Servers stand where not everybody looks for programs."""


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed test run leaves no server behind


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server with its children, ended at the end."""
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, env=environ, stdout=said, stderr=said, cwd=HERE, start_new_session=True, preexec_fn=_die_with_the_tests
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def done(command: list[str], environ: dict[str, str]) -> str:
    """What a command of an engine says; the test fails where it does."""
    made = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=HERE)
    if made.returncode:
        pytest.fail(f"{command} ended with {made.returncode}: {made.stdout[-1000:]}{made.stderr[-2000:]}")
    return made.stdout


@dataclass
class Spirit:
    """A forum: its folder, and Spirit's interpreter."""

    folder: Path
    python: Path

    def environ(self, language: str = "ru") -> dict[str, str]:
        names = {"DJANGO_SETTINGS_MODULE": "spirit_settings", "SPIRIT_DATA": str(self.folder), "SPIRIT_LANGUAGE": language}
        return {"PATH": PATH, "PYTHONPATH": str(HERE)} | names

    def write(self, what: str) -> None:
        """Have the forum written in: `fill`, then `later` or `tidy`."""
        done([str(self.python), "spirit_forum.py", what], self.environ())

    @contextmanager
    def serve(self, language: str) -> Iterator[str]:
        """The address at which it speaks this language."""
        url, log = f"http://127.0.0.1:{(port := unused_port())}", self.folder / "served.log"
        command = [str(self.python), "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
        with running(command, self.environ(language), log) as process:
            until(lambda: process.poll() is not None or get(url), 60, "Spirit answers")
            assert process.poll() is None, log.read_text()
            yield url

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Rows of its database."""
        with closing(sqlite3.connect(f"file:{self.folder / 'spirit.sqlite'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]


def spirit(folder: Path) -> Spirit:
    """A forum with topics and comments in this folder; skips the test where Spirit is not installed."""
    python = INSTALLED / "spirit" / "bin" / "python"
    if not python.exists():
        pytest.skip("requires: the forum Spirit (make .venv/engines/.spirit)")
    forum = Spirit(folder, python)
    forum.write("fill")
    return forum


@dataclass
class Wordpress:
    """A blog: its folder, its address, and the socket of its MariaDB."""

    folder: Path
    port: int
    socket: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": PATH, "WORDPRESS_URL": self.url, "WORDPRESS_SOCKET": str(self.socket), "PHP_CLI_SERVER_WORKERS": "3"}

    def write(self, what: str) -> None:
        """Have the blog written in: `fill`, then `later`."""
        done(["php", "wordpress_blog.php", str(WORDPRESS), what], self.environ)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Rows of its database, each one an object of JSON."""
        client = ["mariadb", f"--socket={self.socket}", "--user=root", "--default-character-set=utf8mb4", "--batch", "--raw"]
        said = done([*client, "--skip-column-names", "--execute", sql, "wordpress"], self.environ)
        return [json.loads(line) for line in said.splitlines()]


@contextmanager
def mariadb(folder: Path) -> Iterator[Path]:
    """The socket of an empty MariaDB in this folder, which listens to nothing else."""
    data, socket, log = folder / "data", folder / "socket", folder / "mariadb.log"
    me = [f"--user={getpass.getuser()}"]
    environ = {"PATH": PATH}
    fresh = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
    done(["mariadb-install-db", "--no-defaults", f"--datadir={data}", *fresh, *me], environ)
    server = [
        str(which("mariadbd", path=PATH)),
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={socket}",
        f"--pid-file={folder / 'pid'}",
        *me,
    ]
    small = ["--skip-networking", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"]
    with running([*server, *small], environ, log) as process:
        ping = ["mariadb-admin", f"--socket={socket}", "--user=root", "ping"]
        until(lambda: process.poll() is not None or subprocess.run(ping, capture_output=True).returncode == 0, 60, "MariaDB answers")
        assert process.poll() is None, log.read_text()
        done(["mariadb", f"--socket={socket}", "--user=root", "--execute", "CREATE DATABASE wordpress CHARACTER SET utf8mb4"], environ)
        yield socket


@contextmanager
def wordpress(folder: Path) -> Iterator[Wordpress]:
    """A blog with posts and comments, served; skips the test where a part of it is missing."""
    missing = [name for name in ("php", "mariadbd", "mariadb", "mariadb-install-db") if which(name, path=PATH) is None]
    if missing or not WORDPRESS.exists():
        pytest.skip(f"requires: the blog WordPress ({', '.join(missing) or 'make .venv/engines/.wordpress'})")
    with mariadb(folder) as socket:
        blog = Wordpress(folder, unused_port(), socket)
        blog.write("fill")
        log = folder / "served.log"
        with running(["php", "-S", f"127.0.0.1:{blog.port}", "-t", str(WORDPRESS), "wordpress_router.php"], blog.environ, log) as process:
            until(lambda: process.poll() is not None or get(blog.url), 60, "WordPress answers")
            assert process.poll() is None, log.read_text()
            yield blog


def killed_run(place: Place, name: str) -> bool:
    """Collect a target and kill that once a batch is kept; False where it ended before."""
    command = [sys.executable, "-m", "crawlers", "collect", name, "--config", str(place.config), "--data", str(place.data)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list((place.data / "raw" / name).glob("0*.json")):
        time.sleep(0.01)
    process.kill()
    return process.wait() == -signal.SIGKILL
